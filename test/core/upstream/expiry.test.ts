import { describe, expect, it } from 'vitest';
import { createExpiry } from '../../../src/core/expiry.ts';
import { isProblem } from '../../../src/core/problem.ts';
import type { Session } from '../../../src/core/session.ts';
import { eventTypesOf, sessionIn, user } from '../../support/core-service.ts';
import { unavailable } from '../../support/scripted-service.ts';
import { type ServiceWorld, type ServiceWorldOptions, createServiceWorld, gate } from '../../support/service-world.ts';

/** A world whose sessions are looked after by the clock, as a gateway composes it. */
function createTimedWorld(options: ServiceWorldOptions = {}): ServiceWorld & { readonly ended: readonly Session[] } {
  const world = createServiceWorld(options);
  const ended: Session[] = [];
  const expiry = createExpiry({
    ...world,
    async confirm(session) {
      const now = await world.upstreams.refresh(session);
      return isProblem(now) ? null : now;
    },
    onExpired(session) {
      ended.push(session);
      if (world.remote.backend.onExpiry === 'DELETE') world.upstreams.background(world.upstreams.release(session));
    },
    report: (error) => world.errors.push(error),
  });
  expiry.start();
  return {
    ...world,
    ended,
    async [Symbol.asyncDispose]() {
      await expiry[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}

const clocked = async (world: ServiceWorld, name = 'Ada'): Promise<Session> => {
  const guest = await world.create({ handle: `room-${name}` }, user(name));
  world.remote.room(`room-${name}`).facts = { expiresAt: world.clock.now() + 60_000 };
  await world.upstreams.refresh(await world.session(guest));
  world.remote.calls = [];
  return world.session(guest);
};

describe('a session whose end its service decides on', () => {
  it('expires when the service has been asked, and not before', async () => {
    await using world = createTimedWorld();
    const { id } = await clocked(world);
    await world.clock.advance(59_999);
    expect(world.remote.calls).toEqual([]);
    await world.clock.advance(2_000);
    expect(world.remote.count('read')).toBe(1);
    expect(await sessionIn(world.store, id)).toMatchObject({ status: 'EXPIRED' });
    expect((await eventTypesOf(world.store, id)).slice(-2)).toEqual(['SESSION_EXPIRING', 'SESSION_EXPIRED']);
    // It was the service that ended it: there is nothing to let go.
    expect(world.ended).toEqual([]);
  });

  it('goes on where it was renewed there', async () => {
    await using world = createTimedWorld();
    const { id } = await clocked(world);
    world.remote.room('room-Ada').facts = { expiresAt: world.clock.now() + 120_000 };
    await world.clock.advance(61_000);
    expect(await sessionIn(world.store, id)).toMatchObject({ status: 'ACTIVE', expiresAt: world.clock.now() + 59_000 });
    await world.clock.advance(61_000);
    expect((await sessionIn(world.store, id)).status).toBe('EXPIRED');
    expect(world.remote.count('read')).toBe(2);
  });

  it('is ended once where the service says so itself', async () => {
    await using world = createTimedWorld();
    const { id } = await clocked(world);
    world.remote.room('room-Ada').facts = { status: 'EXPIRED' };
    await world.clock.advance(65_000);
    expect((await eventTypesOf(world.store, id)).filter((type) => type === 'SESSION_EXPIRED')).toHaveLength(1);
    expect(world.remote.count('read')).toBe(1);
  });

  it('is asked after again until the service can say', async () => {
    await using world = createTimedWorld();
    const { id } = await clocked(world);
    world.remote.failures.set('read', unavailable);
    await world.clock.advance(65_500);
    expect((await sessionIn(world.store, id)).status).toBe('ACTIVE');
    expect(world.remote.count('read')).toBeGreaterThan(3);
    expect(world.remote.count('read')).toBeLessThan(10);
    world.remote.failures.clear();
    await world.clock.advance(2_000);
    expect((await sessionIn(world.store, id)).status).toBe('EXPIRED');
  });

  it('does not make others late while its service is slow, and is asked after once', async () => {
    await using world = createTimedWorld();
    const { id } = await clocked(world);
    const own = await world.create({ backend: 'local', rules: { lifetimeSeconds: 90 } }, user('Eve'));
    const slow = gate();
    world.remote.gates.set('read', slow.promise);
    await world.clock.advance(91_000);
    expect(world.remote.count('read')).toBe(1);
    expect((await sessionIn(world.store, own.admission.sessionId)).status).toBe('EXPIRED');
    slow.resolve();
    await world.clock.advance(2_000);
    expect((await sessionIn(world.store, id)).status).toBe('EXPIRED');
  });
});

describe('a session whose end the gateway decides on', () => {
  it.each([
    ['DELETE', ['end', 'end']],
    ['KEEP', []],
  ] as const)('is let go at its service where that is configured: %s', async (onExpiry, calls) => {
    await using world = createTimedWorld({ backend: { onExpiry } });
    const guest = await world.create({ rules: { lifetimeSeconds: 60 } });
    world.remote.calls = [];
    world.remote.failures.set('end', unavailable);
    await world.clock.advance(62_000);
    expect((await world.session(guest)).status).toBe('EXPIRED');
    world.remote.failures.clear();
    await world.clock.advance(10_000);
    expect(world.remote.calls.map(({ method }) => method)).toEqual(calls);
    expect(world.ended).toHaveLength(1);
  });
});
