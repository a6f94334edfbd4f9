import { afterEach, describe, expect, test } from 'vitest';
import { sessionWith } from '../../../src/core/decide/facts.ts';
import { createTestClock } from '../../support/core-clock.ts';
import type { Fault } from '../../emulators/shared/faults.ts';
import { expectProblem } from '../../support/core-fixtures.ts';
import { type World, asMember, createWorld, good, outgoing, requestOf } from './world.ts';

let world: World;
afterEach(async () => {
  await world[Symbol.asyncDispose]();
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

  test.each([[[]], [[{ id: 'somebody', role: 'Host' }]]])('believes no list without the one who asks: %j', async (users) => {
    world = await createWorld();
    const at = await world.open();
    world.emulator.fault({ kind: 'nonsense', body: { id: at.session.handle, users } });
    expect(good(await world.service.read(at)).members).toBeUndefined();
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
    world.emulator.state.destroy(world.there(ended));
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
    expectProblem(await world.effects.kick(at, { ...asMember(at), id: 'other' }), 'EXPIRED');
    expectProblem(await world.service.send?.(at, outgoing('hello')), 'EXPIRED');
  });

  test('in the name of one who was removed says nothing of the session', async () => {
    world = await createWorld();
    const host = await world.open();
    const other = await world.enter(host, 'Grace');
    good(await world.effects.kick(host, asMember(other)));
    expect(await world.service.read(other)).toEqual({});
  });

  test('in nobody’s name is not tried', async () => {
    world = await createWorld();
    const at = await world.open();
    expect(await world.service.read({ ...at, as: null })).toEqual({});
    expect(world.emulator.count('GET /v1/session/current')).toBe(0);
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

test.each(['in two\nlines', 'tökén', 'with spaces', ''])('a proof that cannot be sent along is none: %j', async (token) => {
  world = await createWorld();
  world.emulator.fault({ kind: 'nonsense', body: { token } }, { match: 'POST /v1/wallet-proof/verify' });
  const answer = { address: '0x0', chain: 'ethereum', message: 'm', signature: '0x0' };
  const { detail } = expectProblem(await world.service.wallet?.verify(answer), 'UPSTREAM_FAILED');
  expect(detail).toContain('`token`');
});

describe('a service in trouble', () => {
  test('is told of by the usual problems', async () => {
    world = await createWorld({}, { timeoutMs: 500 });
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

describe('an answer of success that is none', () => {
  const details = { type: 'about:blank', title: 'Conflict', status: 409, detail: 'Not done.' };
  test.each<readonly [string, Fault]>([
    ['a page', { kind: 'html' }],
    ['a page of 404', { kind: 'html', status: 404 }],
    ['JSON that says so', { kind: 'nonsense', body: { success: false, error: { code: 'X', message: 'not done' } } }],
    ['details of a problem', { kind: 'nonsense', body: details }],
    ['JSON that breaks off', { kind: 'truncated-json' }],
  ])('does nothing: %s', async (_, fault) => {
    world = await createWorld();
    const host = await world.open();
    const other = await world.enter(host, 'Grace');
    {
      using _ = world.emulator.fault(fault, { when: 'before' });
      expectProblem(await world.service.send?.(host, outgoing('hello')), 'UPSTREAM_FAILED');
      expectProblem(await world.effects.kick(host, asMember(other)), 'UPSTREAM_FAILED');
      expectProblem(await world.effects.leave(other), 'UPSTREAM_FAILED');
      expectProblem(await world.effects.end(host), 'UPSTREAM_FAILED');
    }
    expect([world.there(host).over, world.there(host).users.size, world.there(host).chats.length]).toEqual([null, 2, 0]);
  });

  test.each<readonly [string, Fault]>([
    ['nothing', { kind: 'status', status: 204 }],
    ['a word', { kind: 'status', status: 200, body: 'OK' }],
    ['JSON of no known shape', { kind: 'nonsense' }],
  ])('is not to be told from one where the service documents none: %s', async (_, fault) => {
    world = await createWorld();
    const host = await world.open();
    world.emulator.fault(fault);
    expect(good(await world.service.send?.(host, outgoing('hello')))).toMatchObject({ id: null });
    expect(await world.effects.end(host)).toEqual({});
  });
});
