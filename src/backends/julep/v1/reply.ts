import { type Problem, ProblemError, orThrow, problem } from '../../../core/problem.ts';
import type { Outgoing, ServiceMessage } from '../../../core/service.ts';
import type { HttpStream } from '../../shared/http-message.ts';
import { sseEvents } from '../../shared/sse-events.ts';
import { type RefusalOptions, failureInStream } from '../refusal.ts';
import { parsed, textOf } from '../wire.ts';
import { sayingOf } from './mapping.ts';
import { createToolCalls } from './tool-calls.ts';
import { chunkShape, replyShape } from './wire.ts';

/** Of a reply that comes whole, and of the text of one that comes in pieces. */
const maxReplyChars = 8_388_608;

export interface ReplyOptions {
  /** What the reply is known by. Null = history will not have it: by the answer's own id. */
  readonly id: string | null;
  /** Called once, as soon as the service has said something of the reply. */
  readonly onBegin: () => void;
  readonly onDelta: Outgoing['onDelta'];
  readonly refusal: RefusalOptions;
  /** Whether the body has come to an end early since nobody waits for it any more. */
  readonly signal: AbortSignal;
}

type Answer = Pick<ServiceMessage, 'id' | 'content' | 'createdAt'>;

const fail = (name: string, what: string): never => {
  throw new ProblemError(problem('UPSTREAM_FAILED', `Backend ${name} ${what} (chat).`, { backend: name }));
};

function jsonOf(text: string, name: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return fail(name, 'answered with something that is not JSON');
  }
}

const orFailure = (json: unknown, refusal: RefusalOptions): unknown => {
  const failure = failureInStream(json, refusal);
  if (failure !== null) throw new ProblemError(failure);
  return json;
};

async function wholeAnswer(body: HttpStream['body'], { id: known, refusal, onBegin }: ReplyOptions): Promise<Answer> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > maxReplyChars) fail(refusal.name, `answered more than ${maxReplyChars} characters`);
  }
  const { name, operation } = refusal;
  const json = orFailure(jsonOf(text, name), refusal);
  const { id, created_at, choices } = orThrow(parsed(replyShape, json, { name, operation }));
  onBegin();
  const [choice] = choices;
  const content = sayingOf(choice?.message ?? choice?.messages?.at(-1) ?? {});
  return { id: known ?? id, content, createdAt: created_at };
}

async function answerInPieces(body: HttpStream['body'], { id: known, refusal, onBegin, onDelta }: ReplyOptions): Promise<Answer> {
  const { name, operation } = refusal;
  const tools = createToolCalls();
  let answer: Answer | null = null;
  let content = '';
  for await (const { data } of sseEvents(body, { backend: name })) {
    // Proxies of models end their streams so; the service itself just ends.
    if (data === '[DONE]') continue;
    const json = orFailure(jsonOf(data, name), refusal);
    const { id, created_at, choices } = orThrow(parsed(chunkShape, json, { name, operation }));
    if (answer === null) onBegin();
    answer ??= { id: known ?? id, content, createdAt: created_at };
    const delta = choices[0]?.delta;
    tools.add(delta?.tool_calls ?? []);
    const text = textOf(delta?.content);
    if (text === '') continue;
    content += text;
    if (content.length > maxReplyChars) fail(name, `answered more than ${maxReplyChars} characters`);
    onDelta({ id: answer.id, text });
  }
  return answer === null
    ? fail(name, 'ended its answer without a word')
    : { ...answer, content: sayingOf({ content, tool_calls: tools.all() }) };
}

/** The agent's reply, when it is whole. Never rejects. */
export async function readReply(stream: HttpStream, options: ReplyOptions): Promise<ServiceMessage | Problem> {
  const { name } = options.refusal;
  const inPieces = /event-stream/i.test(stream.headers['content-type'] ?? '');
  try {
    const answer = await (inPieces ? answerInPieces : wholeAnswer)(stream.body, options);
    if (answer.content === '') return fail(name, "answered without the agent's reply");
    return { ...answer, role: 'ASSISTANT', author: { id: null, name: null } };
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    const [code, what] = options.signal.aborted
      ? (['UPSTREAM_UNAVAILABLE', 'is not listened to any more'] as const)
      : (['UPSTREAM_FAILED', 'gave a reply that could not be read'] as const);
    return problem(code, `Backend ${name} ${what} (chat): what it has kept of the reply is in the history.`, { backend: name });
  } finally {
    await stream.body[Symbol.asyncDispose]();
  }
}
