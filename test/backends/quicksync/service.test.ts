import { afterEach, describe, expect, test } from 'vitest';
import { sessionWith } from '../../../src/core/decide/facts.ts';
import { noRules, servicePassword } from '../../../src/core/rules.ts';
import type { Effects, SessionAt } from '../../../src/core/service.ts';
import { createTestClock } from '../../support/core-clock.ts';
import { expectProblem } from '../../support/core-fixtures.ts';
import type { EmulatedSession } from '../../emulators/quicksync/state.ts';
import { type World, createWorld, good, outgoing, requestOf } from './world.ts';

let world: World;
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const there = ({ session }: SessionAt): EmulatedSession => {
  const found = world.emulator.state.sessions.get(session.handle);
  if (found === undefined) throw new Error('Expected the session to be there');
  return found;
};
const effects = (): Required<Pick<Effects, 'join' | 'leave' | 'kick' | 'end'>> =>
  world.service.effects as Required<Pick<Effects, 'join' | 'leave' | 'kick' | 'end'>>;
const asMember = ({ as }: SessionAt) => {
  if (as === null) throw new Error('Expected a member');
  return as;
};
const bodies = (match: string): readonly unknown[] => {
  const [method, url] = match.split(' ');
  return world.emulator.requests.filter((each) => each.method === method && each.url === url).map(({ body }) => body);
};

describe('opening', () => {
  test('says what the service made of it', async () => {
    world = await createWorld();
    const creator = await world.joiner('Ada');
    const rules = {
      ...noRules,
      maxMembers: 3,
      lifetimeSeconds: 60,
      maxFiles: 5,
      allowlistOnly: true,
      allowlist: [String(creator.address)],
    };
    const now = 1_000_000;
    const opened = good(await world.service.open(requestOf(creator, { rules, now, input: { rules: { password: 'open sesame' } } })));
    const session = world.emulator.state.sessions.get(opened.handle);
    expect(opened).toEqual({
      handle: session?.id,
      facts: {
        rules: { maxMembers: 3, maxFiles: 5, maxTotalMegabytes: 100, passwordHash: servicePassword },
        data: { defaulted: [] },
        endsAt: now + 60_000,
      },
      member: { id: session?.creatorId, secret: session?.users.get(session.creatorId)?.token },
    });
    expect(session?.rules).toMatchObject({ userCapacity: 3, expirySeconds: 60, password: 'open sesame', onlyWhitelisted: true });
    expect(session?.users.get(session.creatorId)).toMatchObject({ name: 'Ada', address: creator.address });
    expect(JSON.stringify(opened.facts)).not.toContain('sesame');
  });

  test('without rules leaves them to the service', async () => {
    world = await createWorld();
    const { session } = await world.open();
    expect(bodies('POST /v1/session')).toEqual([{ identity: { name: 'Ada', chainAddress: expect.any(String) }, rules: {} }]);
    expect(session.rules).toEqual({ ...noRules, maxMembers: 10, maxFiles: 20, maxTotalMegabytes: 100 });
    expect(session.expiresAt).toBe(session.createdAt + 3_600_000);
  });

  test.each(['STRING', 'OBJECT'] as const)('sends and reads an allowlist of the shape %s', async (allowlistShape) => {
    world = await createWorld({ allowlistShape }, { allowlistShape });
    const other = await world.joiner('Grace');
    const at = await world.open({ allowlistOnly: true, allowlist: [String(other.address).toLowerCase()] });
    expect(there(at).rules.whitelist).toEqual([String(other.address).toLowerCase()]);
    expect(at.session.rules.allowlist).toEqual([String(other.address).toLowerCase()]);
    good(await effects().join(at, { ...other, password: null }));
  });

  test('needs the proof of a wallet, and says how to come by it', async () => {
    world = await createWorld();
    const creator = { ...(await world.joiner('Ada')), walletProof: null };
    const { detail } = expectProblem(await world.service.open(requestOf(creator)), 'UNAUTHENTICATED');
    expect(detail).toContain('`requestWalletChallenge(backend: "qs")` and `verifyWallet`');
    expect(bodies('POST /v1/session')).toEqual([]);
  });

  test('with a proof that has run out says the same', async () => {
    let now = 0;
    world = await createWorld({ now: () => now, walletProofSeconds: 1 });
    const creator = await world.joiner('Ada');
    now = 1_000;
    const { detail } = expectProblem(await world.service.open(requestOf(creator)), 'UNAUTHENTICATED');
    expect(detail).toContain('requestWalletChallenge(backend: "qs")');
    expect(detail).not.toContain(creator.walletProof);
  });

  test('with a wrong key is the operator’s fault, who does not read it in messages', async () => {
    world = await createWorld({ apiKey: 'another-key' }, { apiKey: 'a-secret-key' });
    const { detail } = expectProblem(await world.service.open(requestOf(await world.joiner('Ada'))), 'UPSTREAM_REFUSED');
    expect(detail).toContain('`apiKey`');
    expect(detail).not.toContain('a-secret-key');
  });

  test('names the field that the service does not take', async () => {
    world = await createWorld();
    const creator = await world.joiner('Ada');
    const rules = { ...noRules, lifetimeSeconds: -1 };
    const refusal = expectProblem(await world.service.open(requestOf(creator, { rules })), 'BAD_INPUT', ['rules', 'lifetimeSeconds']);
    expect(refusal.backend).toBe('qs');
  });

  test('has no place for a handle of the client’s, or for names on the allowlist', async () => {
    world = await createWorld();
    const creator = await world.joiner('Ada');
    expectProblem(await world.service.open(requestOf(creator, { handle: 'mine' })), 'UNSUPPORTED', ['handle']);
    const rules = { ...noRules, allowlist: [String(creator.address), 'grace'] };
    expectProblem(await world.service.open(requestOf(creator, { rules })), 'BAD_INPUT', ['rules', 'allowlist', '1']);
    expect(bodies('POST /v1/session')).toEqual([]);
  });

  test.each([
    [{ sessionId: 's' }, 'credentials'],
    [{ sessionId: 's', credentials: { token: '', id: 'u' } }, 'credentials.token'],
    [{ sessionId: null, credentials: { token: 't', id: 'u' } }, 'the whole'],
    [[], 'the whole'],
  ])('answered with %o is a failure of the service', async (body, field) => {
    world = await createWorld();
    const creator = await world.joiner('Ada');
    world.emulator.fault({ kind: 'nonsense', body }, { match: 'POST /v1/session' });
    expect(expectProblem(await world.service.open(requestOf(creator)), 'UPSTREAM_FAILED').detail).toContain(field);
  });
});

