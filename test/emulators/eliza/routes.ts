import type { FastifyInstance, FastifyReply } from 'fastify';
import type { AgentAct, Channels, StoredMessage } from './channels.ts';
import { ElizaError, invalidContent, invalidPagination, plainError } from './errors.ts';
import { type EmulatedSession, type Sessions, checkMetadata, uuidShape } from './sessions.ts';

/** A page of a session's history, newest first. */
export interface HistoryPage {
  readonly messages: readonly object[];
  readonly hasMore: boolean;
}

/** What the routes work on. */
export interface Parts {
  readonly now: () => number;
  readonly sessions: Sessions;
  readonly channels: Channels;
  /** `ELIZA_SERVER_AUTH_TOKEN`; null = none is asked for. */
  readonly apiKey: string | null;
  /** Of 15 minutes. `left` and `endsAt` (epoch milliseconds) are for tests to change. */
  readonly rate: { readonly limit: number; left: number; endsAt: number };
  readonly startedAt: number;
  /** Whether the channels router is there. */
  readonly ties: () => boolean;
  /** Makes something else of a page of the history. */
  readonly tamper: (page: HistoryPage) => object;
  readonly act: (message: StoredMessage) => AgentAct;
  /** Lets the agent answer a message of its channel. */
  readonly onMessage: (message: StoredMessage) => void;
}

const base = '/api/messaging/sessions';
const windowMs = 900_000;
const maxContent = 4_000;
const transports: Readonly<Record<string, string>> = { http: 'http', sse: 'sse', websocket: 'websocket', sync: 'http', stream: 'sse' };

export function registerRoutes(app: FastifyInstance, parts: Parts): void {
  const { now, sessions, channels, apiKey, rate } = parts;

  app.setNotFoundHandler((_, reply) => reply.code(404).send(plainError('API endpoint not found', 404)));
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _, reply) => {
    if (error instanceof ElizaError) return reply.code(error.status).send(error.body(now()));
    // Malformed JSON is the server's own failure there.
    return reply.code(500).send(plainError(error.message, 500));
  });
  app.addHook('onRequest', async (request, reply) => {
    if (now() >= rate.endsAt) Object.assign(rate, { left: rate.limit, endsAt: now() + windowMs });
    rate.left -= 1;
    const reset = Math.ceil((rate.endsAt - now()) / 1_000);
    reply.headers({
      'ratelimit-policy': `${rate.limit};w=${windowMs / 1_000}`,
      'ratelimit-limit': rate.limit,
      'ratelimit-remaining': Math.max(0, rate.left),
      'ratelimit-reset': reset,
    });
    if (rate.left < 0) {
      const body = plainError('Too many requests. Please try again later.', 'RATE_LIMIT_EXCEEDED');
      return reply.code(429).header('retry-after', reset).send(body);
    }
    if (apiKey !== null && request.headers['x-api-key'] !== apiKey) {
      return reply.code(401).send({ error: 'API key required', message: 'Missing or invalid X-API-KEY header' });
    }
    const { 'content-type': type = '', 'content-length': length = '0' } = request.headers;
    if (['POST', 'PUT', 'PATCH'].includes(request.method) && length !== '0' && !type.includes('application/json')) {
      return reply.code(400).send(plainError('Invalid or missing Content-Type header', 'INVALID_CONTENT_TYPE'));
    }
  });

  app.get('/api/agents', () => ({
    success: true,
    data: { agents: sessions.agents.map(({ id, name, bio, status }) => ({ id, name, characterName: name, bio, status })) },
  }));
  app.post(base, (request, reply) => {
    const session = sessions.create((request.body ?? {}) as Record<string, unknown>);
    channels.open(session);
    return reply.code(201).send(sessions.created(session));
  });
  app.get(base, () => {
    const active = sessions.active();
    const { size } = sessions.all;
    return {
      sessions: active.map((each) => sessions.info(each)),
      total: active.length,
      stats: { totalSessions: size, activeSessions: active.length, expiredSessions: size - active.length },
    };
  });
  app.get(`${base}/health`, () => ({
    status: 'healthy',
    activeSessions: sessions.active().length,
    timestamp: new Date(now()).toISOString(),
    expiringSoon: sessions.active().filter((each) => !each.warned && sessions.isNear(each)).length,
    uptime: (now() - parts.startedAt) / 1_000,
  }));

  const one = (params: unknown): EmulatedSession => sessions.get((params as { readonly id: string }).id);
  app.get(`${base}/:id`, ({ params }) => sessions.info(one(params)));
  app.post(`${base}/:id/renew`, ({ params }) => {
    const session = one(params);
    sessions.renewAnyway(session);
    return sessions.info(session);
  });
  app.post(`${base}/:id/heartbeat`, ({ params }) => {
    const session = one(params);
    sessions.heartbeat(session);
    return sessions.info(session);
  });
  app.patch(`${base}/:id/timeout`, ({ params, body }) => {
    const session = one(params);
    sessions.setTimeout(session, body ?? {});
    return sessions.info(session);
  });
  app.delete(`${base}/:id`, ({ params }) => {
    const { id } = params as { readonly id: string };
    // Also one that has expired, and that nobody has asked for since.
    if (!sessions.all.has(id)) one(params);
    sessions.all.delete(id);
    return { success: true, message: `Session ${id} deleted successfully` };
  });
  app.get(`${base}/:id/messages`, ({ params, query }) =>
    parts.tamper(history(parts, one(params), query as Readonly<Record<string, string>>)),
  );
  app.get('/api/messaging/channels/:id/messages', ({ params, query }, reply) => {
    if (!parts.ties()) return reply.code(404).send(plainError('API endpoint not found', 404));
    const { id } = params as { readonly id: string };
    if (!uuidShape.test(id)) return reply.code(400).send({ success: false, error: 'Invalid channelId' });
    const { limit = '50', before } = query as Readonly<Record<string, string>>;
    // Without a bound of its own; what is no number is none.
    const most = Number.parseInt(limit, 10);
    const page = channels.of(id, Number.isNaN(most) ? Infinity : most, before ? Number.parseInt(before, 10) : null);
    return reply.send({ success: true, data: { messages: page.map((each) => channels.row(each)) } });
  });
  app.post(`${base}/:id/messages`, ({ params, body }, reply) =>
    send(parts, () => one(params), (body ?? {}) as Readonly<Record<string, unknown>>, reply),
  );
}

