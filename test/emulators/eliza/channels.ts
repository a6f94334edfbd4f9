import { randomUUID } from 'node:crypto';
import type { EmulatedSession } from './sessions.ts';

export interface StoredMessage {
  readonly id: string;
  readonly channelId: string;
  readonly authorId: string;
  readonly content: string;
  readonly createdAt: number;
  /** `user`, `agent_response`, `agent_action`, `socketio_client`. */
  readonly source: string;
  readonly metadata: Record<string, unknown>;
  readonly raw: { readonly thought?: string; readonly actions?: readonly string[]; readonly attachments?: unknown };
  /** The id of the message that it answers. */
  readonly inReplyTo: string | null;
}

/** What an agent makes of a message. */
export type AgentAct =
  /** `chunks` are streamed before; what they make up is the text, unless one is given. */
  | {
      readonly kind: 'reply';
      readonly text?: string;
      readonly chunks?: readonly string[];
      readonly thought?: string;
      readonly actions?: readonly string[];
      /** @default 0 // in the next turn of the event loop */
      readonly delayMs?: number;
    }
  /** It says nothing: the message is ignored. */
  | { readonly kind: 'silence' }
  /** Nothing is told of it, but where a stream had begun. */
  | { readonly kind: 'failure'; readonly chunks?: readonly string[] };

/** Of the socket, as far as the channels speak on it. */
export type Broadcast = (channelId: string, event: string, payload: object) => void;

/** The channels of a server: in a database, so that they outlive its sessions. */
export class Channels {
  /** Oldest first. */
  readonly messages: StoredMessage[] = [];
  readonly metadata: Map<string, Record<string, unknown>> = new Map();
  readonly #now: () => number;
  readonly #broadcast: Broadcast;

  constructor(now: () => number, broadcast: Broadcast) {
    this.#now = now;
    this.#broadcast = broadcast;
  }

  open({ id, channelId, agentId, userId, timeoutConfig, metadata }: EmulatedSession): void {
    this.metadata.set(channelId, { sessionId: id, agentId, userId, timeoutConfig, ...metadata });
  }

  /** Newest first. */
  of(channelId: string, limit: number, before: number | null = null): StoredMessage[] {
    return this.messages
      .filter((each) => each.channelId === channelId && (before === null || each.createdAt < before))
      .toReversed()
      .sort((one, other) => other.createdAt - one.createdAt)
      .slice(0, limit);
  }

  store(message: Omit<StoredMessage, 'id' | 'createdAt' | 'inReplyTo'> & Partial<Pick<StoredMessage, 'id' | 'inReplyTo'>>): StoredMessage {
    const { id = randomUUID(), inReplyTo = null } = message;
    const stored = { ...message, id, inReplyTo, createdAt: this.#now() };
    this.messages.push(stored);
    return stored;
  }

  /** Written down and broadcast, under the id that its stream had. */
  agentSays(
    session: Pick<EmulatedSession, 'channelId' | 'agentId'>,
    agentName: string,
    act: AgentAct & { readonly kind: 'reply' },
    inReplyTo: string | null,
  ): StoredMessage {
    const id = randomUUID();
    const { channelId, agentId } = session;
    const { chunks = [], text = chunks.join(''), thought = 'canned thought', actions = ['REPLY'] } = act;
    this.stream(session, chunks, id);
    const metadata = { isDm: false, agent_id: agentId, agentName, channelType: 'GROUP' };
    const message = this.store({
      id,
      channelId,
      authorId: agentId,
      content: text,
      source: 'agent_response',
      metadata,
      raw: { thought, actions },
      inReplyTo,
    });
    this.#broadcast(channelId, 'messageBroadcast', {
      id,
      senderId: agentId,
      senderName: agentName,
      text,
      roomId: channelId,
      serverId: '00000000-0000-0000-0000-000000000000',
      createdAt: message.createdAt,
      source: message.source,
      thought,
      actions,
    });
    return message;
  }

  stream({ channelId, agentId }: Pick<EmulatedSession, 'channelId' | 'agentId'>, chunks: readonly string[], messageId: string): void {
    for (const [index, chunk] of chunks.entries()) {
      this.#broadcast(channelId, 'messageStreamChunk', { messageId, chunk, index, agentId, channelId });
    }
  }

  /** A stream that will not be finished. */
  breakOff(session: Pick<EmulatedSession, 'channelId' | 'agentId'>, chunks: readonly string[]): void {
    const messageId = randomUUID();
    const { channelId, agentId } = session;
    this.stream(session, chunks, messageId);
    const error = 'Error: the model failed\n    at generate (/srv/agent.js:1:1)';
    this.#broadcast(channelId, 'messageStreamError', { messageId, channelId, agentId, error, partialText: chunks.join('') });
  }

  clear(channelId: string): void {
    for (let at = this.messages.length - 1; at >= 0; at -= 1) if (this.messages[at]?.channelId === channelId) this.messages.splice(at, 1);
    this.#broadcast(channelId, 'channelCleared', { channelId });
  }

  /** As the channels router tells it: with what it answers, which is not in the history of a session, and not on the socket. */
  row({ id, channelId, authorId, content, source, createdAt, metadata, raw, inReplyTo }: StoredMessage): object {
    const isAgent = source === 'agent_response';
    const instant = new Date(createdAt).toISOString();
    return {
      id,
      channelId,
      authorId,
      content,
      rawMessage: { ...(isAgent ? { text: content } : { content }), ...raw },
      sourceType: source,
      metadata: { ...metadata, ...raw },
      inReplyToRootMessageId: inReplyTo,
      createdAt: instant,
      updatedAt: instant,
      created_at: createdAt,
      updated_at: createdAt,
    };
  }

  /** As the history of a session tells it. */
  item({ id, content, authorId, source, createdAt, metadata, raw: { thought, actions } }: StoredMessage): object {
    const isAgent = source === 'agent_response';
    return { id, content, authorId, isAgent, createdAt: new Date(createdAt).toISOString(), metadata: { thought, actions, ...metadata } };
  }
}