describe.each([
  ['SECONDS', 1_000_000, 1_060_000],
  ['EPOCH_SECONDS', 1_000_400, 1_060_000],
  ['EPOCH_MILLISECONDS', 1_000_400, 1_060_400],
] as const)('an expiry in %s', (expiryUnit, now, endsAt) => {
  test('is understood', async () => {
    world = await createWorld({ expiryUnit, now: () => now }, { expiryUnit });
    const at = await world.open({ lifetimeSeconds: 60 });
    expect(at.session.upstream?.endsAt).toBe(endsAt);
    // What an int32 cannot hold is the emulator's own doing.
    world.emulator.clear();
  });
});

describe('reading', () => {
  test('says who is there', async () => {
    world = await createWorld();
    const host = await world.open();
    const other = await world.enter(host, 'Grace');
    const facts = good(await world.service.read(host));
    expect(facts.members).toEqual([
      { id: host.as?.id, name: 'Ada', address: host.as?.address, role: 'HOST' },
      { id: other.as?.id, name: expect.stringMatching(/^Pseudonym-/), address: other.as?.address, role: 'MEMBER' },
    ]);
    expect(facts.endsAt).toBeUndefined();
    expect(facts.status).toBeUndefined();
  });

  test('twice comes to the same record', async () => {
    world = await createWorld({}, { expiryUnit: 'SECONDS' });
    const at = await world.open({ maxFiles: 3, lifetimeSeconds: 60 });
    const again = sessionWith(at.session, good(await world.service.read(at)));
    expect(again).toEqual(at.session);
  });

  test('of what is gone says how it went', async () => {
    const clock = createTestClock();
    world = await createWorld({ now: () => clock.now() }, { clock });
    const ended = await world.open();
    world.emulator.state.destroy(there(ended));
    expect(await world.service.read(ended)).toEqual({ status: 'ENDED' });
    const expired = await world.open({ lifetimeSeconds: 60 });
    await clock.advance(60_000);
    expect(await world.service.read(expired)).toEqual({ status: 'EXPIRED' });
  });

  test('with a token that ran out with the session says that it expired', async () => {
    const clock = createTestClock();
    world = await createWorld({ now: () => clock.now(), expiredStatus: 401 }, { clock });
    const at = await world.open({ lifetimeSeconds: 60 });
    await clock.advance(60_000);
    expect(await world.service.read(at)).toEqual({ status: 'EXPIRED' });
    expectProblem(await effects().kick(at, { ...asMember(at), id: 'other' }), 'EXPIRED');
    expectProblem(await world.service.send?.(at, outgoing('hello')), 'EXPIRED');
  });

  test('in the name of one who was removed says nothing of the session', async () => {
    world = await createWorld();
    const host = await world.open();
    const other = await world.enter(host, 'Grace');
    good(await effects().kick(host, asMember(other)));
    expect(await world.service.read(other)).toEqual({});
  });

  test('in nobody’s name is not tried', async () => {
    world = await createWorld();
    const at = await world.open();
    expect(await world.service.read({ ...at, as: null })).toEqual({});
    expect(world.emulator.count('GET /v1/session/current')).toBe(0);
  });
});

