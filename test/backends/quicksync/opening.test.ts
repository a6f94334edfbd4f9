import { afterEach, describe, expect, test } from 'vitest';
import { noRules, servicePassword } from '../../../src/core/rules.ts';
import { expectProblem } from '../../support/core-fixtures.ts';
import { type World, createWorld, good, requestOf } from './world.ts';

let world: World;
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

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
    expect(world.bodies('POST /v1/session')).toEqual([{ identity: { name: 'Ada', chainAddress: expect.any(String) }, rules: {} }]);
    expect(session.rules).toEqual({ ...noRules, maxMembers: 10, maxFiles: 20, maxTotalMegabytes: 100 });
    expect(session.expiresAt).toBe(session.createdAt + 3_600_000);
  });

  test.each(['STRING', 'OBJECT'] as const)('sends and reads an allowlist of the shape %s', async (allowlistShape) => {
    world = await createWorld({ allowlistShape }, { allowlistShape });
    const other = await world.joiner('Grace');
    const at = await world.open({ allowlistOnly: true, allowlist: [String(other.address).toLowerCase()] });
    expect(world.there(at).rules.whitelist).toEqual([String(other.address).toLowerCase()]);
    expect(at.session.rules.allowlist).toEqual([String(other.address).toLowerCase()]);
    good(await world.effects.join(at, { ...other, password: null }));
  });

  test('needs the proof of a wallet, and says how to come by it', async () => {
    world = await createWorld();
    const creator = { ...(await world.joiner('Ada')), walletProof: null };
    const { detail } = expectProblem(await world.service.open(requestOf(creator)), 'UNAUTHENTICATED');
    expect(detail).toContain('`requestWalletChallenge(backend: "qs")` and `verifyWallet`');
    expect(world.bodies('POST /v1/session')).toEqual([]);
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
    expect(world.bodies('POST /v1/session')).toEqual([]);
  });

  test.each([
    [{ sessionId: 's' }, 'credentials'],
    [{ sessionId: 's', credentials: { token: '', id: 'u' } }, 'credentials.token'],
    [{ sessionId: 's', credentials: { token: 'in two\nlines', id: 'u' } }, 'credentials.token'],
    [{ sessionId: null, credentials: { token: 't', id: 'u' } }, 'the whole'],
    [[], 'the whole'],
  ])('answered with %o is a failure of the service', async (body, field) => {
    world = await createWorld();
    const creator = await world.joiner('Ada');
    world.emulator.fault({ kind: 'nonsense', body }, { match: 'POST /v1/session' });
    expect(expectProblem(await world.service.open(requestOf(creator)), 'UPSTREAM_FAILED').detail).toContain(field);
  });
});

test('numbers that nobody can count to lose no session that was made', async () => {
  world = await createWorld();
  const creator = await world.joiner('Ada');
  const huge = 2 ** 63;
  const body = {
    sessionId: 's',
    expiresIn: huge,
    credentials: { token: 't', id: 'u' },
    rules: { expiry: huge, maxFiles: 2.5, maxUsers: huge, maxTotalMegaBytes: huge },
  };
  world.emulator.fault({ kind: 'nonsense', body }, { match: 'POST /v1/session' });
  const opened = good(await world.service.open(requestOf(creator)));
  expect(opened).toMatchObject({ handle: 's', facts: { rules: { maxFiles: 2, maxMembers: huge, maxTotalMegabytes: huge } } });
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
