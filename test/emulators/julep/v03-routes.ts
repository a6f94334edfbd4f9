import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AgentAtWork } from './agent.ts';
import type { Settings } from './options.ts';
import {
  type Mistake,
  chatNumbers,
  checked,
  developerIn,
  developerOf,
  hasKey,
  isMistaken,
  iso,
  object,
  pageOf,
  send,
  setDeveloper,
  uuid,
} from './requests.ts';
import type { JulepState, StoredEntry, StoredSession } from './state.ts';

const createShape = z.object({
  agent_id: uuid,
  user_id: uuid.nullish(),
  situation: z.string().nullish(),
  metadata: object.nullish(),
  render_templates: z.boolean().default(false),
});
const putShape = z.object({ situation: z.string(), metadata: object.nullish() });
const patchShape = z.object({ situation: z.string().nullish(), metadata: object.nullish() });
const chatShape = z.looseObject({
  messages: z
    .array(
      z.object({ role: z.enum(['user', 'assistant', 'system', 'function_call', 'auto']), content: z.string(), name: z.string().nullish() }),
    )
    .min(1),
  ...chatNumbers['v0.3'],
  record: z.boolean().default(true),
  remember: z.boolean().default(true),
});

/** As Python writes a list of its validator's mistakes. */
const refuse = (reply: FastifyReply, mistakes: readonly Mistake[]): FastifyReply => {
  const each = mistakes.map(
    ({ type, loc, msg }) => `{'type': '${type}', 'loc': (${loc.map((part) => `'${part}'`).join(', ')}), 'msg': '${msg}'}`,
  );
  return send(reply, 422, { status_code: 422, message: `[${each.join(', ')}]`, data: null });
};

const shown = (session: StoredSession, renderTemplates: boolean = session.renderTemplates): object => ({
  id: session.id,
  user_id: session.userId,
  agent_id: session.agentId,
  situation: session.situation ?? '',
  summary: null,
  created_at: iso(session.createdAt),
  updated_at: iso(session.updatedAt),
  metadata: session.metadata,
  render_templates: renderTemplates,
});

const shownEntry = ({ id, role, content, name, createdAt }: StoredEntry): object => ({
  id,
  role,
  content,
  ...(name !== null && { name }),
  created_at: iso(createdAt),
});

