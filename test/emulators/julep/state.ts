import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { Settings } from './options.ts';

export interface StoredEntry {
  readonly id: string;
  readonly role: string;
  readonly content: string;
  readonly name: string | null;
  readonly source: 'api_request' | 'api_response';
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

export interface StoredSuggestion {
  readonly messageId: string;
  readonly target: 'user' | 'agent';
  readonly content: string;
  readonly createdAt: number;
}

/** What only sessions of v1 have. */
export interface V1Fields {
  readonly system_template: string | null;
  readonly token_budget: number | null;
  readonly context_overflow: 'truncate' | 'adaptive' | null;
  readonly auto_run_tools: boolean;
  readonly forward_tool_calls: boolean;
  readonly recall_options: object | null;
}

export const noV1Fields: V1Fields = {
  system_template: null,
  token_budget: null,
  context_overflow: null,
  auto_run_tools: false,
  forward_tool_calls: false,
  recall_options: null,
};

export interface StoredSession {
  readonly id: string;
  readonly developerId: string;
  readonly agentId: string;
  readonly userId: string | null;
  situation: string | null;
  metadata: Readonly<Record<string, unknown>>;
  renderTemplates: boolean;
  v1: V1Fields;
  readonly createdAt: number;
  updatedAt: number;
  entries: StoredEntry[];
  suggestions: StoredSuggestion[];
}

export interface StoredAgent {
  readonly id: string;
  readonly developerId: string;
  readonly name: string;
  readonly about: string;
}

/** The developer of services that have one. */
export const onlyDeveloper = '00000000-0000-0000-0000-000000000000';

/** What the service holds, and what may be done there past the gateway. */
export interface JulepState {
  readonly sessions: Map<string, StoredSession>;
  readonly agents: StoredAgent[];
  /** Of v1: a free account that has used up its credit refuses writes, one with more than 50 sessions refuses chats. */
  readonly account: { free: boolean; overCost: boolean };
  addAgent(agent?: Partial<StoredAgent>): StoredAgent;
  /** Makes a session, as another client of the service does. */
  create(session?: Partial<StoredSession>): StoredSession;
  /** Adds to its history, as a chat of another client does. */
  say(sessionId: string, role: string, content: string, name?: string | null): StoredEntry;
  suggest(sessionId: string, suggestion: Pick<StoredSuggestion, 'target' | 'content'> & { readonly messageId?: string }): void;
}

export function createState({ contract, now }: Settings): JulepState {
  const sessions = new Map<string, StoredSession>();
  const agents: StoredAgent[] = [];
  const newId = contract === 'v1' ? (): string => uuidv7() : (): string => randomUUID();
  const sessionOf = (id: string): StoredSession => {
    const session = sessions.get(id);
    if (session === undefined) throw new Error(`Expected session ${id} to be at the emulator.`);
    return session;
  };
  const state: JulepState = {
    sessions,
    agents,
    account: { free: false, overCost: false },
    addAgent(parts = {}) {
      const agent = { id: newId(), developerId: onlyDeveloper, name: 'Ada', about: 'Knows about engines.', ...parts };
      agents.push(agent);
      return agent;
    },
    create(parts = {}) {
      const at = now();
      const session: StoredSession = {
        id: newId(),
        developerId: onlyDeveloper,
        agentId: agents[0]?.id ?? newId(),
        userId: null,
        situation: null,
        metadata: {},
        renderTemplates: contract === 'v1',
        v1: noV1Fields,
        createdAt: at,
        updatedAt: at,
        entries: [],
        suggestions: [],
        ...parts,
      };
      sessions.set(session.id, session);
      return session;
    },
    say(sessionId, role, content, name = null) {
      const source = role === 'assistant' ? 'api_response' : 'api_request';
      const entry: StoredEntry = { id: newId(), role, content, name, source, createdAt: now() };
      sessionOf(sessionId).entries.push(entry);
      return entry;
    },
    suggest(sessionId, { messageId = newId(), ...suggestion }) {
      sessionOf(sessionId).suggestions.unshift({ ...suggestion, messageId, createdAt: now() });
    },
  };
  state.addAgent();
  return state;
}
