import { describe, expect, it } from 'vitest';
import { problem } from '../../../src/core/problem.ts';
import { eventTypesOf, membersOf, sessionIn, storeDrivers, user } from '../../support/core-service.ts';
import { unavailable } from '../../support/scripted-service.ts';
import { accepted, createServiceWorld, gate, settled } from '../../support/service-world.ts';

describe.each(Object.entries(storeDrivers))('reading a session at its service, on %s', (_, open) => {
  it('is one call for all who ask at the same time, and records what is news', async () => {
    await using store = await open();
    await using world = createServiceWorld({ store });
    const ada = await world.create();
    const session = await world.session(ada);
    world.remote.room().facts = { title: 'Theirs', metadata: { b: 1, a: [{ d: 1, c: 2 }] } };
    const read = await Promise.all(Array.from({ length: 50 }, () => world.upstreams.refresh(session)));
    expect(world.remote.count('read')).toBe(1);
    expect(new Set(read.map((each) => accepted(each).title))).toEqual(new Set(['Theirs']));
    expect(await eventTypesOf(store, session.id)).toEqual(['MEMBER_JOINED', 'SESSION_UPDATED']);
    // The same said in another order is no news.
    world.remote.room().facts = { title: 'Theirs', metadata: { a: [{ c: 2, d: 1 }], b: 1 } };
    const { version } = await world.session(ada);
    accepted(await world.upstreams.refresh(session));
    expect(world.remote.count('read')).toBe(2);
    expect((await world.session(ada)).version).toBe(version);
  });

  it('does not take back a change that was made while it was read', async () => {
    await using store = await open();
    await using world = createServiceWorld({ store });
    const ada = await world.create({ title: 'Before' });
    const { sessionId } = ada.admission;
    world.remote.room().facts = { ...world.remote.room().facts, title: 'Elsewhere' };
    const slow = gate();
    world.remote.gates.set('read', slow.promise);
    const reading = world.upstreams.refresh(await world.session(ada));
    await settled();
    world.remote.gates.clear();
    accepted(await world.sessions.update(ada.caller, { sessionId, title: 'Mine' }));
    const bob = await world.join(ada, user('Bob'));
    slow.resolve();
    expect(accepted(await reading).title).toBe('Mine');
    expect((await sessionIn(store, sessionId)).title).toBe('Mine');
    expect((await membersOf(store, sessionId, 'ACTIVE')).map(({ id }) => id)).toContain(bob.admission.memberId);
    expect(await eventTypesOf(store, sessionId)).toEqual(['MEMBER_JOINED', 'SESSION_UPDATED', 'MEMBER_JOINED']);
  });

  it('does not slide back what activity has slid meanwhile', async () => {
    await using store = await open();
    await using world = createServiceWorld({ store, effects: {}, without: ['send', 'watch'] });
    const ada = await world.create({ rules: { timeout: { timeoutSeconds: 60 } } });
    const { sessionId } = ada.admission;
    world.remote.room().facts = { lastActivityAt: world.clock.now() + 10_000, title: 'Theirs' };
    const slow = gate();
    world.remote.gates.set('read', slow.promise);
    const reading = world.upstreams.refresh(await world.session(ada));
    await world.clock.advance(30_000);
    accepted(await world.sessions.send(ada.caller, { sessionId, content: 'still here' }));
    const { expiresAt, lastActivityAt } = await world.session(ada);
    slow.resolve();
    expect(accepted(await reading)).toMatchObject({ title: 'Theirs', expiresAt, lastActivityAt });
  });
});

describe('reading a session at its service', () => {
  it('passes on that the service cannot say, and leaves the record alone', async () => {
    await using world = createServiceWorld();
    const ada = await world.create();
    const session = await world.session(ada);
    world.remote.failures.set('read', unavailable);
    expect(await world.upstreams.refresh(session)).toEqual(unavailable);
    expect(await world.session(ada)).toEqual(session);
  });

  it.each(['EXPIRED', 'ENDED'] as const)('records %s, as a fact or as a refusal, and asks no more', async (code) => {
    for (const isRefusal of [true, false]) {
      await using world = createServiceWorld();
      const ada = await world.create();
      if (isRefusal) world.remote.failures.set('read', problem(code, 'It is gone.', { backend: 'remote' }));
      else world.remote.room().facts = { status: code };
      expect(accepted(await world.upstreams.refresh(await world.session(ada)))).toMatchObject({ status: code });
      expect((await eventTypesOf(world.store, ada.admission.sessionId)).at(-1)).toBe(`SESSION_${code}`);
      accepted(await world.upstreams.refresh(await world.session(ada)));
      expect(await world.upstreams.ingest.history(await world.session(ada))).toBeNull();
      expect(world.remote.calls.map(({ method }) => method)).toEqual(['open', 'read']);
    }
  });

  it('has an end that only the history tells recorded', async () => {
    await using world = createServiceWorld();
    const ada = await world.create();
    world.remote.failures.set('history', problem('EXPIRED', 'It is gone.', { backend: 'remote' }));
    expect(await world.upstreams.ingest.history(await world.session(ada))).toBeNull();
    expect((await world.session(ada)).status).toBe('EXPIRED');
  });

  it('is done in the name of a member who has a secret, the host first, and not at all where nobody has', async () => {
    await using world = createServiceWorld({ parts: { perMember: true } });
    const ada = await world.create();
    await world.join(ada, user('Bob'));
    accepted(await world.upstreams.refresh(await world.session(ada)));
    expect(world.remote.calls.at(-1)?.at?.as?.name).toBe('Ada');
    await using lonely = createServiceWorld({ parts: { perMember: true, open: async () => ({ handle: 'h', facts: {} }) } });
    const eve = await lonely.create();
    const session = await lonely.session(eve);
    expect(await lonely.upstreams.refresh(session)).toEqual(session);
    expect(await lonely.upstreams.ingest.history(session)).toBeNull();
    expect(lonely.remote.calls).toEqual([]);
  });

  it('rejects for all where the gateway stops, and reports nothing', async () => {
    const world = createServiceWorld({
      parts: {
        read: (_, signal) => new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error))),
      },
    });
    const ada = await world.create();
    const reading = world.upstreams.refresh(await world.session(ada));
    const failure = reading.catch((error: unknown) => error);
    await settled();
    await world[Symbol.asyncDispose]();
    expect(await failure).toMatchObject({ name: 'AbortError' });
  });
});
