import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { AgentAtWork } from './agent.ts';
import { chatNumbers, checked, isMistaken, iso, send } from './requests.ts';
import type { JulepState, StoredSession } from './state.ts';
import { errorBody, refuse } from './v1-refusals.ts';

const chatShape = z.looseObject({
  messages: z
    .array(z.object({ role: z.enum(['user', 'assistant', 'system', 'tool']), content: z.string().nullable(), name: z.string().nullish() }))
    .min(1),
  ...chatNumbers.v1,
  stop: z.array(z.string()).max(4).default([]),
  stream: z.boolean().default(false),
  save: z.boolean().default(true),
  auto_run_tools: z.boolean().default(false),
});

/** A free account's. */
const maxFreeSessions = 50;

export interface ChatDeps {
  readonly state: JulepState;
  readonly agent: AgentAtWork;
  readonly now: () => number;
}

/** Comments that keep the connection alive until it is time. */
async function* comments(ready: Promise<void>, everyMs: number): AsyncGenerator<string> {
  const isReady = ready.then(() => true);
  while (!(await Promise.race([isReady, delay(everyMs, false)]))) yield ': keep-alive\n\n';
}

/** A chat: what was said is stored once the answer is out, under ids that it does not tell. */
export async function v1Chat(
  request: FastifyRequest,
  reply: FastifyReply,
  session: StoredSession,
  { state, agent, now }: ChatDeps,
): Promise<FastifyReply> {
  const body = checked(chatShape, request.body, 'body');
  if (isMistaken(body)) return refuse(reply, body);
  if (state.account.free && state.sessions.size > maxFreeSessions)
    return send(reply, 403, errorBody('Session length exceeded the free tier limit', 'http_403'));
  if (body.stream && body.auto_run_tools)
    return send(reply, 400, errorBody('Streaming is not supported when auto_run_tools is enabled', 'http_400'));
  agent.underway += 1;
  reply.raw.once('close', () => (agent.underway -= 1));
  await agent.ready(0);
  if (agent.failure !== null) return send(reply, agent.failure.status, errorBody(agent.failure.message, 'litellm_error', 'common_error'));
  const said = agent.reply(body.messages.at(-1)?.content ?? '');
  const base = { id: uuidv7(), created_at: iso(now()), jobs: [], docs: [] };
  const store = async (): Promise<void> => {
    await agent.mayStore();
    if (!body.save || !state.sessions.has(session.id)) return;
    for (const { role, content, name = null } of body.messages) state.say(session.id, role, content ?? '', name);
    state.say(session.id, 'assistant', said);
  };
  reply.raw.once('finish', () => void store());
  if (!body.stream) {
    const message = { role: 'assistant', content: said, tool_calls: null };
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    return send(reply, 201, { ...base, usage, choices: [{ index: 0, finish_reason: 'stop', message }] });
  }
  async function* events(): AsyncGenerator<string> {
    const event = (choices: readonly object[], usage: object | null): string => `data: ${JSON.stringify({ ...base, usage, choices })}\n\n`;
    for (const [index, content] of agent.pieces(said).entries()) {
      const ready = index > 0 ? agent.ready(index) : Promise.resolve();
      if (agent.keepAliveMs === null) await ready;
      else yield* comments(ready, agent.keepAliveMs);
      yield event([{ index: 0, finish_reason: 'stop', delta: { role: 'assistant', content, tool_calls: null } }], null);
    }
    yield event([], { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 });
  }
  return reply.code(201).type('text/event-stream; charset=utf-8').send(Readable.from(events()));
}
