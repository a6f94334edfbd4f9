import { isDeepStrictEqual } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { fakeService } from '../support/fake-service.ts';
import { createLocalBackend } from '../../src/backends/local/index.ts';
import type { OpenRequest, Service } from '../../src/core/service.ts';
import { newMemberId, newSessionId } from '../../src/core/ids.ts';
import type { Store } from '../../src/core/ports.ts';
import { ProblemError, orThrow, problem } from '../../src/core/problem.ts';
import type { CreateInput } from '../../src/core/use-cases.ts';
import { createPasswordHasher } from '../../src/auth/passwords.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { type Fault, awkward } from '../support/core-bounds.ts';
import { codeOf, expectProblem } from '../support/core-fixtures.ts';
import {
  type Gateway,
  admitted,
  anonymous,
  apiKey,
  createGateway,
  eventTypesOf,
  everythingOf,
  memberIn,
  membersOf,
  sessionIn,
  user,
  wallet,
} from '../support/core-service.ts';

// The example of EIP-55, in the form that it demands and in one case.
const address = '0x52908400098527886E0F7030069857D2E4169EE7';
const other = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
const badChecksum = '0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';

let store: Store;
let gateway: Gateway;
let sessions: Gateway['sessions'];
beforeEach(() => {
  store = createMemoryStore();
  gateway = createGateway(store);
  ({ sessions } = gateway);
});

