import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newMessageId } from '../../src/core/ids.ts';
import type { Store } from '../../src/core/ports.ts';
import { orThrow } from '../../src/core/problem.ts';
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
  messagesOf,
  sessionIn,
  storeDrivers,
  user,
  wallet,
} from '../support/core-service.ts';

describe.each(Object.keys(storeDrivers) as (keyof typeof storeDrivers)[])('over the %s store', (driver) => {
  let store: Store;
  let gateways: readonly [Gateway, Gateway];
  let sessions: Gateway['sessions'];
  let key: string;
  let title: string;
  let tests = 0;
  beforeAll(async () => {
    store = await storeDrivers[driver]();
  });
  afterAll(() => store[Symbol.asyncDispose]());
  beforeEach(() => {
    const clock = createTestClock();
    gateways = [createGateway(store, { clock }), createGateway(store, { clock })];
    ({ sessions } = gateways[0]);
    tests += 1;
    key = `key ${tests} 💥`;
    title = `title ${tests}`;
  });

  /** How many sessions have the title of this test. */
  async function made(): Promise<number> {
    const page = await store.sessions.list({ audience: { all: true }, page: { limit: 1_000 }, now: gateways[0].clock.now() });
    return page.items.filter((session) => session.title === title).length;
  }

  const callers = [
    ['a key', apiKey('k1')],
    ['a wallet', wallet('0x52908400098527886E0F7030069857D2E4169EE7')],
    ['a user', user('grace')],
  ] as const;

  test.each(callers)('%s that creates 50 times at once with one idempotency key makes one session', async (_, caller) => {
    const answers = await atOnce(50, () =>
      sessions.create(caller, { title, idempotencyKey: key, rules: { password: 'x', maxMembers: 3 } }),
    );
    const [first] = answers.map(orThrow);
    for (const answer of answers) expect(answer).toEqual(first);
    expect(await made()).toBe(1);
    expect(await eventTypesOf(store, first?.sessionId ?? ('' as never))).toEqual(['MEMBER_JOINED']);
  });

  test('also on two gateways', async () => {
    const answers = await atOnce(50, (n) =>
      (n % 2 === 0 ? gateways[0] : gateways[1]).sessions.create(apiKey('k1'), { title, idempotencyKey: key }),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(orThrow(answer)))).size).toBe(1);
    expect(await made()).toBe(1);
  });

  test('the answer is given again later, also after the session was changed', async () => {
    const input = { title, idempotencyKey: key };
    const first = orThrow(await sessions.create(apiKey('k1'), input));
    orThrow(await sessions.update(apiKey('k1'), { sessionId: first.sessionId, description: 'changed' }));
    await gateways[0].clock.advance(60_000);
    expect(orThrow(await sessions.create(apiKey('k1'), { ...input }))).toEqual(first);
    // The same input, its fields in another order, is the same input.
    expect(orThrow(await sessions.create(apiKey('k1'), { idempotencyKey: key, title }))).toEqual(first);
  });

  test('another input is a mismatch, and changes nothing', async () => {
    orThrow(await sessions.create(apiKey('k1'), { title, idempotencyKey: key }));
    for (const input of [{}, { title: 'another' }, { title, metadata: { a: 1 } }]) {
      expectProblem(await sessions.create(apiKey('k1'), { ...input, idempotencyKey: key }), 'IDEMPOTENCY_MISMATCH', ['idempotencyKey']);
    }
    expect(await made()).toBe(1);
  });

  test('of two inputs at once with one key, one is a mismatch', async () => {
    const answers = await atOnce(20, (n) => sessions.create(apiKey('k1'), { title, description: `${n % 2}`, idempotencyKey: key }));
    expect(answers.map(codeOf).sort()).toEqual([...Array(10).fill('IDEMPOTENCY_MISMATCH'), ...Array(10).fill('done')]);
    expect(await made()).toBe(1);
  });

  test('a refusal does not use the key up', async () => {
    expectProblem(await sessions.create(apiKey('k1'), { title, idempotencyKey: key, backend: 'paid' }), 'TIER_REQUIRED', ['backend']);
    orThrow(await sessions.create(apiKey('k1'), { title, idempotencyKey: key }));
    expect(await made()).toBe(1);
  });

  test('another caller with the same key has a session of its own', async () => {
    const answers = await Promise.all(callers.map(([, caller]) => sessions.create(caller, { title, idempotencyKey: key })));
    answers.push(await sessions.create(apiKey('k2'), { title, idempotencyKey: key }));
    expect(new Set(answers.map((answer) => orThrow(answer).sessionId)).size).toBe(4);
    expect(new Set(answers.map((answer) => orThrow(answer).credentials.token)).size).toBe(4);
    expect(await made()).toBe(4);
  });

  test('an anonymous caller gets no credentials by a key that was used: not even its own, since nobody can tell', async () => {
    const first = orThrow(await sessions.create(anonymous(), { title, idempotencyKey: key }));
    for (const caller of [anonymous(), anonymous('203.0.113.9')]) {
      const refusal = expectProblem(await sessions.create(caller, { title, idempotencyKey: key }), 'CONFLICT', ['idempotencyKey']);
      expect(JSON.stringify(refusal)).not.toContain(first.credentials.token);
      expect(JSON.stringify(refusal)).not.toContain(first.sessionId);
    }
    expect(await made()).toBe(1);
    // And none of a caller who signed in.
    const signedIn = orThrow(await sessions.create(apiKey('k1'), { title, idempotencyKey: `${key}2` }));
    const guess = orThrow(await sessions.create(anonymous(), { title, idempotencyKey: `${key}2` }));
    expect(guess.sessionId).not.toBe(signedIn.sessionId);
  });

  test('of 50 anonymous callers at once with one key, one gets in', async () => {
    const answers = await atOnce(50, () => sessions.create(anonymous(), { title, idempotencyKey: key }));
    expect(answers.map(codeOf).sort()).toEqual([...Array(49).fill('CONFLICT'), 'done']);
    expect(await made()).toBe(1);
  });

  test('what is kept says nothing of the input', async () => {
    orThrow(await sessions.create(apiKey('k1'), { title, idempotencyKey: key, rules: { password: 'open sesame' } }));
    const record = await store.sessions.idempotency('key:k1', key);
    expect(record).toMatchObject({ inputHash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(JSON.stringify(record)).not.toMatch(/sesame|title/);
  });

  describe('send', () => {
    test.each([1, 2] as const)('50 times at once with one key is one message, on %d gateways', async (count) => {
      const admission = orThrow(await sessions.create(anonymous(), { title }));
      const host = await admitted(store, admission);
      const answers = await atOnce(50, (n) =>
        (n % count === 0 ? gateways[0] : gateways[1]).sessions.send(host, { content: 'once', idempotencyKey: key }),
      );
      const [first] = answers.map(orThrow);
      for (const answer of answers) expect(answer).toEqual(first);
      expect(await messagesOf(store, admission.sessionId)).toEqual([first?.message]);
      expect(await eventTypesOf(store, admission.sessionId)).toEqual(['MEMBER_JOINED', 'MESSAGE_ADDED']);
      // As said by id or as the current session, it is the same.
      const byId = { sessionId: admission.sessionId, content: 'once', idempotencyKey: key };
      expect(orThrow(await sessions.send(host, byId))).toEqual(first);
    });

    test('also with files', async () => {
      const host = await admitted(store, orThrow(await sessions.create(anonymous(), { rules: { maxFiles: 1 } })));
      const attachments = [{ url: 'https://example.org/f' }];
      const answers = await atOnce(20, () => sessions.send(host, { content: 'once', attachments, idempotencyKey: key }));
      expect(new Set(answers.map((answer) => orThrow(answer).message.id)).size).toBe(1);
    });

    test('another input, session or operation is a mismatch', async () => {
      const caller = user('grace');
      const [one, two] = [orThrow(await sessions.create(caller, {})), orThrow(await sessions.create(caller, {}))];
      const input = { sessionId: one.sessionId, content: 'x', idempotencyKey: key };
      orThrow(await sessions.send(caller, input));
      for (const answer of [
        await sessions.send(caller, { ...input, content: 'y' }),
        await sessions.send(caller, { ...input, sessionId: two.sessionId }),
        await sessions.create(caller, { title, idempotencyKey: key }),
      ]) {
        expectProblem(answer, 'IDEMPOTENCY_MISMATCH', ['idempotencyKey']);
      }
      expect(await messagesOf(store, one.sessionId)).toHaveLength(1);
      expect(await messagesOf(store, two.sessionId)).toHaveLength(0);
      expect(await made()).toBe(0);
    });

    test('members do not share keys', async () => {
      const { sessionId, memberId } = orThrow(await sessions.create(anonymous(), {}));
      const guest = orThrow(await sessions.join(anonymous(), { sessionId }));
      for (const member of [{ sessionId, memberId }, guest]) {
        const caller = await admitted(store, { ...guest, ...member });
        orThrow(await sessions.send(caller, { content: 'x', idempotencyKey: key }));
      }
      expect(await messagesOf(store, sessionId)).toHaveLength(2);
    });

    test('a refusal does not use the key up', async () => {
      const admission = orThrow(await sessions.create(anonymous(), {}));
      const host = await admitted(store, admission);
      expectProblem(await sessions.send(host, { content: '', idempotencyKey: key }), 'BAD_INPUT', ['content']);
      expectProblem(await sessions.send(host, { content: 'x', inReplyTo: newMessageId(), idempotencyKey: key }), 'NOT_FOUND', [
        'inReplyTo',
      ]);
      orThrow(await sessions.send(host, { content: 'x', idempotencyKey: key }));
    });

    test('the answer is given again after the session is over, as long as the message is there', async () => {
      const admission = orThrow(await sessions.create(anonymous(), {}));
      const host = await admitted(store, admission);
      const first = orThrow(await sessions.send(host, { content: 'x', idempotencyKey: key }));
      const { sessionId } = admission;
      orThrow(await sessions.end(host, {}));
      expect(orThrow(await sessions.send(host, { content: 'x', idempotencyKey: key }))).toEqual(first);
      expect((await sessionIn(store, sessionId)).status).toBe('ENDED');
    });

    test('a message that has been cleared is not sent again', async () => {
      const admission = orThrow(await sessions.create(anonymous(), {}));
      const host = await admitted(store, admission);
      orThrow(await sessions.send(host, { content: 'x', idempotencyKey: key }));
      orThrow(await sessions.clear(host, {}));
      expectProblem(await sessions.send(host, { content: 'x', idempotencyKey: key }), 'CONFLICT', ['idempotencyKey']);
      expect(await messagesOf(store, admission.sessionId)).toEqual([]);
    });

    test.each(['', ' ', 'x'.repeat(256), 'half \ud83d', 'nul \0'])('%j is no key', async (bad) => {
      const host = await admitted(store, orThrow(await sessions.create(anonymous(), {})));
      expectProblem(await sessions.send(host, { content: 'x', idempotencyKey: bad }), 'BAD_INPUT', ['idempotencyKey']);
      expectProblem(await sessions.create(apiKey('k1'), { title, idempotencyKey: bad }), 'BAD_INPUT', ['idempotencyKey']);
      expect(await made()).toBe(0);
    });
  });
});
