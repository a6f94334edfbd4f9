import { describe, expect, test } from 'vitest';
import { beyondEnd, dropped, factsOf, sentDefaults, takenAway, ttlOf, unremovable } from '../../../src/backends/sipher/mapping.ts';
import { noUpstream } from '../../../src/core/decide/facts.ts';
import { noRules } from '../../../src/core/rules.ts';
import { expectProblem, noon } from '../../support/core-fixtures.ts';

const sessionId = `sess_${'a'.repeat(64)}`;

describe('defaults', () => {
  test('that go to the service are those it knows, without null', () => {
    const all = { chain: 'near', privacyLevel: 'maximum', rpcProvider: 'generic', backend: 'sip-native', defaultViewingKey: '0x1' };
    expect(sentDefaults({ ...all, theme: 'dark' })).toEqual(all);
    expect(sentDefaults({ chain: null, rpcProvider: false })).toEqual({ rpcProvider: false });
  });

  test('that null takes away', () => {
    expect(takenAway({ theme: null, chain: 'near' })).toBeUndefined();
    expect(takenAway({ chain: 'near', rpcProvider: null })).toBe('rpcProvider');
  });

  test('that would be dropped', () => {
    expect(dropped({ chain: 'near', novel: 1 }, { chain: 'sui' })).toBeUndefined();
    expect(dropped({ chain: 'near' }, { chain: null })).toBe('chain');
    expect(dropped({ defaultViewingKey: '0x1' }, {})).toBe('defaultViewingKey');
    expectProblem(unremovable('vault', 'chain'), 'UNSUPPORTED', ['defaults', 'chain']);
  });

  test('are shown without secrets, in the order of the record', () => {
    const said = { sessionId, defaults: { backend: 'sip-native', chain: 'sui', defaultViewingKey: '0x1', novel: true }, expiresAt: noon };
    const { defaults } = factsOf(said, { chain: 'near', theme: 'dark', rpcProvider: 'helius', defaultViewingKey: '0x0' });
    expect(JSON.stringify(defaults)).toBe('{"chain":"sui","theme":"dark","backend":"sip-native"}');
  });

  test('that are named as what every object has are kept as they are', () => {
    const record = JSON.parse('{"__proto__":{"chain":"x"},"constructor":1}') as Record<string, unknown>;
    const { defaults } = factsOf({ sessionId, defaults: {}, expiresAt: noon }, record);
    expect(JSON.stringify(defaults)).toBe('{"__proto__":{"chain":"x"},"constructor":1}');
    expect(sentDefaults(record)).toEqual({});
  });
});

test('instants are told where the service tells them', () => {
  const said = { sessionId, defaults: {}, expiresAt: noon };
  expect(factsOf(said, {})).toEqual({ defaults: {}, endsAt: noon });
  expect(factsOf({ ...said, createdAt: 1 }, {})).toEqual({ defaults: {}, endsAt: noon, createdAt: 1 });
});

describe('how long a session is kept', () => {
  const sliding = { timeoutSeconds: 60, autoRenew: true, maxDurationSeconds: null, warningSeconds: null };
  test.each([
    [null, null, 86_400],
    [60, null, 60],
    [86_400, sliding, 86_400],
    [null, sliding, 86_400],
    [null, { ...sliding, maxDurationSeconds: 61 }, 61],
    [null, { ...sliding, maxDurationSeconds: 59 }, 60],
    [null, { ...sliding, maxDurationSeconds: 86_401 }, 86_400],
  ])('lifetime %s, timeout %o: %i seconds', (lifetimeSeconds, timeout, seconds) => {
    expect(ttlOf({ ...noRules, lifetimeSeconds, timeout }, 'vault')).toBe(seconds);
  });

  test('is nothing where the lifetime cannot be had', () => {
    expectProblem(ttlOf({ ...noRules, lifetimeSeconds: 59 }, 'vault'), 'BAD_INPUT', ['rules', 'lifetimeSeconds']);
  });

  test('bounds a lifetime that is given later', () => {
    const session = { createdAt: noon, upstream: { ...noUpstream, endsAt: noon + 60_000 } };
    expect([60, null, undefined].map((each) => beyondEnd(session, each, 'vault'))).toEqual([null, null, null]);
    expectProblem(beyondEnd(session, 61, 'vault'), 'BAD_INPUT', ['rules', 'lifetimeSeconds']);
    expect(beyondEnd({ ...session, upstream: noUpstream }, 61, 'vault')).toBeNull();
    expect(beyondEnd({ ...session, upstream: null }, 61, 'vault')).toBeNull();
  });
});
