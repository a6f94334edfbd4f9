import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CreateInput } from '../../../src/core/use-cases.ts';
import { sipherKeys } from '../../emulators/sipher/emulator.ts';
import { expectProblem } from '../../support/core-fixtures.ts';
import { type Kit, answered, createKit } from './kit.ts';

let kit: Kit;
beforeEach(async () => {
  kit = await createKit();
});
afterEach(() => kit[Symbol.asyncDispose]());

const there = (handle: string) => kit.emulator.state.sessions.get(handle);

describe('a session is opened', () => {
  test('with the defaults that the service knows; others stay here, secrets there', async () => {
    const defaults = { chain: 'near', tone: null, privacyLevel: null, defaultViewingKey: '0xabc', theme: 'dark' };
    const { handle, facts, secret } = answered(await kit.open({ defaults }));
    const made = there(handle);
    expect(made).toMatchObject({ owner: sipherKeys.pro, defaults: { chain: 'near', defaultViewingKey: '0xabc' } });
    expect(facts).toEqual({
      defaults: { chain: 'near', tone: null, theme: 'dark' },
      createdAt: made?.createdAt,
      endsAt: made?.expiresAt,
    });
    expect([secret, JSON.stringify(facts).includes('0xabc')]).toEqual([undefined, false]);
    expect(kit.emulator.requests[0]?.body).toEqual({ defaults: { chain: 'near', defaultViewingKey: '0xabc' }, ttlSeconds: 86_400 });
    expect(kit.emulator.violations).toEqual([]);
  });

  test.each<readonly [string, CreateInput, number]>([
    ['as long as the service may where nothing is asked', {}, 86_400],
    ['for its lifetime', { rules: { lifetimeSeconds: 60 } }, 60],
    ['for its lifetime rather than its timeout', { rules: { lifetimeSeconds: 600, timeout: { timeoutSeconds: 60 } } }, 600],
    ['as long as it may slide', { rules: { timeout: { timeoutSeconds: 60, maxDurationSeconds: 7_200 } } }, 7_200],
    ['a day where it may slide for ever', { rules: { timeout: { timeoutSeconds: 60 } } }, 86_400],
    ['a day where it may slide for longer', { rules: { timeout: { timeoutSeconds: 60, maxDurationSeconds: 1_000_000 } } }, 86_400],
    ['a minute where it may slide for less', { rules: { timeout: { timeoutSeconds: 5, maxDurationSeconds: 10 } } }, 60],
  ])('%s', async (_, input, seconds) => {
    const { handle, facts } = answered(await kit.open(input));
    expect(there(handle)?.expiresAt).toBe((there(handle)?.createdAt ?? 0) + seconds * 1_000);
    expect(facts.endsAt).toBe(there(handle)?.expiresAt);
    // The gateway's rules decide when it is over, the service only on when at the latest.
    expect(facts).not.toHaveProperty('expiresAt');
  });

  test('and ends for the gateway at the earlier of the two ends', async () => {
    const whole = await kit.session();
    expect(whole.expiresAt).toBe(whole.createdAt + 86_400_000);
    const sliding = await kit.session({ rules: { timeout: { timeoutSeconds: 60 } } });
    expect(sliding.expiresAt).toBe(sliding.lastActivityAt + 60_000);
  });
});

describe('a session is not opened', () => {
  test.each([59, 86_401])('for %i seconds', async (lifetimeSeconds) => {
    const refusal = expectProblem(await kit.open({ rules: { lifetimeSeconds } }), 'BAD_INPUT', ['rules', 'lifetimeSeconds']);
    expect(refusal).toMatchObject({ backend: 'vault', detail: expect.stringMatching(`60 to 86400.*vault.*got ${lifetimeSeconds}`) });
    expect(kit.calls).toEqual([]);
  });

  test('by an id of the client', async () => {
    expectProblem(await kit.open({}, { handle: 'mine' }), 'UNSUPPORTED', ['handle']);
    expect(kit.calls).toEqual([]);
  });

  test('with a default that the service refuses', async () => {
    const refusal = expectProblem(await kit.open({ defaults: { chain: 'doge', rpcProvider: 7 } }), 'BAD_INPUT', ['defaults', 'chain']);
    expect(refusal.detail).toMatch(/^Expected `defaults\.chain` to be one of solana, .*zcash, got "doge"\. One more field is wrong\.$/);
  });

  test('with a malformed secret, which is not repeated', async () => {
    const refusal = expectProblem(await kit.open({ defaults: { defaultViewingKey: 'hunter2' } }), 'BAD_INPUT', [
      'defaults',
      'defaultViewingKey',
    ]);
    expect(refusal.detail).toBe('Expected `defaults.defaultViewingKey` to be as backend vault wants it ("0x-prefixed hex string").');
  });

  test('twice where the answer is lost', async () => {
    await using repeating = await createKit({ retries: 2 });
    repeating.emulator.fault({ kind: 'reset' }, { when: 'after' });
    expectProblem(await repeating.open(), 'UPSTREAM_UNAVAILABLE');
    expect(repeating.emulator.state.sessions.size).toBe(1);
  });
});
