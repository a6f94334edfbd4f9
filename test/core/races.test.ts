import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SessionId } from '../../src/core/ids.ts';
import type { Store } from '../../src/core/ports.ts';
import { isProblem, orThrow } from '../../src/core/problem.ts';
import type { Admission } from '../../src/core/use-cases.ts';
import { createTestClock } from '../support/core-clock.ts';
import { codeOf, expectProblem } from '../support/core-fixtures.ts';
import {
  type Gateway,
  admitted,
  anonymous,
  apiKey,
  atOnce,
  createGateway,
  eventTypesOf,
  membersOf,
  messagesOf,
  sessionIn,
  storeDrivers,
  timelineOf,
  user,
  wallet,
} from '../support/core-service.ts';

const owner = apiKey('k1');

describe.each(Object.keys(storeDrivers) as (keyof typeof storeDrivers)[])('over the %s store', (driver) => {
  let store: Store;
  let gateways: readonly [Gateway, Gateway];
  beforeAll(async () => {
    store = await storeDrivers[driver]();
  });
  afterAll(() => store[Symbol.asyncDispose]());
  beforeEach(() => {
    const clock = createTestClock();
    gateways = [createGateway(store, { clock }), createGateway(store, { clock })];
  });

  /** The one gateway or the other, in turns. */
  const either = (index: number, count: 1 | 2): Gateway => (index % count === 0 ? gateways[0] : gateways[1]);

  async function expectCoherent(id: SessionId): Promise<void> {
    const session = await sessionIn(store, id);
    const active = await membersOf(store, id, 'ACTIVE');
    expect(session.activeMembers).toBe(active.length);
    const types = await eventTypesOf(store, id);
    const joined = types.filter((type) => type === 'MEMBER_JOINED').length;
    const gone = types.filter((type) => type === 'MEMBER_LEFT' || type === 'MEMBER_KICKED').length;
    expect(joined - gone).toBe(active.length);
    expect(types.filter((type) => type === 'MESSAGE_ADDED')).toHaveLength((await messagesOf(store, id)).length);
  }

  test.each([1, 2] as const)('200 joins at once of a session with room for ten admit ten, on %d gateways', async (count) => {
    const { sessions } = gateways[0];
    const { sessionId } = orThrow(await sessions.create(owner, { rules: { maxMembers: 10 } }));
    orThrow(await sessions.leave(owner, { sessionId }));
    const answers = await atOnce(200, (n) => either(n, count).sessions.join(anonymous(), { sessionId, identity: { name: `guest ${n}` } }));
    const admissions = answers.flatMap((answer) => (isProblem(answer) ? [] : [answer]));
    expect(admissions).toHaveLength(10);
    expect(new Set(answers.map(codeOf))).toEqual(new Set(['done', 'SESSION_FULL']));
    expect(new Set(admissions.map(({ credentials }) => credentials.token)).size).toBe(10);
    expect((await membersOf(store, sessionId, 'ACTIVE')).map(({ id }) => id).sort()).toEqual(
      admissions.map(({ memberId }) => memberId).sort(),
    );
    await expectCoherent(sessionId);
  });

  test.each([1, 2] as const)('messages at once are numbered without a gap, on %d gateways', async (count) => {
    const admission = orThrow(await gateways[0].sessions.create(anonymous(), { rules: { timeout: {} } }));
    const host = await admitted(store, admission);
    const answers = await atOnce(150, (n) => either(n, count).sessions.send(host, { content: `message ${n}` }));
    const messages = answers.map((answer) => orThrow(answer).message);
    expect(messages.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(Array.from({ length: 150 }, (_, n) => n + 2));
    const stored = await messagesOf(store, admission.sessionId);
    expect(stored.map(({ seq }) => seq)).toEqual(Array.from({ length: 150 }, (_, n) => n + 2));
    expect(stored).toEqual([...messages].sort((a, b) => a.seq - b.seq));
    const events = await timelineOf(store, admission.sessionId);
    expect(events.slice(1).map(({ message }) => message)).toEqual(stored);
    expect((await sessionIn(store, admission.sessionId)).renewalCount).toBe(150);
    // Each gateway has hinted at what it wrote, and nothing else.
    const hinted = new Set(gateways.flatMap(({ hints }) => hints.map(({ seq }) => seq)));
    expect([...hinted].sort((a, b) => a - b)).toEqual(Array.from({ length: 151 }, (_, n) => n + 1));
  });

  test.each([1, 2] as const)('joins do not keep members from talking, on %d gateways', async (count) => {
    const admission = orThrow(await gateways[0].sessions.create(anonymous(), {}));
    const host = await admitted(store, admission);
    const [joins, sends] = await Promise.all([
      atOnce(100, (n) => either(n, count).sessions.join(anonymous(), { sessionId: admission.sessionId, identity: { name: `guest ${n}` } })),
      atOnce(100, (n) => either(n + 1, count).sessions.send(host, { content: `message ${n}` })),
    ]);
    for (const answer of [...joins, ...sends]) orThrow(answer);
    expect((await sessionIn(store, admission.sessionId)).activeMembers).toBe(101);
    await expectCoherent(admission.sessionId);
  });

  test.each([1, 2] as const)('files at once never exceed their bounds, on %d gateways', async (count) => {
    const admission = orThrow(await gateways[0].sessions.create(anonymous(), { rules: { maxFiles: 10, maxTotalMegabytes: 1 } }));
    const host = await admitted(store, admission);
    const attachments = [{ url: 'https://example.org/f', sizeBytes: 150_000 }];
    const answers = await atOnce(40, (n) => either(n, count).sessions.send(host, { content: 'see', attachments }));
    expect(answers.map(codeOf).sort()).toEqual([...Array(34).fill('TOO_LARGE'), ...Array(6).fill('done')]);
    expect(await sessionIn(store, admission.sessionId)).toMatchObject({ files: 6, fileBytes: 900_000 });
  });

  test.each([1, 2] as const)('one and the same person who joins often at once is one member, on %d gateways', async (count) => {
    const { sessionId } = orThrow(await gateways[0].sessions.create(owner, {}));
    for (const person of [wallet('0x52908400098527886E0F7030069857D2E4169EE7'), user('grace')]) {
      const answers = await atOnce(20, (n) => either(n, count).sessions.join(person, { sessionId }));
      expect(new Set(answers.map((answer) => orThrow(answer).memberId)).size).toBe(1);
      expect(new Set(answers.map((answer) => orThrow(answer).credentials.token)).size).toBe(1);
    }
    await expectCoherent(sessionId);
  });

  test('who joins, leaves and is kicked at once is counted right', async () => {
    const { sessions } = gateways[0];
    const { sessionId } = orThrow(await sessions.create(owner, {}));
    const guests: Admission[] = [];
    for (let n = 0; n < 30; n += 1) guests.push(orThrow(await sessions.join(anonymous(), { sessionId, identity: { name: `guest ${n}` } })));
    await Promise.all([
      ...guests.map(async (guest, n) => either(n, 2).sessions.leave(await admitted(store, guest), {})),
      ...guests.map(async ({ memberId }, n) => either(n + 1, 2).sessions.kick(owner, { sessionId, memberId, ban: false })),
      ...guests.map(async (guest, n) => either(n, 2).sessions.send(await admitted(store, guest), { content: 'bye' })),
      atOnce(30, (n) => either(n, 2).sessions.join(anonymous(), { sessionId, identity: { name: `late ${n}` } })),
    ]);
    await expectCoherent(sessionId);
    expect((await sessionIn(store, sessionId)).activeMembers).toBe(31);
    const early = (await membersOf(store, sessionId)).filter(({ name }) => name.startsWith('guest'));
    expect(early).toHaveLength(30);
    expect(early.filter(({ status }) => status === 'ACTIVE')).toEqual([]);
  });

  test('the last to leave a TEMPORARY session end it, once', async () => {
    const { sessions } = gateways[0];
    const { sessionId } = orThrow(await sessions.create(owner, { visibility: 'TEMPORARY' }));
    const guests: Admission[] = [];
    for (let n = 0; n < 10; n += 1) guests.push(orThrow(await sessions.join(owner, { sessionId, identity: { name: `guest ${n}` } })));
    await Promise.all([
      sessions.leave(owner, { sessionId }),
      ...guests.map(async (guest, n) => either(n, 2).sessions.leave(await admitted(store, guest), {})),
    ]);
    expect((await eventTypesOf(store, sessionId)).filter((type) => type === 'SESSION_ENDED')).toHaveLength(1);
    expect((await eventTypesOf(store, sessionId)).at(-1)).toBe('SESSION_ENDED');
    expect(await sessionIn(store, sessionId)).toMatchObject({ status: 'ENDED', activeMembers: 0 });
  });

  test('one end of many is the end', async () => {
    const { sessionId } = orThrow(await gateways[0].sessions.create(owner, {}));
    const answers = await atOnce(10, (n) => either(n, 2).sessions.end(owner, { sessionId }));
    expect(answers.map(codeOf).sort()).toEqual([...Array(9).fill('ENDED'), 'done']);
    expect(await eventTypesOf(store, sessionId)).toEqual(['MEMBER_JOINED', 'SESSION_ENDED']);
  });

  test('updates of different fields at once are all there in the end', async () => {
    const { sessionId } = orThrow(await gateways[0].sessions.create(owner, {}));
    const answers = await atOnce(20, (n) => either(n, 2).sessions.update(owner, { sessionId, metadata: { [`key${n}`]: n } }));
    for (const answer of answers) orThrow(answer);
    expect(Object.keys((await sessionIn(store, sessionId)).metadata)).toHaveLength(20);
    expect(await eventTypesOf(store, sessionId)).toEqual(['MEMBER_JOINED', ...answers.map(() => 'SESSION_UPDATED')]);
  });

  test.each<readonly [string, (gateway: Gateway, id: SessionId, memberId: Admission['memberId']) => Promise<unknown>, string]>([
    ['a kick', ({ sessions }, sessionId, memberId) => sessions.kick(owner, { sessionId, memberId }), 'NOT_A_MEMBER'],
    ['the end', ({ sessions }, sessionId) => sessions.end(owner, { sessionId }), 'ENDED'],
  ])('%s between the load and the commit of a message refuses it', async (_, interrupt, code) => {
    const [other] = gateways;
    let between: (() => Promise<unknown>) | null = null;
    const slow = createGateway({
      ...store,
      async commit(commit) {
        const run = between;
        between = null;
        await run?.();
        return store.commit(commit);
      },
    });
    const { sessionId } = orThrow(await other.sessions.create(owner, { visibility: 'PUBLIC' }));
    const guest = orThrow(await other.sessions.join(anonymous(), { sessionId }));
    between = () => interrupt(other, sessionId, guest.memberId);
    const answer = await slow.sessions.send(await admitted(store, guest), { content: 'still here' });
    expect(answer).toMatchObject({ kind: 'problem', code });
    expect(await messagesOf(store, sessionId)).toEqual([]);
    expect(slow.hints).toEqual([]);
  });

  test('a session that others keep changing is said to be busy, and nothing is written', async () => {
    const { sessions } = gateways[0];
    const { sessionId } = orThrow(await sessions.create(owner, {}));
    const contended = createGateway({ ...store, commit: async () => ({ kind: 'conflict' }) });
    expect(expectProblem(await contended.sessions.update(owner, { sessionId, title: 'x' }), 'CONFLICT').retryAfterSeconds).toBe(1);
    expect(await eventTypesOf(store, sessionId)).toEqual(['MEMBER_JOINED']);
  });
});
