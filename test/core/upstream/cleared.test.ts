import { describe, expect, it, vi } from 'vitest';
import { messagesOf, storeDrivers } from '../../support/core-service.ts';
import { said, unavailable } from '../../support/scripted-service.ts';
import { accepted, createServiceWorld, gate } from '../../support/service-world.ts';

const contents = (messages: readonly { readonly content: string }[]): readonly string[] => messages.map(({ content }) => content);

describe.each(Object.entries(storeDrivers))('what was said at a service before its messages were cleared, on %s', (_, open) => {
  it('does not come back once it is cleared', async () => {
    await using store = await open();
    await using world = createServiceWorld({ store, effects: {} });
    const ada = await world.create();
    const { sessionId } = ada.admission;
    world.remote.room().messages = [said('a'), said('b')];
    expect(await world.upstreams.ingest.history(await world.session(ada))).toBeNull();
    await world.clock.advance(1_000);
    accepted(await world.sessions.clear(ada.caller, { sessionId }));
    await world.clock.advance(1_000);
    world.remote.room().messages.push(said('c', { createdAt: world.clock.now() }));
    expect(await world.upstreams.ingest.history(await world.session(ada))).toBeNull();
    expect(contents(await messagesOf(store, sessionId))).toEqual(['text of c']);
  });

  it.each([-3_600_000, -2_000, 2_000, 3_600_000])('is cleared by the clock of its service, which differs by %i ms', async (differs) => {
    await using store = await open();
    await using world = createServiceWorld({ store, effects: {} });
    const ada = await world.create();
    const { sessionId } = ada.admission;
    const say = (id: string): void => void world.remote.room().messages.push(said(id, { createdAt: world.clock.now() + differs }));
    const compare = async (): Promise<void> => expect(await world.upstreams.ingest.history(await world.session(ada))).toBeNull();
    say('a');
    await compare();
    await world.clock.advance(10);
    // Nobody here has heard of it yet.
    say('b');
    accepted(await world.sessions.clear(ada.caller, { sessionId }));
    await world.clock.advance(10);
    say('c');
    await compare();
    expect(contents(await messagesOf(store, sessionId))).toEqual(['text of c']);
  });

  it('is cleared by the clock here where the service names a day to come', async () => {
    await using store = await open();
    await using world = createServiceWorld({ store, effects: {} });
    const ada = await world.create();
    const { sessionId } = ada.admission;
    world.remote.room().messages = [said('a', { createdAt: world.clock.now() + 1e12 })];
    accepted(await world.sessions.clear(ada.caller, { sessionId }));
    expect((await world.session(ada)).upstream?.clearedAt).toBe(world.clock.now());
  });

  it('does not come back where it was sent while the service was asked what it has', async () => {
    await using store = await open();
    await using world = createServiceWorld({ store, effects: {} });
    const ada = await world.create();
    const { sessionId } = ada.admission;
    const slow = gate();
    world.remote.gates.set('history', slow.promise);
    const clearing = world.sessions.clear(ada.caller, { sessionId });
    await vi.waitUntil(() => world.remote.count('history') === 1);
    await world.clock.advance(10);
    accepted(await world.sessions.send(ada.caller, { sessionId, content: 'meanwhile' }));
    slow.resolve();
    accepted(await clearing);
    await world.upstreams.ingest.history(await world.session(ada));
    expect(await messagesOf(store, sessionId)).toEqual([]);
  });

  it('is cleared by the clock here where the service cannot say, and not at all where it keeps nothing', async () => {
    await using store = await open();
    await using world = createServiceWorld({ store, effects: {} });
    const ada = await world.create();
    world.remote.failures.set('history', unavailable);
    accepted(await world.sessions.clear(ada.caller, { sessionId: ada.admission.sessionId }));
    expect((await world.session(ada)).upstream?.clearedAt).toBe(world.clock.now());
    await using other = createServiceWorld({ store: await open(), effects: {}, without: ['history', 'watch'] });
    const bob = await other.create();
    accepted(await other.sessions.clear(bob.caller, { sessionId: bob.admission.sessionId }));
    expect((await other.session(bob)).upstream?.clearedAt).toBeNull();
    await other.upstreams.ingest.messages(bob.admission.sessionId, [said('late', { createdAt: other.clock.now() - 5_000 })]);
    expect(contents(await messagesOf(other.store, bob.admission.sessionId))).toEqual(['text of late']);
  });
});
