import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createAddresses } from '../../src/auth/addresses.ts';
import { createAttemptLimiter } from '../../src/auth/attempts.ts';
import { createMemberTokens } from '../../src/auth/member-tokens.ts';
import { createPasswordHasher } from '../../src/auth/passwords.ts';
import { openBackends } from '../../src/backends/registry.ts';
import { createInProcessBus } from '../../src/buses/in-process.ts';
import type { StoredEvent } from '../../src/core/event.ts';
import type { MemberId, SessionId } from '../../src/core/ids.ts';
import type { Member, MemberStatus } from '../../src/core/member.ts';
import type { Message } from '../../src/core/message.ts';
import type { Hint, Store } from '../../src/core/ports.ts';
import { type SessionServiceOptions, createSessionService } from '../../src/core/session-service.ts';
import type { Session } from '../../src/core/session.ts';
import type { Admission, UseCases } from '../../src/core/use-cases.ts';
import type { Caller, Tier, Viewer } from '../../src/core/viewer.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { type TestClock, createTestClock } from './core-clock.ts';
import { limits } from './core-fixtures.ts';
import { createServiceParts } from './service-parts.ts';

/** The drivers that the use cases are tried on. */
export const storeDrivers: Readonly<Record<'memory' | 'sqlite', () => Promise<Store>>> = {
  memory: async () => createMemoryStore(),
  async sqlite() {
    const directory = await mkdtemp(join(tmpdir(), 'parley-core-'));
    const store = await createSqliteStore({ path: join(directory, 'parley.db'), durability: 'normal' });
    return {
      ...store,
      async [Symbol.asyncDispose]() {
        await store[Symbol.asyncDispose]();
        await rm(directory, { recursive: true, force: true });
      },
    };
  },
};

export interface Gateway {
  readonly sessions: UseCases;
  readonly store: Store;
  readonly clock: TestClock;
  /** What has been put on the bus. */
  readonly hints: readonly Hint[];
  /** What the clock has been told to look at. */
  readonly scheduled: readonly { readonly sessionId: SessionId; readonly dueAt: number }[];
}

/** The use cases as a gateway composes them, over the given store and a clock that the test turns. */
export function createGateway(
  store: Store,
  options: Partial<SessionServiceOptions> & { readonly clock?: TestClock; readonly onSchedule?: SessionServiceOptions['schedule'] } = {},
): Gateway {
  const { clock = createTestClock(), onSchedule, ...others } = options;
  const bus = options.bus ?? createInProcessBus();
  const hints: Hint[] = [];
  const scheduled: { sessionId: SessionId; dueAt: number }[] = [];
  bus.subscribe((hint) => hints.push(hint));
  const backends = options.backends ?? openBackends({ local: { kind: 'LOCAL' }, paid: { kind: 'LOCAL', minimumTier: 'PRO' } });
  const sessions = createSessionService({
    store,
    bus,
    clock,
    backends,
    ...createServiceParts({ store, bus, clock, backends }),
    defaultBackend: 'local',
    passwords: createPasswordHasher(),
    tokens: createMemberTokens({ secret: 'a secret of at least 32 characters', lifetimeSeconds: null, clock }),
    attempts: createAttemptLimiter(),
    addresses: createAddresses(),
    fingerprint: (text) => createHmac('sha256', 'a key').update(text).digest('hex'),
    limits,
    schedule(sessionId, dueAt) {
      scheduled.push({ sessionId, dueAt });
      onSchedule?.(sessionId, dueAt);
    },
    ...others,
  });
  return { sessions, store, clock, hints, scheduled };
}

const callerOf = (viewer: Viewer, parts: Partial<Caller> = {}): Caller => ({
  viewer,
  currentSessionId: null,
  remoteAddress: '203.0.113.1',
  expiresAt: null,
  ...parts,
});

export const anonymous = (remoteAddress = '203.0.113.1'): Caller => callerOf({ kind: 'ANONYMOUS' }, { remoteAddress });
export const apiKey = (keyId: string, tier: Tier = 'FREE'): Caller => callerOf({ kind: 'API_KEY', keyId, name: `key ${keyId}`, tier });
export const wallet = (address: string): Caller => callerOf({ kind: 'WALLET', address });
export const user = (name: string, subject = `sub|${name}`): Caller =>
  callerOf({ kind: 'USER', issuer: 'https://id.example.org/', subject, name });
const member = (of: Member): Caller => callerOf({ kind: 'MEMBER', member: of }, { currentSessionId: of.sessionId });

export async function sessionIn(store: Store, id: SessionId): Promise<Session> {
  const [session] = await store.sessions.byIds([id]);
  if (!session) throw new Error(`There is no session ${id}`);
  return session;
}

export async function memberIn(store: Store, id: MemberId): Promise<Member> {
  const [found] = await store.members.byIds([id]);
  if (!found) throw new Error(`There is no member ${id}`);
  return found;
}

/** The caller that the admission's token speaks for. */
export const admitted = async (store: Store, admission: Admission): Promise<Caller> => member(await memberIn(store, admission.memberId));

export async function membersOf(store: Store, sessionId: SessionId, status?: MemberStatus): Promise<readonly Member[]> {
  const [page] = await store.members.list([{ sessionId, page: { limit: 1_000 }, ...(status && { status }) }]);
  return page?.items ?? [];
}

export async function messagesOf(store: Store, sessionId: SessionId): Promise<readonly Message[]> {
  const [page] = await store.messages.list([{ sessionId, page: { limit: 1_000 } }]);
  return page?.items ?? [];
}

/** The whole timeline, which is asserted to be without a gap and as long as the session says. */
export async function timelineOf(store: Store, sessionId: SessionId): Promise<readonly StoredEvent[]> {
  const { events, head } = await store.timeline.read(sessionId, 0, 10_000);
  expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: head }, (_, index) => index + 1));
  expect((await sessionIn(store, sessionId)).seq).toBe(head);
  return events;
}

export const eventTypesOf = async (store: Store, sessionId: SessionId): Promise<readonly string[]> =>
  (await timelineOf(store, sessionId)).map(({ body }) => body.type);

/** Everything that is stored of a session: for asserting that a refusal changed nothing. */
export const everythingOf = async (store: Store, id: SessionId): Promise<unknown> => ({
  session: await sessionIn(store, id),
  members: await membersOf(store, id),
  messages: await messagesOf(store, id),
  events: await timelineOf(store, id),
});

/** As many calls at once as asked for. */
export const atOnce = <T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => call(index)));
