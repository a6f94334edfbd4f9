import { afterEach, describe, expect, test } from 'vitest';
import { createQuicksyncBackend } from '../../../src/backends/quicksync/index.ts';
import { features } from '../../../src/core/backend.ts';
import { createTestClock } from '../../support/core-clock.ts';
import { expectProblem } from '../../support/core-fixtures.ts';
import { vacantUrl } from '../shared/service.ts';
import { type World, createWorld, good, optionsOf, requestOf } from './world.ts';

let world: World;
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

test('what it is, without a request', async () => {
  world = await createWorld({}, { minimumTier: 'PRO', onExpiry: 'DELETE', foreignVisibility: 'PUBLIC', pollMs: 5 });
  const { backend, service } = world;
  expect(backend).toMatchObject({
    name: 'qs',
    kind: 'QUICKSYNC',
    minimumTier: 'PRO',
    onExpiry: 'DELETE',
    foreignVisibility: 'PUBLIC',
    pollMs: 5,
  });
  expect(Object.keys(backend.features).sort()).toEqual([...features].sort());
  expect(await backend.agents()).toEqual([]);
  expect(service.perMember).toBe(true);
  expect(world.emulator.requests).toEqual([]);
});

test('what the service does itself there is a call for', async () => {
  world = await createWorld();
  const { features: table } = world.backend;
  const { effects } = world.service;
  for (const [feature, there] of [
    ['JOIN', 'join' in effects],
    ['KICK', 'kick' in effects],
    ['RENEWAL', 'renew' in effects],
    ['HEARTBEAT', 'heartbeat' in effects],
    ['MESSAGES', 'send' in world.service],
    ['HISTORY', 'history' in world.service],
    ['LIVE_EVENTS', 'watch' in world.service],
    ['LIST', 'list' in world.service],
    ['SUGGESTIONS', 'suggestions' in world.service],
  ] as const) {
    expect([feature, table[feature] === 'UPSTREAM']).toEqual([feature, there]);
  }
});

describe('health', () => {
  test('is asked for once in two seconds, by however many', async () => {
    const clock = createTestClock();
    world = await createWorld({}, { clock });
    const health = () => world.backend.health();
    const [first, second] = await Promise.all([health(), health()]);
    expect(second).toBe(first);
    expect(first).toEqual({ status: 'UP', circuit: 'CLOSED', latencyMs: expect.any(Number), checkedAt: clock.now(), message: null });
    await clock.advance(1_999);
    expect(await health()).toBe(first);
    await clock.advance(1);
    expect((await health()).checkedAt).toBe(clock.now());
    expect(world.emulator.count()).toBe(2);
  });

  test('is degraded from a creation that was refused for the key until one that is not', async () => {
    const clock = createTestClock();
    world = await createWorld({}, { clock });
    expect(await world.backend.health()).toMatchObject({ status: 'UP' });
    const creator = await world.joiner('Ada');
    const body = { title: 'Unauthorized', detail: 'The API key is missing or not valid.' };
    world.emulator.fault({ kind: 'status', status: 401, body }, { match: 'POST /v1/session', times: 1 });
    expectProblem(await world.service.open(requestOf(creator)), 'UPSTREAM_REFUSED');
    await clock.advance(2_000);
    expect(await world.backend.health()).toMatchObject({ status: 'DEGRADED', message: expect.stringContaining('`apiKey`') });
    good(await world.service.open(requestOf(creator)));
    await clock.advance(2_000);
    expect(await world.backend.health()).toMatchObject({ status: 'UP', message: null });
  });

  test.each([
    [{ kind: 'nonsense' }, 'DEGRADED'],
    [{ kind: 'status', status: 500 }, 'DEGRADED'],
    [{ kind: 'status', status: 404 }, 'DEGRADED'],
    [{ kind: 'hang' }, 'DOWN'],
    [{ kind: 'reset' }, 'DOWN'],
  ] as const)('after %o is %s', async (fault, status) => {
    world = await createWorld({}, { timeoutMs: fault.kind === 'hang' ? 100 : 2_000 });
    world.emulator.fault(fault);
    const health = await world.backend.health();
    expect(health).toMatchObject({ status, circuit: 'CLOSED', message: expect.any(String) });
    expect(health.latencyMs === null).toBe(status === 'DOWN');
  });

  test('is DOWN where nobody is, and while the service is left alone', async () => {
    world = await createWorld();
    const backend = createQuicksyncBackend(optionsOf(await vacantUrl(), { breaker: { failures: 1, openMs: 10_000 } }));
    expect(await backend.health()).toMatchObject({ status: 'DOWN', circuit: 'OPEN' });
    await backend[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
  });
});
