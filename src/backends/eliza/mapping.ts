import type { Attachment } from '../../core/message.ts';
import { type Problem, problem } from '../../core/problem.ts';
import type { Facts, Outgoing, ServiceMessage } from '../../core/service.ts';
import type { JsonObject, Session } from '../../core/session.ts';
import type { SendBody } from './client.ts';
import { policyOf } from './timeout.ts';
import { type WireAttachment, type WireBroadcast, type WireMessage, type WireSent, type WireSession, attachmentsShape } from './wire.ts';

/** Of a message's content. UTF-16 code units, as the service counts. */
const contentChars = 4_000;
/** Of metadata as JSON. The service calls them bytes and counts UTF-16 code units. */
export const metadataChars = 10_240;

/** The key of a message's metadata that carries its mark. */
const markKey = 'parleyMark';
/** The key of a session's metadata that says that a gateway made it, and so keeps its metadata: a list then leaves that out. */
export const madeKey = 'parleySession';

/** What the service adds to the metadata of each user's message, besides the session's own. */
const addedKeys: ReadonlySet<string> = new Set(['sessionId', 'agentId', 'userId', 'timeoutConfig', markKey, madeKey]);

const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

/** A session's metadata as it was given. */
export const metadataOf = ({ metadata }: WireSession): JsonObject =>
  Object.fromEntries(Object.entries(metadata).filter(([key]) => key !== madeKey));

/** What of a session's metadata the service can keep: texts, numbers and booleans, none under a key that is spoken for. */
export const keepable = (metadata: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(metadata).filter(([key, value]) => !addedKeys.has(key) && ['string', 'number', 'boolean'].includes(typeof value)),
  );

/** What the service says of a session. Its metadata is not among that: it cannot be changed there, and the record's can. */
export const factsOf = (session: WireSession): Facts => ({
  agentId: session.agentId,
  createdAt: session.createdAt,
  lastActivityAt: session.lastActivity ?? session.createdAt,
  renewalCount: session.renewalCount ?? 0,
  expiresAt: session.expiresAt,
  rules: { timeout: policyOf(session.timeoutConfig) },
  data: { channelId: session.channelId, userId: session.userId },
});

/** What a message did to its session. That it was active is said by the message itself. */
export const factsOfSent = ({ userMessage, sessionStatus }: WireSent): Facts => ({
  lastActivityAt: userMessage.created_at,
  renewalCount: sessionStatus.renewalCount,
  expiresAt: sessionStatus.expiresAt,
});

// ---- messages -------------------------------------------------------------------------------------------------------

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** A media type where one is told; the kinds that there are else (`image`, `document`) are none. */
const attachmentOf = ({ url, contentType, type, title, name }: WireAttachment): Attachment => ({
  url,
  mediaType: [contentType, type].map(textOf).find((each) => each?.includes('/')) ?? null,
  name: textOf(name) ?? textOf(title),
  sizeBytes: null,
});

const attachmentsOf = (value: unknown): readonly Attachment[] => attachmentsShape.parse(value ?? []).map(attachmentOf);

/** What an agent says of its message besides the text. */
const thoughts = ({ thought, actions }: JsonObject): JsonObject => ({
  ...(textOf(thought) !== null && { thought }),
  ...(Array.isArray(actions) && actions.length > 0 && { actions }),
});

/** An item of the history. The agent's actions are not marked as the agent's there, but for their author. */
export function messageOf(message: WireMessage, session: Pick<Session, 'agentId' | 'metadata'>): ServiceMessage {
  const { id, content, authorId, isAgent, createdAt, metadata } = message;
  const common = { id, content, createdAt, attachments: attachmentsOf(metadata['attachments']) };
  if (isAgent || authorId === session.agentId) {
    const author = { id: null, name: textOf(metadata['agentName']) };
    return { ...common, role: isAgent ? 'ASSISTANT' : 'TOOL', author, metadata: thoughts(metadata), mark: null };
  }
  const own = Object.entries(metadata).filter(
    ([key, value]) => !addedKeys.has(key) && key !== 'attachments' && !same(value, session.metadata[key]),
  );
  return {
    ...common,
    role: 'USER',
    author: { id: authorId, name: textOf(metadata['user_display_name']) },
    metadata: Object.fromEntries(own),
    mark: textOf(metadata[markKey]),
  };
}

const agentSources: Readonly<Record<string, 'ASSISTANT' | 'TOOL'>> = { agent_response: 'ASSISTANT', agent_action: 'TOOL' };

/** Whether the message is the agent's answer to one of a user. */
export const isReply = ({ role }: ServiceMessage): boolean => role === 'ASSISTANT';

/**
 * A message from the socket. Its `id` is that of the history: the server makes the stored message under the id that the agent gave its
 * response, and broadcasts (and streams) under the same.
 */
export function heardOf(broadcast: WireBroadcast, { agentId }: Pick<Session, 'agentId'>): ServiceMessage {
  const { id, text: content, senderId, senderName, source, createdAt, thought, actions } = broadcast;
  const role = agentSources[source] ?? (senderId === agentId ? 'TOOL' : 'USER');
  return {
    id,
    role,
    content,
    author: { id: role === 'USER' ? senderId : null, name: senderName },
    attachments: attachmentsOf(broadcast.attachments),
    metadata: role === 'USER' ? {} : thoughts({ thought, actions }),
    createdAt,
    mark: null,
  };
}

/** The service knows kinds of media, not their types. */
function kindOf(mediaType: string | null): string {
  const [kind = ''] = (mediaType ?? '').split('/', 1);
  return ['image', 'video', 'audio'].includes(kind) ? kind : 'document';
}

/** A message as the service takes it, or why it does not. */
export function bodyOf(name: string, message: Outgoing): SendBody | Problem {
  const { content, role, attachments, mark } = message;
  const refused = (path: string, detail: string, code: 'BAD_INPUT' | 'UNSUPPORTED' = 'BAD_INPUT'): Problem =>
    problem(code, `Backend ${name} ${detail}`, { path: [path], backend: name });
  if (role !== 'USER')
    return refused('role', `takes messages of role USER, got ${role}: agents speak for themselves there.`, 'UNSUPPORTED');
  if (content.length === 0) return refused('content', 'takes messages with content, got an empty one.');
  if (content.length > contentChars) {
    return refused('content', `takes up to ${contentChars} characters in \`content\`, got ${content.length}: send it in parts.`);
  }
  const metadata = { ...message.metadata, [markKey]: mark };
  const size = JSON.stringify(metadata).length;
  if (size > metadataChars) {
    const detail = `takes up to ${metadataChars} characters of JSON in \`metadata\`, the gateway's mark among them, got ${size}.`;
    return refused('metadata', detail);
  }
  return {
    content,
    metadata,
    transport: 'websocket',
    ...(attachments.length > 0 && {
      attachments: attachments.map(({ url, mediaType, name: title }) => {
        const type = kindOf(mediaType);
        return title === null ? { type, url } : { type, url, name: title };
      }),
    }),
  };
}