describe('joining', () => {
  test('gives a token of its own', async () => {
    world = await createWorld();
    const host = await world.open({ maxMembers: 2 }, 'open sesame');
    const other = await world.enter(host, 'Grace', 'open sesame');
    expect(other.as?.secret).not.toBe(host.as?.secret);
    expect(other.session).toEqual(host.session);
    expect(world.emulator.requests.find(({ url }) => url === '/v1/session/join')?.headers['x-api-key']).toBe('quicksync-key');
  });

  test('is refused as the gateway would', async () => {
    world = await createWorld();
    const at = await world.open({ maxMembers: 2 }, 'open sesame');
    const other = { ...(await world.joiner('Grace')), password: 'open sesame' };
    expectProblem(await effects().join(at, { ...other, password: 'wrong' }), 'WRONG_PASSWORD', ['password']);
    expectProblem(await effects().join(at, { ...other, password: null }), 'WRONG_PASSWORD', ['password']);
    expectProblem(await effects().join(at, { ...other, walletProof: null }), 'UNAUTHENTICATED');
    expectProblem(await effects().join(at, { ...other, walletProof: 'forged' }), 'UNAUTHENTICATED');
    good(await effects().join(at, other));
    expectProblem(await effects().join(at, { ...(await world.joiner('Third')), password: 'open sesame' }), 'SESSION_FULL');
    const closed = await world.open({ allowlistOnly: true, allowlist: [String(other.address)] });
    expectProblem(await effects().join(closed, { ...(await world.joiner('Third')), password: null }), 'NOT_ALLOWLISTED');
  });

  test('of what is gone says how it went', async () => {
    world = await createWorld();
    const at = await world.open();
    good(await effects().end(at));
    expectProblem(await effects().join(at, { ...(await world.joiner('Grace')), password: null }), 'ENDED');
  });
});

describe('leaving', () => {
  test('takes the caller out, once', async () => {
    world = await createWorld();
    const host = await world.open();
    const other = await world.enter(host, 'Grace');
    expect(await effects().leave(other)).toEqual({});
    expect([...there(host).users.keys()]).toEqual([host.as?.id]);
    expect(await effects().leave(other)).toEqual({});
  });

  test('what is gone says how it went', async () => {
    world = await createWorld();
    const host = await world.open();
    const other = await world.enter(host, 'Grace');
    good(await effects().end(host));
    expectProblem(await effects().leave(other), 'ENDED');
  });

  test('needs no service that does not know the member', async () => {
    world = await createWorld();
    const at = await world.open();
    expect(await effects().leave({ ...at, as: { ...asMember(at), id: null, secret: null } })).toEqual({});
    expectProblem(await effects().leave({ ...at, as: { ...asMember(at), secret: null } }), 'CONFLICT');
    expect(world.emulator.count('POST /v1/session/disconnect')).toBe(0);
  });
});

describe('kicking', () => {
  test.each([undefined, 'id'])('takes somebody out, by the field %s', async (kickField) => {
    world = await createWorld(kickField === undefined ? {} : { kickField }, { kickField });
    const host = await world.open();
    const other = await world.enter(host, 'Grace');
    expect(await effects().kick(host, asMember(other))).toEqual({});
    expect(bodies('POST /v1/session/current/kick')).toEqual([{ [kickField ?? 'userId']: other.as?.id }]);
    expect([...there(host).users.keys()]).toEqual([host.as?.id]);
    // Again is as good as once.
    expect(good(await effects().kick(host, asMember(other))).members).toHaveLength(1);
  });

  test('is refused by another field’s name', async () => {
    world = await createWorld({ kickField: 'id' });
    const host = await world.open();
    const { detail } = expectProblem(await effects().kick(host, asMember(await world.enter(host, 'Grace'))), 'UPSTREAM_REFUSED');
    expect(detail).toContain('The id field is required');
  });

  test('is for the host, while the session is there', async () => {
    world = await createWorld();
    const host = await world.open();
    const other = await world.enter(host, 'Grace');
    expectProblem(await effects().kick(other, asMember(host)), 'FORBIDDEN');
    good(await effects().kick(host, asMember(other)));
    expectProblem(await effects().kick(other, asMember(host)), 'NOT_A_MEMBER');
    expect(await effects().kick(host, { ...asMember(other), id: null })).toEqual({});
    expectProblem(await effects().kick({ ...host, as: null }, asMember(other)), 'CONFLICT');
    good(await effects().end(host));
    expectProblem(await effects().kick(host, asMember(other)), 'ENDED');
  });
});

