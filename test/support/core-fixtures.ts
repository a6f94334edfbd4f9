import { expect } from 'vitest';
import { type Creation, decideCreate } from '../../src/core/decide/create.ts';
import type { State } from '../../src/core/decide/state.ts';
import { newMemberId, newMessageId, newSessionId } from '../../src/core/ids.ts';
import type { SessionLimits } from '../../src/core/limits.ts';
import type { Member } from '../../src/core/member.ts';
import type { Message } from '../../src/core/message.ts';
import type { SessionChange, SessionCreation } from '../../src/core/commit.ts';
import { type Problem, type ProblemCode, isProblem, problemTable } from '../../src/core/problem.ts';
import type { Session } from '../../src/core/session.ts';
import type { CreateInput } from '../../src/core/use-cases.ts';

/** The defaults of the configuration. */
export const limits: SessionLimits = {
  minTimeoutSeconds: 1,
  maxTimeoutSeconds: 31_536_000,
  maxMembersLimit: 10_000,
  contentBytes: 65_536,
  objectBytes: 10_240,
  objectDepth: 20,
};

export const noon: number = Date.UTC(2030, 0, 1, 12);

export const creationOf = (parts: Partial<Creation> = {}): Creation => ({
  sessionId: newSessionId(),
  memberId: newMemberId(),
  backend: 'local',
  handle: 'a-handle',
  principal: null,
  identity: { name: 'Ada', address: null },
  passwordHash: null,
  now: noon,
  ...parts,
});

/** What was decided, where it was no refusal. */
export function decided<T extends object>(decision: T | Problem | null): Exclude<T, Problem> {
  if (decision === null || isProblem(decision)) throw new Error(`Expected a change, got ${JSON.stringify(decision)}.`);
  return decision as Exclude<T, Problem>;
}

/** Asserts a refusal: its code with the status and title that belong to it, a detail, and the field where one is at fault. */
export function expectProblem(value: unknown, code: ProblemCode, path: readonly string[] | null = null): Problem {
  expect(value).toMatchObject({ kind: 'problem', code, ...problemTable[code] });
  const refusal = value as Problem;
  expect(refusal.path).toEqual(path);
  expect(refusal.detail).toMatch(/\w.*[.:)]$/);
  return refusal;
}

/** The code of a refusal, or 'done': for tables of what is refused and what is not. */
export const codeOf = (value: unknown): ProblemCode | 'done' => (isProblem(value) ? value.code : 'done');

/** A session as creation decides it, with some of its fields as the test wants them. */
export function sessionOf(parts: Partial<Session> = {}, input: CreateInput = {}): Session {
  const creation: SessionCreation = decided(decideCreate(input, creationOf()));
  return { ...creation.session, ...parts };
}

export const memberOf = (session: Pick<Session, 'id'>, parts: Partial<Member> = {}): Member => ({
  id: newMemberId(),
  sessionId: session.id,
  name: 'Grace',
  address: null,
  role: 'MEMBER',
  status: 'ACTIVE',
  joinedAt: noon,
  leftAt: null,
  principal: null,
  banned: false,
  upstream: null,
  ...parts,
});

export const messageOf = (session: Pick<Session, 'id'>, parts: Partial<Message> = {}): Message => ({
  id: newMessageId(),
  sessionId: session.id,
  seq: 1,
  authorId: null,
  role: 'USER',
  content: 'hello',
  channel: null,
  attachments: [],
  metadata: {},
  options: {},
  inReplyTo: null,
  createdAt: noon,
  ...parts,
});

/** Who asks: a host and a member are in the session, an owner is the API key that made it and need not be, a stranger is nothing. */
export type Asker = 'host' | 'member' | 'owner' | 'stranger';

export function stateOf(session: Session, asker: Asker = 'host', now: number = noon + 1_000): State {
  const member = asker === 'host' || asker === 'member' ? memberOf(session, { role: asker === 'host' ? 'HOST' : 'MEMBER' }) : null;
  return { session, standing: { member, owner: asker === 'owner', invited: false }, now };
}

/** The member that asks. */
export function askerIn({ standing }: State): Member {
  if (standing.member === null) throw new Error('Nobody asks here who is a member');
  return standing.member;
}

export const eventTypes = (change: Pick<SessionChange, 'events'>): readonly string[] => change.events.map(({ type }) => type);
