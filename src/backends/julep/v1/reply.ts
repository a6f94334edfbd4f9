import { type Problem, ProblemError, orThrow, problem } from '../../../core/problem.ts';
import type { Outgoing, ServiceMessage } from '../../../core/service.ts';
import type { HttpStream } from '../../shared/http-message.ts';
import { sseEvents } from '../../shared/sse-events.ts';
import type { RefusalOptions } from '../refusal.ts';
import { failureInStream } from '../refusal.ts';
import { parsed, textOf } from '../wire.ts';
import type { FindEntry, Said } from './entries.ts';
import { sayingOf } from './mapping.ts';
import { chunkShape, replyShape } from './wire.ts';

/** Of a reply that comes whole, and of the text of one that comes in pieces. */
const maxReplyChars = 8_388_608;

export interface ReplyOptions {
  readonly sessionId: string;
  /** Whether the service stores the reply. */
  readonly saved: boolean;
  readonly onDelta: Outgoing['onDelta'];
  readonly findEntry: FindEntry;
  readonly refusal: RefusalOptions;
  readonly signal: AbortSignal;
}

interface Answer extends Said {
  /** The answer's own id, which is not the entry's. */
  readonly id: string;
}

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

async function wholeAnswer(body: HttpStream['body'], { refusal }: ReplyOptions): Promise<Answer> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > maxReplyChars) fail(refusal.name, `answered more than ${maxReplyChars} characters`);
  }
  const { name, operation } = refusal;
  const { id, created_at, choices } = orThrow(parsed(replyShape, jsonOf(text, name), { name, operation }));
  const [choice] = choices;
  const said = choice?.message ?? choice?.messages?.at(-1) ?? {};
  return { id, createdAt: created_at, content: sayingOf(said) || fail(name, "answered without the agent's reply") };
}

async function answerInPieces(body: HttpStream['body'], { refusal, onDelta }: ReplyOptions): Promise<Answer> {
  const { name, operation } = refusal;
  let first: Pick<Answer, 'id' | 'createdAt'> | null = null;
  let content = '';
  let asksForTools = false;
  for await (const { data } of sseEvents(body, { backend: name })) {
    // Proxies of models end their streams so; the service itself just ends.
    if (data === '[DONE]') continue;
    const json = jsonOf(data, name);
    const failure = failureInStream(json, refusal);
    if (failure !== null) throw new ProblemError(failure);
    const { id, created_at, choices } = orThrow(parsed(chunkShape, json, { name, operation }));
    first ??= { id, createdAt: created_at };
    const delta = choices[0]?.delta;
    const text = textOf(delta?.content);
    asksForTools ||= (delta?.tool_calls?.length ?? 0) > 0;
    if (text === '') continue;
    content += text;
    if (content.length > maxReplyChars) fail(name, `answered more than ${maxReplyChars} characters`);
    onDelta({ id: first.id, text });
  }
  if (first === null || (content === '' && !asksForTools)) return fail(name, "ended its answer without the agent's reply");
  return { ...first, content };
}

async function read(stream: HttpStream, options: ReplyOptions): Promise<ServiceMessage | Problem> {
  const inPieces = /event-stream/i.test(stream.headers['content-type'] ?? '');
  const answer = await (inPieces ? answerInPieces : wholeAnswer)(stream.body, options);
  const entry = options.saved ? await options.findEntry(options.sessionId, answer, options.signal) : null;
  if (entry !== null) return entry;
  const { id, content, createdAt } = answer;
  if (content === '') return fail(options.refusal.name, "did not keep the agent's reply");
  // It is not in the history, so that nobody hears of it by another id.
  return { id, role: 'ASSISTANT', content, author: { id: null, name: null }, createdAt };
}

/** The agent's reply, when it is whole and as history has it. Never rejects. */
export async function readReply(stream: HttpStream, options: ReplyOptions): Promise<ServiceMessage | Problem> {
  const { name } = options.refusal;
  try {
    return await read(stream, options);
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    return options.signal.aborted
      ? problem('UPSTREAM_UNAVAILABLE', `Backend ${name} is being shut down here (chat): the reply is in the history once it is there.`, {
          backend: name,
        })
      : problem('UPSTREAM_FAILED', `The reply of backend ${name} could not be read (chat).`, { backend: name });
  } finally {
    await stream.body[Symbol.asyncDispose]();
  }
}
