import { afterEach, describe, expect, test } from 'vitest';
import { features } from '../../../src/core/backend.ts';
import { createTestClock } from '../../support/core-clock.ts';
import { type World, contracts, createWorld } from './world.ts';

let world: World;
afterEach(() => world[Symbol.asyncDispose]());

describe.each(contracts)('the backend by %s', (contract) => {
  test('opens no connection before it is needed', async () => {
    world = await createWorld(contract);
    expect(world.emulator.count()).toBe(0);
    expect(world.backend).toMatchObject({ name: 'julep', kind: 'JULEP', minimumTier: null, onExpiry: 'KEEP', pollMs: 1_000 });
  });

  test('answers for each feature as it is', async () => {
    world = await createWorld(contract);
    const { backend, service } = world;
    expect(Object.keys(backend.features).toSorted()).toEqual([...features].toSorted());
    expect(backend.features).toMatchObject({
      LIST: 'UPSTREAM',
      UPDATE: 'UPSTREAM',
      REPLACE: 'UPSTREAM',
      MESSAGES: 'UPSTREAM',
      HISTORY: 'UPSTREAM',
      AGENT_REPLY: 'UPSTREAM',
      REPLY_STREAM: contract === 'v1' ? 'UPSTREAM' : 'UNAVAILABLE',
      SUGGESTIONS: contract === 'v1' ? 'UNAVAILABLE' : 'UPSTREAM',
      JOIN: 'GATEWAY',
      EXPIRY: 'GATEWAY',
      LIVE_EVENTS: 'GATEWAY',
    });
    expect('suggestions' in service).toBe(backend.features.SUGGESTIONS === 'UPSTREAM');
    expect(Object.keys(service).filter((part) => ['watch', 'wallet'].includes(part))).toEqual([]);
    expect(Object.keys(service.effects).toSorted()).toEqual(['clear', 'end', 'settings']);
    expect([service.perMember, service.matchesByContent]).toEqual([false, true]);
  });

  test('is up, and asked once in two seconds', async () => {
    const clock = createTestClock();
    world = await createWorld(contract, { clock });
    const [one, other] = await Promise.all([world.backend.health(), world.backend.health()]);
    expect(one).toEqual({ status: 'UP', circuit: 'CLOSED', latencyMs: expect.any(Number), checkedAt: clock.now(), message: null });
    expect(other).toBe(one);
    await world.backend.health();
    expect(world.emulator.count()).toBe(1);
    await clock.advance(2_000);
    await world.backend.health();
    expect(world.emulator.count()).toBe(2);
  });

  test('is degraded where it answers oddly, and down where it is not there', async () => {
    const clock = createTestClock();
    world = await createWorld(contract, { clock, apiKey: 'wrong-key', breaker: { failures: 1, openMs: 60_000 } });
    expect(await world.backend.health()).toMatchObject({ status: 'DEGRADED', circuit: 'CLOSED', message: expect.stringMatching(/apiKey/) });
    await clock.advance(2_000);
    await world.emulator.stop();
    expect(await world.backend.health()).toMatchObject({ status: 'DOWN', circuit: 'OPEN', latencyMs: null });
    await world.emulator.start();
    await clock.advance(2_000);
    expect(await world.backend.health()).toMatchObject({ status: 'DOWN', circuit: 'OPEN' });
  });
});