/** The agents API 0.3. */
export function v03Routes(app: FastifyInstance, state: JulepState, agent: AgentAtWork, settings: Settings): void {
  const { quirks, now } = settings;
  const page = z.object({
    limit: quirks.unboundedPages ? z.coerce.number().default(100) : z.coerce.number().int().min(1).max(1_000).default(100),
    offset: quirks.unboundedPages ? z.coerce.number().default(0) : z.coerce.number().int().min(0).default(0),
    sort_by: z.string().default('created_at'),
    order: z.string().default('desc'),
    metadata_filter: z.string().default('{}'),
  });
  const find = (request: FastifyRequest): StoredSession | undefined => {
    const session = state.sessions.get((request.params as { session_id: string }).session_id);
    return session?.developerId === developerIn(request) ? session : undefined;
  };
  const notFound = (reply: FastifyReply): FastifyReply => send(reply, 404, { detail: 'Session not found' });
  const notFoundFor = (request: FastifyRequest, reply: FastifyReply, what: string): FastifyReply =>
    send(reply, 404, { error: { message: `${what} not found for developer ${developerIn(request)}` } });
  const noSession = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
    notFoundFor(request, reply, `Session ${(request.params as { session_id: string }).session_id}`);

  app.addHook('preHandler', async (request, reply) => {
    if (!hasKey(request, settings)) return send(reply, 403, { detail: 'Could not validate API KEY' });
    const developer = developerOf(request, settings);
    if (developer === null) return reply.code(500).type('text/plain').send('Internal Server Error');
    setDeveloper(request, developer);
    const { session_id: id } = request.params as { session_id?: string };
    if (id !== undefined && !uuid.safeParse(id).success)
      return refuse(reply, [{ type: 'uuid_parsing', loc: ['path', 'session_id'], msg: 'Input should be a valid UUID' }]);
  });
  app.get('/agents', (request) => ({
    items: state.agents
      .filter(({ developerId }) => developerId === developerIn(request))
      .map(({ id, name, about }) => ({ id, name, about, model: 'gpt-4-turbo', instructions: [], metadata: {}, created_at: iso(now()) })),
  }));
  app.get('/sessions', (request, reply) => {
    const query = checked(page, request.query, 'query');
    if (isMistaken(query)) return refuse(reply, query);
    let filter: Readonly<Record<string, unknown>>;
    try {
      filter = JSON.parse(query.metadata_filter) as Readonly<Record<string, unknown>>;
    } catch {
      return send(reply, 400, { detail: 'metadata_filter is not a valid JSON' });
    }
    const matching = [...state.sessions.values()].filter(({ metadata }) =>
      Object.entries(filter).every(([key, value]) => JSON.stringify(metadata[key]) === JSON.stringify(value)),
    );
    const rows = pageOf(matching, request, {
      ...query,
      ascending: !quirks.unsorted && query.order === 'asc',
      by: !quirks.unsorted && query.sort_by === 'updated_at' ? 'updatedAt' : 'createdAt',
    });
    return { items: rows.map((row) => (quirks.rowsWithoutTemplates ? shown(row, false) : shown(row))) };
  });
  app.post('/sessions', (request, reply) => {
    const body = checked(createShape, request.body, 'body');
    if (isMistaken(body)) return refuse(reply, body);
    if (!state.agents.some(({ id }) => id === body.agent_id)) return notFoundFor(request, reply, `Agent ${body.agent_id}`);
    const session = state.create({
      developerId: developerIn(request),
      agentId: body.agent_id,
      userId: body.user_id ?? null,
      situation: body.situation ?? null,
      metadata: body.metadata ?? {},
      renderTemplates: body.render_templates,
    });
    return send(reply, 201, { id: session.id, created_at: iso(session.createdAt), jobs: [] });
  });
  app.get('/sessions/:session_id', (request, reply) => {
    const session = find(request);
    return session === undefined ? notFound(reply) : shown(session);
  });
  app.put('/sessions/:session_id', (request, reply) => {
    const session = find(request);
    const body = checked(putShape, request.body, 'body');
    if (isMistaken(body)) return refuse(reply, body);
    if (session === undefined) return noSession(request, reply);
    session.situation = body.situation;
    session.metadata = body.metadata ?? {};
    session.updatedAt = now();
    return { id: session.id, updated_at: iso(session.updatedAt), jobs: [] };
  });
  app.patch('/sessions/:session_id', (request, reply) => {
    const session = find(request);
    const body = checked(patchShape, request.body, 'body');
    if (isMistaken(body)) return refuse(reply, body);
    if (session === undefined) return noSession(request, reply);
    session.situation = body.situation ?? session.situation;
    session.metadata = { ...session.metadata, ...body.metadata };
    session.updatedAt = now();
    return { id: session.id, updated_at: iso(session.updatedAt), jobs: [] };
  });
  app.delete('/sessions/:session_id', (request, reply) => {
    const { session_id: id } = request.params as { session_id: string };
    if (find(request) === undefined && !quirks.deletesNothing) return notFound(reply);
    if (find(request) !== undefined) state.sessions.delete(id);
    return send(reply, 202, { id, deleted_at: iso(now()), jobs: [] });
  });
  app.get('/sessions/:session_id/suggestions', (request, reply) => {
    const query = checked(page, request.query, 'query');
    if (isMistaken(query)) return refuse(reply, query);
    const session = find(request);
    if (quirks.noSuggestions) return { items: [] };
    if (session === undefined) return notFound(reply);
    return {
      items: session.suggestions.slice(query.offset, query.offset + query.limit).map(({ messageId, target, content, createdAt }) => ({
        created_at: iso(createdAt),
        target,
        content,
        message_id: messageId,
        session_id: session.id,
      })),
    };
  });
  app.get('/sessions/:session_id/history', (request, reply) => {
    const query = checked(page, request.query, 'query');
    if (isMistaken(query)) return refuse(reply, query);
    const session = find(request);
    if (session === undefined && !quirks.historyOfNothing) return notFound(reply);
    return { items: (session?.entries ?? []).slice(query.offset, query.offset + query.limit).map(shownEntry) };
  });
  app.delete('/sessions/:session_id/history', (request, reply) => {
    const session = find(request);
    if (session === undefined) return notFound(reply);
    session.entries = [];
    session.suggestions = [];
    return send(reply, 202, { id: session.id, deleted_at: iso(now()), jobs: [] });
  });
  app.post('/sessions/:session_id/chat', async (request, reply) => {
    const body = checked(chatShape, request.body, 'body');
    if (isMistaken(body)) return refuse(reply, body);
    const session = find(request);
    if (session === undefined) return noSession(request, reply);
    agent.underway += 1;
    reply.raw.once('close', () => (agent.underway -= 1));
    await agent.ready(0);
    if (agent.failure !== null) return reply.code(500).type('text/plain').send('Internal Server Error');
    const said = agent.reply(body.messages.at(-1)?.content ?? '');
    const remembers = body.remember && (quirks.recordsAlways || body.record);
    const name = state.agents.find(({ id }) => id === session.agentId)?.name ?? null;
    const stored: StoredEntry = { id: randomUUID(), role: 'assistant', content: said, name, source: 'api_response', createdAt: now() };
    if (remembers) {
      for (const message of body.messages) state.say(session.id, message.role, message.content, message.name ?? null);
      session.entries.push(stored);
      state.suggest(session.id, { target: 'user', content: 'Tell me more.', messageId: stored.id });
    }
    return {
      id: randomUUID(),
      finish_reason: 'stop',
      response: [[shownEntry(stored)]],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      doc_ids: { agent_doc_ids: [], user_doc_ids: [] },
    };
  });
}
