import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decideFacts } from '../../../src/core/decide/facts.ts';
import { sipherKeys } from '../../emulators/sipher/emulator.ts';
import { expectProblem } from '../../support/core-fixtures.ts';
import { type Kit, answered, at, createKit } from './kit.ts';

let kit: Kit;
beforeEach(async () => {
  kit = await createKit();
});
afterEach(() => kit[Symbol.asyncDispose]());

describe('a session is read', () => {
  test('as it is at the service, with what only the gateway keeps', async () => {
    const session = await kit.session({ defaults: { theme: 'dark', chain: 'near', rpcProvider: 'helius' } });
    kit.emulator.change(session.handle, { chain: 'sui', defaultViewingKey: '0xabc', backend: 'sip-native' });
    const facts = answered(await kit.service.read(at(session)));
    expect(facts.defaults).toEqual({ theme: 'dark', chain: 'sui', rpcProvider: 'helius', backend: 'sip-native' });
    expect(facts).not.toHaveProperty('lastActivityAt');
    expect(facts.endsAt).toBe(session.upstream?.endsAt);
  });

  test('as unchanged where nothing has changed, whichever way its defaults came', async () => {
    const session = await kit.session({ defaults: { chain: 'near', theme: 'dark', backend: 'sip-native' } });
    // The core adds what only the gateway keeps behind the rest.
    const record = { ...session, defaults: { ...session.defaults, later: 1 } };
    const facts = answered(await kit.service.read(at(record)));
    expect(decideFacts({ session: record, now: Date.now() }, facts)).toBeNull();
    kit.emulator.change(session.handle, { chain: 'sui' });
    const next = decideFacts({ session: record, now: Date.now() }, answered(await kit.service.read(at(record))));
    expect(next?.events).toEqual([{ type: 'SESSION_UPDATED', changed: ['defaults'] }]);
  });

  test.each(['expire', 'remove'] as const)('as expired after %s', async (act) => {
    const session = await kit.session();
    kit.emulator[act](session.handle);
    expect(await kit.service.read(at(session))).toEqual({ status: 'EXPIRED' });
  });

  test('but not taken for expired where another server answers 404', async () => {
    const session = await kit.session();
    kit.emulator.fault(
      { kind: 'status', status: 404, body: { error: { code: 'NOT_FOUND', message: 'Route GET /v1/x not found' } } },
      { times: 1 },
    );
    expectProblem(await kit.service.read(at(session)), 'UPSTREAM_FAILED');
    kit.emulator.fault({ kind: 'status', status: 404, body: 'not here' }, { times: 1 });
    expect(expectProblem(await kit.service.read(at(session)), 'UPSTREAM_FAILED').detail).toContain('check its `url`');
  });
});

describe('a handle is looked up', () => {
  test('without a call where it is malformed', async () => {
    for (const handle of ['', 'sess_1', `sess_${'A'.repeat(64)}`, `sess_${'a'.repeat(64)}\n`, '../keys']) {
      expect(await kit.service.find?.(handle)).toBeNull();
    }
    expect(kit.emulator.count()).toBe(0);
  });

  test('of a session made at the service itself', async () => {
    const { id, createdAt, expiresAt } = kit.emulator.open({ defaults: { chain: 'near', defaultViewingKey: '0xabc' } });
    expect(await kit.service.find?.(id)).toEqual({ handle: id, facts: { defaults: { chain: 'near' }, createdAt, endsAt: expiresAt } });
  });

  test('of a session of another key, or of none', async () => {
    const { id } = kit.emulator.open({ key: sipherKeys.otherPro });
    expect(await kit.service.find?.(id)).toBeNull();
    expect(await kit.service.find?.(`sess_${'0'.repeat(64)}`)).toBeNull();
    expect(kit.emulator.count('GET /v1/sessions/:id')).toBe(2);
  });
});

describe('a session is ended', () => {
  test('at the service', async () => {
    const session = await kit.session();
    expect(await kit.service.effects.end?.(at(session))).toEqual({ status: 'ENDED' });
    expect(kit.emulator.state.sessions.size).toBe(0);
  });

  test('where it was gone already', async () => {
    const session = await kit.session();
    kit.emulator.remove(session.handle);
    expect(await kit.service.effects.end?.(at(session))).toEqual({ status: 'ENDED' });
  });

  test('also where the first answer was lost', async () => {
    await using repeating = await createKit({ retries: 1 });
    const session = await repeating.session();
    const lost = repeating.emulator.fault({ kind: 'reset' }, { when: 'after', times: 1, match: 'DELETE /v1/sessions/:id' });
    expect(await repeating.service.effects.end?.(at(session))).toEqual({ status: 'ENDED' });
    expect([lost.hits, repeating.emulator.count('DELETE /v1/sessions/:id')]).toEqual([1, 2]);
  });

  test('but not where the service fails', async () => {
    const session = await kit.session();
    kit.emulator.fault({ kind: 'status', status: 500 });
    expectProblem(await kit.service.effects.end?.(at(session)), 'UPSTREAM_FAILED');
  });
});
