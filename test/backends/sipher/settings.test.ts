import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Session } from '../../../src/core/session.ts';
import { expectProblem } from '../../support/core-fixtures.ts';
import { type Kit, answered, createKit } from './kit.ts';

let kit: Kit;
let session: Session;
beforeEach(async () => {
  kit = await createKit();
  session = await kit.session({ defaults: { chain: 'near', theme: 'dark', defaultViewingKey: '0xabc' } });
  kit.calls.length = 0;
});
afterEach(() => kit[Symbol.asyncDispose]());

const there = (): unknown => kit.emulator.state.sessions.get(session.handle)?.defaults;
const patch = 'PATCH /v1/sessions/{id} 200';
const get = 'GET /v1/sessions/{id} 200';

describe('an update', () => {
  test('merges what the service knows there, and the rest here', async () => {
    const defaults = { chain: 'sui', theme: null, tone: 'dry', defaultViewingKey: '0xdef' };
    const facts = answered(await kit.settings(session, 'UPDATE', { defaults }));
    expect(facts).toEqual({ defaults: { chain: 'sui', tone: 'dry' }, endsAt: session.upstream?.endsAt });
    expect(there()).toEqual({ chain: 'sui', defaultViewingKey: '0xdef' });
    expect([kit.calls, kit.emulator.violations]).toEqual([[patch], []]);
  });

  test('of what only the gateway keeps asks nothing of the service', async () => {
    expect(await kit.settings(session, 'UPDATE', { title: 'New', defaults: { theme: null } })).toEqual({});
    expect(await kit.settings(session, 'UPDATE', { title: 'New' })).toEqual({});
    expect(kit.calls).toEqual([]);
  });

  test('cannot take away what the service knows', async () => {
    const refusal = expectProblem(await kit.settings(session, 'UPDATE', { defaults: { theme: 'x', chain: null } }), 'UNSUPPORTED', [
      'defaults',
      'chain',
    ]);
    expect(refusal.detail).toContain('`defaults.chain`');
    expect(kit.calls).toEqual([]);
  });

  test('that takes everything away fails where the service has something set', async () => {
    expectProblem(await kit.settings(session, 'UPDATE', { defaults: null }), 'UNSUPPORTED', ['defaults', 'chain']);
    expect([kit.calls, there()]).toEqual([[get], { chain: 'near', defaultViewingKey: '0xabc' }]);
    const bare = await kit.session({ defaults: { theme: 'dark' } });
    expect(answered(await kit.settings(bare, 'UPDATE', { defaults: null })).defaults).toEqual({});
  });

  test('that the service refuses names the field', async () => {
    expectProblem(await kit.settings(session, 'UPDATE', { defaults: { privacyLevel: 'none' } }), 'BAD_INPUT', ['defaults', 'privacyLevel']);
  });

  test('of a session that is gone is refused as expired', async () => {
    kit.emulator.expire(session.handle);
    const refusal = expectProblem(await kit.settings(session, 'UPDATE', { defaults: { chain: 'sui' } }), 'EXPIRED');
    expect(refusal.backend).toBe('vault');
  });

  test('cannot carry the lifetime past the end at the service', async () => {
    const short = await kit.session({ rules: { lifetimeSeconds: 600 } });
    const refusal = expectProblem(await kit.settings(short, 'UPDATE', { rules: { lifetimeSeconds: 601 } }), 'BAD_INPUT', [
      'rules',
      'lifetimeSeconds',
    ]);
    expect(refusal.detail).toContain('at most 600, got 601');
    expect(await kit.settings(short, 'UPDATE', { rules: { lifetimeSeconds: 599 } })).toEqual({});
  });
});

describe('a replacement', () => {
  test('puts others in the place of what is set', async () => {
    const defaults = { defaultViewingKey: '0xdef', chain: 'sui', tone: 'dry' };
    const facts = answered(await kit.settings(session, 'REPLACE', { title: 'New', defaults }));
    expect(facts.defaults).toEqual({ chain: 'sui', tone: 'dry' });
    expect(there()).toEqual({ chain: 'sui', defaultViewingKey: '0xdef' });
    expect(kit.calls).toEqual([get, patch]);
  });

  test.each([
    ['defaultViewingKey', { chain: 'sui' }],
    ['defaultViewingKey', { chain: 'sui', defaultViewingKey: null }],
    ['chain', { defaultViewingKey: '0xabc' }],
    ['chain', undefined],
  ])('cannot leave %s out of %o', async (key, defaults) => {
    expectProblem(await kit.settings(session, 'REPLACE', defaults === undefined ? {} : { defaults }), 'UNSUPPORTED', ['defaults', key]);
    expect([kit.calls, there()]).toEqual([[get], { chain: 'near', defaultViewingKey: '0xabc' }]);
  });

  test('also sees what was set at the service itself', async () => {
    const bare = await kit.session();
    kit.emulator.change(bare.handle, { rpcProvider: 'triton' });
    expectProblem(await kit.settings(bare, 'REPLACE', { defaults: { chain: 'sui' } }), 'UNSUPPORTED', ['defaults', 'rpcProvider']);
  });

  test('of what only the gateway keeps changes nothing at the service', async () => {
    const bare = await kit.session({ defaults: { theme: 'dark' } });
    kit.calls.length = 0;
    expect(answered(await kit.settings(bare, 'REPLACE', { defaults: { tone: 'dry' } })).defaults).toEqual({ tone: 'dry' });
    expect(kit.calls).toEqual([get]);
  });
});
