import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AgentAtWork } from './agent.ts';
import type { Settings } from './options.ts';
import { checked, developerIn, developerOf, hasKey, isMistaken, iso, object, pageOf, send, setDeveloper, uuid } from './requests.ts';
import { type JulepState, type StoredSession, noV1Fields } from './state.ts';
import { v1Chat } from './v1-chat.ts';
import { errorBody, refuse } from './v1-refusals.ts';

const settable = {
  situation: z.string().nullish(),
  metadata: object.nullish(),
  system_template: z.string().nullish(),
  render_templates: z.boolean().optional(),
  token_budget: z.number().int().nullish(),
  context_overflow: z.enum(['truncate', 'adaptive']).nullish(),
  auto_run_tools: z.boolean().optional(),
  forward_tool_calls: z.boolean().optional(),
  recall_options: object.nullish(),
};
const settingsShape = z.object(settable);
const createShape = z.object({
  ...settable,
  agent: uuid.nullish(),
  agents: z.array(uuid).nullish(),
  user: uuid.nullish(),
  users: z.array(uuid).nullish(),
});
const pageShape = z.looseObject({
  limit: z.coerce.number().int().min(1).max(999).default(100),
  offset: z.coerce.number().int().min(0).default(0),
  sort_by: z.enum(['created_at', 'updated_at']).default('created_at'),
  direction: z.enum(['asc', 'desc']).default('desc'),
});

const shown = (session: StoredSession): object => {
  const { system_template, ...fields } = session.v1;
  return {
    id: session.id,
    situation: session.situation,
    summary: null,
    ...(system_template !== null && { system_template }),
    render_templates: session.renderTemplates,
    ...fields,
    metadata: session.metadata,
    created_at: iso(session.createdAt),
    updated_at: iso(session.updatedAt),
  };
};

const given = <T extends object>(fields: T): Partial<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;

/** Of what is to be set, that which only v1 has. */
const v1Fields = (body: z.infer<typeof settingsShape>): object => {
  const { situation: _situation, metadata: _metadata, render_templates: _templates, ...rest } = body;
  return given(Object.fromEntries(Object.entries(rest).filter(([key]) => key in noV1Fields)));
};

/** What looks like a number is one. */
const filterValue = (text: string): unknown => (text.trim() !== '' && !Number.isNaN(Number(text)) ? Number(text) : text);