describe('ending', () => {
  test('deletes the session, and is done where it is gone', async () => {
    world = await createWorld();
    const at = await world.open();
    expect(await effects().end(at)).toEqual({});
    expect(there(at).over).toBe('DESTROYED');
    expect(await effects().end(at)).toEqual({});
  });

  test('is for the host', async () => {
    world = await createWorld();
    const host = await world.open();
    const other = await world.enter(host, 'Grace');
    expectProblem(await effects().end(other), 'FORBIDDEN');
    good(await effects().leave(other));
    expectProblem(await effects().end(other), 'NOT_A_MEMBER');
    expectProblem(await effects().end({ ...host, as: null }), 'CONFLICT');
  });

  test('what has expired is done, by whatever the service says then', async () => {
    const clock = createTestClock();
    world = await createWorld({ now: () => clock.now(), expiredStatus: 401 }, { clock });
    const at = await world.open({ lifetimeSeconds: 60 });
    await clock.advance(60_000);
    expect(await effects().end(at)).toEqual({});
  });
});

test('proves a wallet by the service’s own challenge', async () => {
  world = await createWorld();
  const { createTestWallet } = await import('../../emulators/quicksync/test-wallet.ts');
  const [wallet, another] = [createTestWallet(), createTestWallet()];
  const { wallet: relay } = world.service;
  const asked = { address: wallet.address, chain: 'ethereum' };
  const challenge = async (): Promise<string> => good(await relay?.challenge(asked))?.message ?? '';

  const message = await challenge();
  const proof = good(await relay?.verify({ ...asked, message, signature: await wallet.signMessage({ message }) }));
  expect(proof?.expiresAt).toBeGreaterThan(Date.now() + 200_000);
  expect(world.emulator.requests.at(-1)?.url).toBe('/v1/wallet-proof/verify?chain=Ethereum');
  const creator = { ...(await world.joiner('Ada')), walletProof: proof?.token ?? null };
  good(await world.service.open(requestOf(creator)));

  const used = await relay?.verify({ ...asked, message, signature: await wallet.signMessage({ message }) });
  expectProblem(used, 'UNAUTHENTICATED', ['signature']);
  const second = await challenge();
  const forged = await relay?.verify({ ...asked, message: second, signature: await another.signMessage({ message: second }) });
  expect(expectProblem(forged, 'UNAUTHENTICATED', ['signature']).detail).toContain('The signature is not valid.');
  for (const chain of ['solana', 'eip155:', '']) expectProblem(await relay?.challenge({ ...asked, chain }), 'BAD_INPUT', ['chain']);
  expect(good(await relay?.challenge({ ...asked, chain: 'eip155:137' }))?.message).toContain('Nonce');
});

describe('a service in trouble', () => {
  test('is told of by the usual problems', async () => {
    world = await createWorld({}, { timeoutMs: 100 });
    const at = await world.open();
    for (const [fault, code] of [
      [{ kind: 'hang' }, 'UPSTREAM_TIMEOUT'],
      [{ kind: 'status', status: 500 }, 'UPSTREAM_FAILED'],
      [{ kind: 'html' }, 'UPSTREAM_FAILED'],
      [{ kind: 'nonsense' }, 'UPSTREAM_FAILED'],
      [{ kind: 'status', status: 429, headers: { 'retry-after': '7' } }, 'RATE_LIMITED'],
    ] as const) {
      using _ = world.emulator.fault(fault);
      expectProblem(await world.service.read(at), code);
    }
    expect(good(await world.service.read(at)).members).toHaveLength(1);
  });

  test('is not asked twice to create, and rejects for an abort alone', async () => {
    world = await createWorld({}, { retries: 2 });
    const creator = await world.joiner('Ada');
    world.emulator.fault({ kind: 'status', status: 500 }, { match: 'POST /v1/session' });
    expectProblem(await world.service.open(requestOf(creator)), 'UPSTREAM_FAILED');
    expect(world.emulator.count('POST /v1/session')).toBe(1);
    await expect(world.service.open(requestOf(creator), AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });

  test('does not get its words passed on at length, nor secrets in them', async () => {
    world = await createWorld();
    const creator = await world.joiner('Ada');
    const body = { title: 'Client Error', detail: `open sesame\n\n${'x'.repeat(500)} ${creator.walletProof}` };
    world.emulator.fault({ kind: 'status', status: 422, body });
    const { detail } = expectProblem(
      await world.service.open(requestOf(creator, { input: { rules: { password: 'open sesame' } } })),
      'UPSTREAM_REFUSED',
    );
    expect(detail).toContain('Client Error: *** xxx');
    expect(detail?.length).toBeLessThan(300);
    expect(detail).not.toContain('sesame');
  });
});