function history({ channels }: Parts, { channelId }: EmulatedSession, query: Readonly<Record<string, string>>): HistoryPage {
  const instant = (name: string): number | null => {
    const text = query[name];
    if (!text) return null;
    const at = Number.parseInt(text, 10);
    if (Number.isNaN(at)) throw invalidPagination(name, text, 'Must be a valid timestamp');
    return at;
  };
  const parsed = Number.parseInt(query['limit'] ?? '', 10);
  const limit = Number.isNaN(parsed) ? 50 : Math.min(100, Math.max(1, parsed));
  const [before, after] = [instant('before'), instant('after')];
  let page: StoredMessage[];
  if (after === null) page = channels.of(channelId, limit, before);
  else {
    const scanned = channels.of(channelId, before === null ? Math.min(1_000, limit * 20) : Math.min(500, limit * 10), before);
    const newer = scanned.filter(({ createdAt }) => createdAt > after);
    // With `after` alone, those that follow it; with both, those in front of `before`.
    page = before === null ? newer.slice(-limit) : newer.slice(0, limit);
  }
  const [newest, oldest] = [page[0], page.at(-1)];
  return {
    messages: page.map((each) => channels.item(each)),
    hasMore: page.length === limit,
    ...(newest && oldest && { cursors: { before: oldest.createdAt, after: newest.createdAt } }),
  };
}

function send(parts: Parts, find: () => EmulatedSession, body: Readonly<Record<string, unknown>>, reply: FastifyReply): FastifyReply {
  const { sessions, channels, act, onMessage } = parts;
  const { content, metadata, attachments } = body;
  const named = body['transport'] ?? body['mode'] ?? 'websocket';
  const transport = typeof named === 'string' ? transports[named] : undefined;
  if (transport === undefined) {
    throw invalidContent(
      typeof named === 'string'
        ? `Invalid transport "${named}". Must be one of: http, sse, websocket, sync, stream`
        : `Invalid transport type "${typeof named}". Transport must be a string.`,
    );
  }
  if (typeof content !== 'string') throw invalidContent('Invalid message request format');
  const session = find();
  if (content === '') throw invalidContent('Content cannot be empty');
  if (content.length > maxContent) throw invalidContent(`Content exceeds maximum length of ${maxContent} characters`);
  checkMetadata(metadata);
  const wasRenewed = sessions.renew(session);
  if (!session.timeoutConfig.autoRenew) session.lastActivity = parts.now();
  session.warned ||= sessions.isNear(session);
  const message = channels.store({
    channelId: session.channelId,
    authorId: session.userId,
    content,
    source: 'user',
    metadata: { ...channels.metadata.get(session.channelId), sessionId: session.id, ...(metadata as object | undefined) },
    raw: attachments === undefined ? {} : { attachments },
  });
  const userMessage = {
    id: message.id,
    channel_id: message.channelId,
    message_server_id: '00000000-0000-0000-0000-000000000000',
    author_id: message.authorId,
    content,
    created_at: message.createdAt,
    source_type: message.source,
    raw_message: { content, attachments },
    metadata: message.metadata,
  };
  const sessionStatus = {
    expiresAt: new Date(session.expiresAt).toISOString(),
    renewalCount: session.renewalCount,
    wasRenewed,
    // Once the warning was noted it is not given again.
    isNearExpiration: !session.warned && sessions.isNear(session),
  };
  if (transport === 'websocket') {
    onMessage(message);
    return reply.code(201).send({ success: true, userMessage, sessionStatus });
  }
  return answer(act(message), transport, { userMessage, sessionStatus }, reply);
}

/** In the reply itself: nothing of it is written into the history. */
function answer(
  done: AgentAct,
  transport: string,
  sent: { readonly userMessage: object; readonly sessionStatus: object },
  reply: FastifyReply,
): FastifyReply {
  const said = done.kind === 'reply' ? (done.text ?? done.chunks?.join('') ?? 'canned reply') : '';
  const agentResponse = {
    thought: 'canned thought',
    actions: ['REPLY'],
    providers: [],
    text: said,
    simple: true,
    responseId: crypto.randomUUID(),
    inReplyTo: crypto.randomUUID(),
  };
  if (transport === 'http') {
    if (done.kind === 'failure') return reply.code(500).send({ success: false, error: 'Failed to process message in HTTP transport' });
    return reply.code(201).send({ success: true, userMessage: sent.userMessage, agentResponse, sessionStatus: sent.sessionStatus });
  }
  const event = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  const chunks = done.kind === 'silence' ? [] : (done.chunks ?? []);
  const text = [
    event('user_message', sent.userMessage),
    ...chunks.map((chunk, index) => event('chunk', { messageId: agentResponse.responseId, chunk, index })),
    ...(done.kind === 'failure' ? [event('error', { error: 'the model failed' })] : [event('done', agentResponse)]),
  ].join('');
  return reply.code(200).header('content-type', 'text/event-stream').send(text);
}