/** Julep's API v1. */
export function v1Routes(app: FastifyInstance, state: JulepState, agent: AgentAtWork, settings: Settings): void {
  const { now, clearsHistory } = settings;
  const find = (request: FastifyRequest): StoredSession | undefined => {
    const session = state.sessions.get((request.params as { id: string }).id);
    return session?.developerId === developerIn(request) ? session : undefined;
  };
  const notFound = (reply: FastifyReply): FastifyReply => send(reply, 404, errorBody('Session not found during get', 'http_404'));

  app.addHook('preHandler', async (request, reply) => {
    if (!hasKey(request, settings)) return send(reply, 403, errorBody('Invalid API Key', 'http_403'));
    setDeveloper(request, developerOf(request, settings) ?? '');
    const { id } = request.params as { id?: string };
    if (id !== undefined && !uuid.safeParse(id).success)
      return refuse(reply, [{ type: 'uuid_parsing', loc: ['path', 'session_id'], msg: 'Input should be a valid UUID' }]);
    if (state.account.overCost && request.method !== 'GET')
      return send(reply, 403, { error: { message: 'Cost limit exceeded', code: 'cost_limit_exceeded', type: 'cost_limit_error' } });
  });
  app.get('/agents', (request) => ({
    items: state.agents
      .filter(({ developerId }) => developerId === developerIn(request))
      .map(({ id, name, about }) => ({
        id,
        name,
        about,
        model: 'gpt-4o-mini',
        instructions: [],
        default_system_template: '',
        metadata: {},
        created_at: iso(now()),
        updated_at: iso(now()),
      })),
  }));
  app.get('/sessions', (request, reply) => {
    const query = checked(pageShape, request.query, 'query');
    if (isMistaken(query)) return refuse(reply, query);
    const filters = Object.entries(query).filter(([key]) => key.startsWith('metadata_filter.'));
    const matching = [...state.sessions.values()].filter(({ metadata }) =>
      filters.every(([key, value]) => metadata[key.slice('metadata_filter.'.length)] === filterValue(String(value))),
    );
    const ascending = query.direction === 'asc';
    return {
      items: pageOf(matching, request, { ...query, ascending, by: query.sort_by === 'updated_at' ? 'updatedAt' : 'createdAt' }).map(shown),
    };
  });

  /** Makes a session, or overwrites the one that there is. */
  const make = (request: FastifyRequest, reply: FastifyReply, id?: string): FastifyReply => {
    const body = checked(createShape, request.body, 'body');
    if (isMistaken(body)) return refuse(reply, body);
    const agents = body.agents ?? (body.agent ? [body.agent] : []);
    if (body.agent && body.agents) return send(reply, 400, errorBody('Only one of agent or agents should be provided', 'http_400'));
    const [agentId] = agents;
    if (agentId === undefined) return send(reply, 400, errorBody('At least one agent must be provided', 'http_400'));
    if (!agents.every((each) => state.agents.some((known) => known.id === each)))
      return send(reply, 409, errorBody('Reference to agent not found during create', 'http_409'));
    if (id !== undefined && state.sessions.has(id) && find(request) === undefined)
      return send(reply, 409, errorBody('A session with these unique properties already exists during create', 'http_409'));
    const before = id === undefined ? undefined : state.sessions.get(id);
    const session = state.create({
      ...before,
      ...(id !== undefined && { id }),
      developerId: developerIn(request),
      agentId,
      userId: body.user ?? null,
      situation: body.situation ?? null,
      metadata: body.metadata ?? {},
      renderTemplates: body.render_templates ?? true,
      v1: { ...noV1Fields, ...v1Fields(body) },
    });
    return send(reply, 201, shown(session));
  };
  app.post('/sessions', (request, reply) => make(request, reply));
  app.post('/sessions/:id', (request, reply) => make(request, reply, (request.params as { id: string }).id));
  app.get('/sessions/:id', (request, reply) => {
    const session = find(request);
    return session === undefined ? notFound(reply) : shown(session);
  });
  app.put('/sessions/:id', (request, reply) => {
    const body = checked(settingsShape, request.body, 'body');
    if (isMistaken(body)) return refuse(reply, body);
    const session = find(request);
    if (session === undefined) return notFound(reply);
    session.situation = body.situation ?? null;
    session.metadata = body.metadata ?? {};
    session.renderTemplates = body.render_templates ?? true;
    session.v1 = { ...noV1Fields, ...v1Fields(body) };
    session.updatedAt = now();
    return shown(session);
  });
  app.patch('/sessions/:id', (request, reply) => {
    const body = checked(settingsShape, request.body, 'body');
    if (isMistaken(body)) return refuse(reply, body);
    const session = find(request);
    if (session === undefined) return notFound(reply);
    session.situation = body.situation ?? session.situation;
    session.metadata = { ...session.metadata, ...body.metadata };
    session.renderTemplates = body.render_templates ?? session.renderTemplates;
    session.v1 = { ...session.v1, ...v1Fields(body) };
    session.updatedAt = now();
    return shown(session);
  });
  app.delete('/sessions/:id', (request, reply) => {
    const session = find(request);
    if (session === undefined) return notFound(reply);
    state.sessions.delete(session.id);
    return send(reply, 202, { id: session.id, deleted_at: iso(now()), jobs: [] });
  });
  app.get('/sessions/:id/history', (request) => {
    const session = find(request);
    const entries = session?.entries ?? [];
    return {
      // Nothing orders them.
      entries: entries.toReversed().map(({ id, role, content, name, source, createdAt }) => ({
        id,
        role,
        content: [{ type: 'text', text: content }],
        name,
        source,
        tokenizer: 'openai',
        token_count: 1,
        model: 'gpt-4o-mini',
        tool_calls: null,
        tool_call_id: null,
        created_at: iso(createdAt),
        timestamp: iso(createdAt),
      })),
      relations: [],
      session_id: (request.params as { id: string }).id,
      created_at: iso(session?.createdAt ?? now()),
    };
  });
  app.delete('/sessions/:id/history', (request, reply) => {
    if (!clearsHistory) return send(reply, 405, errorBody('Method Not Allowed', 'http_405'));
    const session = find(request);
    if (session === undefined) return notFound(reply);
    session.entries = [];
    return send(reply, 202, { id: session.id, deleted_at: iso(now()), jobs: [] });
  });
  app.post('/sessions/:id/chat', (request, reply) => {
    const session = find(request);
    return session === undefined ? notFound(reply) : v1Chat(request, reply, session, { state, agent, now });
  });
}