describe('create', () => {
  test('answers with the creator as a host who holds a token, and tells the bus', async () => {
    const admission = orThrow(await sessions.create(anonymous(), { title: 'Stand-up', identity: { name: ' Ada ' } }));
    expect(admission.credentials).toEqual({ token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/), expiresAt: null });
    expect(await sessionIn(store, admission.sessionId)).toMatchObject({ backend: 'local', title: 'Stand-up', activeMembers: 1 });
    expect(await memberIn(store, admission.memberId)).toMatchObject({ name: 'Ada', role: 'HOST', principal: null, address: null });
    expect(await eventTypesOf(store, admission.sessionId)).toEqual(['MEMBER_JOINED']);
    expect(gateway.hints).toEqual([{ sessionId: admission.sessionId, seq: 1 }]);
    expect(gateway.scheduled).toEqual([]);
  });

  test('has the clock look at a session that runs out', async () => {
    const { sessionId } = orThrow(await sessions.create(anonymous(), { rules: { timeout: { timeoutSeconds: 10, warningSeconds: 3 } } }));
    expect(gateway.scheduled).toEqual([{ sessionId, dueAt: gateway.clock.now() + 7_000 }]);
  });

  test.each([
    ['an anonymous caller', anonymous(), { name: expect.stringMatching(/^Guest [0-9a-f]{4}$/), address: null, principal: null }],
    ['a wallet', wallet(address), { name: '0x5290…9EE7', address, principal: `wallet:${address.toLowerCase()}` }],
    ['a user', user('grace', '17'), { name: 'grace', address: null, principal: 'user:https://id.example.org/|17' }],
    ['an API key', apiKey('k1'), { name: 'key k1', address: null, principal: 'key:k1' }],
  ])('calls %s by what it is', async (_, caller, identity) => {
    const { memberId } = orThrow(await sessions.create(caller, {}));
    expect(await memberIn(store, memberId)).toMatchObject(identity);
  });

  test('takes the name that a caller gives, and the address that it proved', async () => {
    const admission = orThrow(await sessions.create(wallet(address), { identity: { name: 'Ada', address: address.toLowerCase() } }));
    expect(await memberIn(store, admission.memberId)).toMatchObject({ name: 'Ada', address });
  });

  test.each([
    ['an anonymous caller', anonymous()],
    ['a user', user('grace')],
    ['another wallet', wallet(other)],
  ])('does not take the word of %s for an address', async (_, caller) => {
    expectProblem(await sessions.create(caller, { identity: { address } }), 'FORBIDDEN', ['identity', 'address']);
  });

  test('takes the word of an API key, and writes the address as EIP-55 does', async () => {
    const { memberId } = orThrow(await sessions.create(apiKey('k1'), { identity: { name: 'Ada', address: address.toLowerCase() } }));
    expect(await memberIn(store, memberId)).toMatchObject({ name: 'Ada', address });
  });

  test('keeps lists of addresses as EIP-55 writes them, and names as they are', async () => {
    const { sessionId } = orThrow(
      await sessions.create(apiKey('k1'), {
        owners: [` ${address.toLowerCase()} `, 'grace'],
        rules: { allowlist: [other.toLowerCase(), `0x${other.slice(2).toUpperCase()}`, 'Ada', '5xNotEthereum'] },
      }),
    );
    expect(await sessionIn(store, sessionId)).toMatchObject({
      owners: [address, 'grace'],
      rules: { allowlistOnly: true, allowlist: [other, other, 'Ada', '5xNotEthereum'] },
    });
  });

  test.each<Fault<CreateInput>>([
    ['an address with a wrong checksum', { identity: { address: badChecksum } }, 'BAD_INPUT', ['identity', 'address']],
    ['an empty address', { identity: { address: '' } }, 'BAD_INPUT', ['identity', 'address']],
    ['a listed address with a wrong checksum', { rules: { allowlist: ['ada', badChecksum] } }, 'BAD_INPUT', ['rules', 'allowlist', '1']],
    ['an owner with a wrong checksum', { owners: [badChecksum] }, 'BAD_INPUT', ['owners', '0']],
    ['a backend that there is not', { backend: 'elsewhere' }, 'BAD_INPUT', ['backend']],
    ['a capacity of nothing', { rules: { maxMembers: 0 } }, 'BAD_INPUT', ['rules', 'maxMembers']],
    ['a password that is too long', { rules: { password: 'x'.repeat(1_025) } }, 'TOO_LARGE', ['rules', 'password']],
    [
      'a timeout shorter than its warning',
      { rules: { timeout: { timeoutSeconds: 5, warningSeconds: 6 } } },
      'BAD_INPUT',
      ['rules', 'timeout', 'warningSeconds'],
    ],
  ])('refuses %s, and makes no session', async (_, input, code, path) => {
    expectProblem(await sessions.create(apiKey('k1'), input), code, path);
    const made = await store.sessions.list({ audience: { all: true }, page: { limit: 1 }, now: gateway.clock.now() });
    expect(made.items).toEqual([]);
    expect(gateway.hints).toEqual([]);
  });

  test.each([['preferred\0name'], ['half \ud83d'], ['x'.repeat(129)], [' ']])(
    'refuses the name %j that a token brings, and takes a better one',
    async (name) => {
      expectProblem(await sessions.create(user(name, '17'), {}), 'BAD_INPUT', ['identity', 'name']);
      const { memberId } = orThrow(await sessions.create(user(name, '17'), { identity: { name: 'Grace' } }));
      expect(await memberIn(store, memberId)).toMatchObject({ name: 'Grace' });
    },
  );

  test.each(awkward)('%j comes back as it was given', async (text) => {
    const { sessionId, memberId } = orThrow(
      await sessions.create(anonymous(), { title: text, identity: { name: text }, metadata: { [text]: text } }),
    );
    expect(await sessionIn(store, sessionId)).toMatchObject({ title: text, metadata: { [text]: text } });
    expect(await memberIn(store, memberId)).toMatchObject({ name: text.trim() });
  });

  test('takes a backend by its name and by its id', async () => {
    for (const backend of ['paid', 'bck_cGFpZA']) {
      const { sessionId } = orThrow(await sessions.create(apiKey('k1', 'ENTERPRISE'), { backend }));
      expect((await sessionIn(store, sessionId)).backend).toBe('paid');
    }
  });

  test.each([
    [anonymous(), false],
    [wallet(address), false],
    [apiKey('free', 'FREE'), false],
    [apiKey('pro', 'PRO'), true],
    [apiKey('enterprise', 'ENTERPRISE'), true],
  ])('a backend with a minimum tier: %j may is %s', async (caller, may) => {
    const answer = await sessions.create(caller, { backend: 'paid' });
    expect(codeOf(answer)).toBe(may ? 'done' : 'TIER_REQUIRED');
    expect(answer).toMatchObject(may ? { credentials: {} } : { path: ['backend'], backend: 'paid' });
  });

  test('takes a handle, once for a backend', async () => {
    const { sessionId } = orThrow(await sessions.create(apiKey('k1', 'PRO'), { handle: 'room-1' }));
    expect((await sessionIn(store, sessionId)).handle).toBe('room-1');
    expect(expectProblem(await sessions.create(apiKey('k1'), { handle: 'room-1' }), 'CONFLICT', ['handle']).backend).toBe('local');
    orThrow(await sessions.create(apiKey('k1', 'PRO'), { handle: 'room-1', backend: 'paid' }));
  });

  test('says that there is no agent where there is none', async () => {
    expectProblem(await sessions.create(anonymous(), { agentId: 'agt_x' }), 'UNSUPPORTED', ['agentId']);
  });

  describe('at a service', () => {
    const openings: OpenRequest[] = [];
    const over = (open: Service['open']) => {
      const service = fakeService({
        open(request, signal) {
          openings.push(request);
          return open(request, signal);
        },
      });
      const far = { ...createLocalBackend({ name: 'far', minimumTier: null }), service };
      return createGateway(store, { backends: new Map([['far', far]]), defaultBackend: 'far' });
    };
    beforeEach(() => {
      openings.length = 0;
    });

    test('keeps the handle that the service gives', async () => {
      const { sessions: far } = over(async () => ({ handle: 'theirs', facts: {} }));
      const { sessionId } = orThrow(await far.create(anonymous(), { handle: 'ours' }));
      expect(openings).toMatchObject([{ handle: 'ours' }]);
      expect(await sessionIn(store, sessionId)).toMatchObject({ backend: 'far', handle: 'theirs' });
    });

    test('passes on what it refuses, and makes no session', async () => {
      const down = over(async () => problem('UPSTREAM_UNAVAILABLE', 'It is down.', { backend: 'far' }));
      expect(expectProblem(await down.sessions.create(anonymous(), {}), 'UPSTREAM_UNAVAILABLE').backend).toBe('far');
      expect(down.hints).toEqual([]);
    });

    test('opens nothing there for an input that is refused', async () => {
      const { sessions: far } = over(async () => ({ handle: 'theirs', facts: {} }));
      for (const input of [{ title: '' }, { identity: { address } }, { rules: { timeout: { timeoutSeconds: 5, warningSeconds: 5 } } }]) {
        expect(await far.create(anonymous(), input)).toMatchObject({ kind: 'problem' });
      }
      expect(openings).toEqual([]);
    });
  });
});

describe('join', () => {
  test('answers with a member who holds a token, and tells the bus', async () => {
    const { sessionId } = orThrow(await sessions.create(anonymous(), {}));
    const admission = orThrow(await sessions.join(anonymous(), { sessionId, identity: { name: 'Grace' } }));
    expect(admission).toMatchObject({ sessionId, credentials: { token: expect.any(String), expiresAt: null } });
    expect(await memberIn(store, admission.memberId)).toMatchObject({ name: 'Grace', role: 'MEMBER', status: 'ACTIVE' });
    expect(await sessionIn(store, sessionId)).toMatchObject({ activeMembers: 2 });
    expect(gateway.hints.at(-1)).toEqual({ sessionId, seq: 2 });
  });

  test('of a session that there is not, or by an id that is none', async () => {
    expectProblem(await sessions.join(anonymous(), { sessionId: newSessionId() }), 'NOT_FOUND', ['sessionId']);
    for (const id of ['', 'x', newMemberId(), `${newSessionId()}\0`, 'ses_', 'SES_abc', '../etc']) {
      expectProblem(await sessions.join(anonymous(), { sessionId: id }), 'BAD_INPUT', ['sessionId']);
    }
  });

  test.each([
    ['a wallet', wallet(address), wallet(address.toLowerCase())],
    ['a user', user('grace', '17'), user('grace hopper', '17')],
  ])('%s that comes again is the member that it was', async (_, caller, again) => {
    const { sessionId } = orThrow(await sessions.create(apiKey('k1'), { rules: { password: 'sesame', maxMembers: 2 } }));
    const first = orThrow(await sessions.join(caller, { sessionId, password: 'sesame' }));
    // Neither the password nor the capacity is asked about again.
    const second = orThrow(await sessions.join(again, { sessionId }));
    expect(second).toEqual(first);
    expect(orThrow(await sessions.join(again, { sessionId, password: 'wrong' }))).toEqual(first);
    expect(await eventTypesOf(store, sessionId)).toEqual(['MEMBER_JOINED', 'MEMBER_JOINED']);
  });

  test('a member token that comes again is the member that it was', async () => {
    const { sessionId } = orThrow(await sessions.create(anonymous(), {}));
    const first = orThrow(await sessions.join(anonymous(), { sessionId }));
    expect(orThrow(await sessions.join(await admitted(store, first), { sessionId }))).toEqual(first);
  });

  test('who has left is somebody new when coming again, and the old token does not act', async () => {
    const { sessionId } = orThrow(await sessions.create(anonymous(), {}));
    const first = orThrow(await sessions.join(wallet(address), { sessionId }));
    const old = await admitted(store, first);
    orThrow(await sessions.leave(wallet(address), { sessionId }));
    const second = orThrow(await sessions.join(wallet(address), { sessionId }));
    expect(second.memberId).not.toBe(first.memberId);
    expect(second.credentials.token).not.toBe(first.credentials.token);
    expectProblem(await sessions.send(old, { content: 'x' }), 'NOT_FOUND', ['sessionId']);
  });

  test('anonymous callers and API keys come in anew each time', async () => {
    const { sessionId } = orThrow(await sessions.create(apiKey('k1'), {}));
    for (const caller of [anonymous(), apiKey('k1'), apiKey('k2')]) {
      const [one, two] = [orThrow(await sessions.join(caller, { sessionId })), orThrow(await sessions.join(caller, { sessionId }))];
      expect(one.memberId).not.toBe(two.memberId);
    }
  });

  test('the creator who left comes back as the host', async () => {
    for (const creator of [wallet(address), user('grace')]) {
      const { sessionId } = orThrow(await sessions.create(creator, { rules: { allowlistOnly: true } }));
      orThrow(await sessions.leave(creator, { sessionId }));
      const { memberId } = orThrow(await sessions.join(creator, { sessionId }));
      expect(await memberIn(store, memberId)).toMatchObject({ role: 'HOST' });
    }
  });

  describe('by whom the session is for', () => {
    test.each([
      ['a wallet on the list', wallet(address), { allowlist: [address.toLowerCase()] }, true],
      ['a user on the list', user('Grace'), { allowlist: ['grace'] }, true],
      ['a user on the list by its subject', user('x', '17'), { allowlist: ['17'] }, true],
      ['a wallet that is not on it', wallet(other), { allowlist: [address] }, false],
      ['somebody who only says so', anonymous(), { allowlist: ['grace'] }, false],
      ['a key that does not own the session', apiKey('k2'), { allowlist: ['grace'] }, false],
      ['the key that owns it', apiKey('k1'), { allowlist: ['ada'] }, true],
    ])('%s', async (_, caller, rules, may) => {
      const { sessionId } = orThrow(await sessions.create(apiKey('k1'), { rules }));
      const before = await everythingOf(store, sessionId);
      const answer = await sessions.join(caller, { sessionId, identity: { name: 'grace' } });
      expect(codeOf(answer)).toBe(may ? 'done' : 'NOT_ALLOWLISTED');
      const after = await everythingOf(store, sessionId);
      expect(isDeepStrictEqual(after, before)).toBe(!may);
    });

    test('the key that owns the session vouches for whom it brings', async () => {
      const { sessionId } = orThrow(await sessions.create(apiKey('k1'), { owners: ['grace', address] }));
      const hosts = [
        orThrow(await sessions.join(apiKey('k1'), { sessionId, identity: { name: 'Grace' } })),
        orThrow(await sessions.join(apiKey('k1'), { sessionId, identity: { name: 'Ada', address: address.toLowerCase() } })),
      ];
      for (const { memberId } of hosts) expect(await memberIn(store, memberId)).toMatchObject({ role: 'HOST', principal: null });
      const { memberId } = orThrow(await sessions.join(apiKey('k2'), { sessionId, identity: { name: 'Grace' } }));
      expect(await memberIn(store, memberId)).toMatchObject({ role: 'MEMBER' });
      expectProblem(await sessions.join(apiKey('k2'), { sessionId, identity: { address } }), 'FORBIDDEN', ['identity', 'address']);
    });
  });

  describe('with a password', () => {
    const protectedSession = async () => orThrow(await sessions.create(apiKey('k1'), { rules: { password: 'sesame 💥' } })).sessionId;

    test('the right one, a wrong one, none', async () => {
      const sessionId = await protectedSession();
      orThrow(await sessions.join(anonymous(), { sessionId, password: 'sesame 💥' }));
      const before = await everythingOf(store, sessionId);
      expectProblem(await sessions.join(anonymous(), { sessionId, password: 'sesame' }), 'WRONG_PASSWORD', ['password']);
      expectProblem(await sessions.join(anonymous(), { sessionId }), 'WRONG_PASSWORD', ['password']);
      expectProblem(await sessions.join(anonymous(), { sessionId, password: '' }), 'BAD_INPUT', ['password']);
      expectProblem(await sessions.join(anonymous(), { sessionId, password: 'x'.repeat(1_025) }), 'TOO_LARGE', ['password']);
      expectProblem(await sessions.join(anonymous(), { sessionId, password: 'sesame \ud83d' }), 'BAD_INPUT', ['password']);
      expect(await everythingOf(store, sessionId)).toEqual(before);
    });

    test('a key that does not own the session gives it, the one that does need not', async () => {
      const sessionId = await protectedSession();
      expectProblem(await sessions.join(apiKey('k2'), { sessionId }), 'WRONG_PASSWORD', ['password']);
      orThrow(await sessions.join(apiKey('k1'), { sessionId }));
    });

    test('tries are counted per session and caller, and the right one at last does not help', async () => {
      const sessionId = await protectedSession();
      for (let tries = 0; tries < 10; tries += 1) {
        expectProblem(await sessions.join(anonymous(), { sessionId, password: `guess ${tries}` }), 'WRONG_PASSWORD', ['password']);
      }
      const refusal = expectProblem(await sessions.join(anonymous(), { sessionId, password: 'sesame 💥' }), 'RATE_LIMITED', ['password']);
      expect(refusal.retryAfterSeconds).toBeGreaterThan(0);
      // Who gives none tries none.
      expectProblem(await sessions.join(anonymous(), { sessionId }), 'WRONG_PASSWORD', ['password']);
      orThrow(await sessions.join(anonymous('203.0.113.2'), { sessionId, password: 'sesame 💥' }));
      orThrow(await sessions.join(user('grace'), { sessionId, password: 'sesame 💥' }));
      orThrow(await sessions.join(anonymous(), { sessionId: await protectedSession(), password: 'sesame 💥' }));
    });

    test('right ones are refused to nobody, however many come at once from one address, and wrong ones are', async () => {
      const sessionId = await protectedSession();
      const right = Array.from({ length: 30 }, () => sessions.join(anonymous(), { sessionId, password: 'sesame 💥' }));
      expect((await Promise.all(right)).map(codeOf)).toEqual(Array(30).fill('done'));
      const guess = (index: number) => sessions.join(anonymous('203.0.113.7'), { sessionId, password: `guess ${index}` });
      const codes = (await Promise.all(Array.from({ length: 30 }, (_, index) => guess(index)))).map(codeOf);
      expect(codes.filter((code) => code === 'WRONG_PASSWORD')).toHaveLength(10);
      expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(20);
    }, 30_000);

    test('tries at once are counted one by one', async () => {
      const sessionId = await protectedSession();
      const answers = await Promise.all(
        Array.from({ length: 15 }, (_, n) => sessions.join(anonymous(), { sessionId, password: `guess ${n}` })),
      );
      const codes = answers.map((answer) => ('code' in answer ? answer.code : 'in'));
      expect(codes.filter((code) => code === 'WRONG_PASSWORD')).toHaveLength(10);
      expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(5);
    });

    test('a member who comes again tries none', async () => {
      const sessionId = await protectedSession();
      orThrow(await sessions.join(user('grace'), { sessionId, password: 'sesame 💥' }));
      for (let tries = 0; tries < 12; tries += 1) orThrow(await sessions.join(user('grace'), { sessionId, password: 'guess' }));
    });

    test('one that is changed or taken away while somebody comes in is the one that counts', async () => {
      const sessionId = await protectedSession();
      const passwords = createPasswordHasher();
      let between: (() => Promise<unknown>) | null = null;
      const slow = createGateway(store, {
        passwords: {
          ...passwords,
          async verify(hash, password) {
            const right = await passwords.verify(hash, password);
            const run = between;
            between = null;
            await run?.();
            return right;
          },
        },
      });
      between = () => sessions.update(apiKey('k1'), { sessionId, rules: { password: 'new' } });
      expectProblem(await slow.sessions.join(anonymous(), { sessionId, password: 'sesame 💥' }), 'WRONG_PASSWORD', ['password']);
      between = () => sessions.update(apiKey('k1'), { sessionId, rules: { password: 'newer' } });
      orThrow(await slow.sessions.join(anonymous(), { sessionId, password: 'newer' }));
      between = () => sessions.update(apiKey('k1'), { sessionId, rules: { password: null } });
      orThrow(await slow.sessions.join(anonymous(), { sessionId, password: 'guess' }));
    });

    test('a hasher with too much to do is a refusal, not a failure', async () => {
      const sessionId = await protectedSession();
      const busy = async (): Promise<never> => {
        throw new ProblemError(problem('RATE_LIMITED', 'Too many at once.', { retryAfterSeconds: 5 }));
      };
      const { sessions: crowded } = createGateway(store, { passwords: { hash: busy, verify: busy } });
      for (const answer of [
        await crowded.join(anonymous(), { sessionId, password: 'sesame 💥' }),
        await crowded.create(anonymous(), { rules: { password: 'sesame' } }),
        await crowded.update(apiKey('k1'), { sessionId, rules: { password: 'sesame' } }),
      ]) {
        expect(expectProblem(answer, 'RATE_LIMITED').retryAfterSeconds).toBe(5);
      }
    });
  });

  describe('after a kick', () => {
    const kicked = async (caller: Parameters<Gateway['sessions']['join']>[0], ban: boolean) => {
      const { sessionId } = orThrow(await sessions.create(apiKey('k1'), {}));
      const { memberId } = orThrow(await sessions.join(caller, { sessionId, identity: { name: 'Mallory' } }));
      orThrow(await sessions.kick(apiKey('k1'), { sessionId, memberId, ban }));
      return sessionId;
    };

    test.each([
      ['a wallet', wallet(address), wallet(address.toLowerCase())],
      ['a user', user('m', '17'), user('renamed', '17')],
      ['a guest', anonymous(), anonymous('203.0.113.9')],
    ])('%s that was banned stays out', async (_, caller, again) => {
      const sessionId = await kicked(caller, true);
      const before = await everythingOf(store, sessionId);
      expectProblem(await sessions.join(again, { sessionId, identity: { name: 'mallory' } }), 'KICKED');
      expect(await everythingOf(store, sessionId)).toEqual(before);
    });

    test.each([
      ['a wallet', wallet(address)],
      ['a user', user('m', '17')],
      ['a guest', anonymous()],
    ])('%s that was not banned may come again', async (_, caller) => {
      const sessionId = await kicked(caller, false);
      orThrow(await sessions.join(caller, { sessionId, identity: { name: 'Mallory' } }));
    });

    test('a namesake is somebody else, where more than the name is known', async () => {
      const sessionId = await kicked(anonymous(), true);
      orThrow(await sessions.join(wallet(address), { sessionId, identity: { name: 'Mallory' } }));
      const elsewhere = await kicked(wallet(address), true);
      orThrow(await sessions.join(anonymous(), { sessionId: elsewhere, identity: { name: 'Mallory' } }));
      orThrow(await sessions.join(wallet(other), { sessionId: elsewhere, identity: { name: 'Mallory' } }));
    });

    test('a person stays out however many guests were banned before', async () => {
      const { sessionId } = orThrow(await sessions.create(apiKey('k1'), {}));
      const identity = { name: 'Mallory' };
      const guests = [];
      for (let n = 0; n < 12; n += 1) guests.push(orThrow(await sessions.join(anonymous(), { sessionId, identity })));
      for (const { memberId } of guests) orThrow(await sessions.kick(apiKey('k1'), { sessionId, memberId }));
      const { memberId } = orThrow(await sessions.join(wallet(address), { sessionId, identity: { name: 'Mallory' } }));
      orThrow(await sessions.kick(apiKey('k1'), { sessionId, memberId }));
      expectProblem(await sessions.join(wallet(address), { sessionId, identity: { name: 'Mallory' } }), 'KICKED');
    });
  });

  test('a session that is over takes nobody, whatever the password', async () => {
    const { sessionId } = orThrow(await sessions.create(apiKey('k1'), { rules: { password: 'x', lifetimeSeconds: 10 } }));
    orThrow(await sessions.join(user('grace'), { sessionId, password: 'x' }));
    await gateway.clock.advance(10_000);
    for (const caller of [anonymous(), user('grace'), apiKey('k1')]) {
      expectProblem(await sessions.join(caller, { sessionId, password: 'wrong' }), 'EXPIRED');
    }
    const { sessionId: ended } = orThrow(await sessions.create(apiKey('k1'), {}));
    orThrow(await sessions.end(apiKey('k1'), { sessionId: ended }));
    expectProblem(await sessions.join(anonymous(), { sessionId: ended }), 'ENDED');
  });

  test('counts the members there are', async () => {
    const { sessionId } = orThrow(await sessions.create(apiKey('k1'), { rules: { maxMembers: 2 } }));
    const guest = orThrow(await sessions.join(anonymous(), { sessionId }));
    expectProblem(await sessions.join(anonymous(), { sessionId }), 'SESSION_FULL');
    orThrow(await sessions.leave(await admitted(store, guest), {}));
    orThrow(await sessions.join(anonymous(), { sessionId }));
    expect(await membersOf(store, sessionId, 'ACTIVE')).toHaveLength(2);
  });
});
