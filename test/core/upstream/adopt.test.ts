import { describe, expect, it } from 'vitest';
import type { Facts } from '../../../src/core/service.ts';
import { eventTypesOf, membersOf, sessionIn, storeDrivers, user } from '../../support/core-service.ts';
import { createScriptedService, unavailable } from '../../support/scripted-service.ts';
import { type ServiceWorld, accepted, createServiceWorld, gate, settled } from '../../support/service-world.ts';

const add = ({ remote }: Pick<ServiceWorld, 'remote'>, handle: string, facts: Facts = {}): void => {
  remote.rooms.set(handle, { facts, messages: [], secret: null });
};

const handlesOf = async ({ store, clock }: ServiceWorld): Promise<readonly string[]> => {
  const { items } = await store.sessions.list({ page: { limit: 5_000 }, audience: { all: true }, now: clock.now() });
  return items.map(({ handle }) => handle).toSorted();
};

describe.each(Object.entries(storeDrivers))('sessions made at a service, on %s', (_, open) => {
  it('get one record each, however many list or look them up at once', async () => {
    await using store = await open();
    await using world = createServiceWorld({ store });
    await using other = createServiceWorld({ store, remote: world.remote, clock: world.clock });
    const members = [
      { id: 'x', name: 'Xi', address: null, role: 'HOST' },
      { id: 'x', name: 'Xi', address: null, role: 'HOST' },
    ] as const;
    add(world, 'a', { title: 'A', members, createdAt: 5_000 });
    add(world, 'b', { visibility: 'PRIVATE' });
    add(world, 'over', { status: 'EXPIRED' });
    world.remote.room('a').secret = 'of a';
    const [found] = await Promise.all([
      world.upstreams.find('remote', 'a'),
      world.upstreams.find('remote', 'a'),
      world.upstreams.survey({}),
      other.upstreams.survey({}),
      other.upstreams.find('remote', 'a'),
    ]);
    expect(world.remote.count('find')).toBe(2);
    expect(await handlesOf(world)).toEqual(['a', 'b']);
    expect(accepted(found)).toMatchObject({
      title: 'A',
      visibility: 'PUBLIC',
      createdBy: 'service:remote',
      createdAt: 5_000,
      activeMembers: 1,
    });
    const { fresh, problems } = await world.upstreams.survey({});
    expect([...fresh.values()].map(({ handle, visibility }) => `${handle} ${visibility}`).toSorted()).toEqual(['a PUBLIC', 'b PRIVATE']);
    expect(problems).toEqual([]);
    const session = accepted(found);
    if (session === null) throw new Error('Expected it to be found');
    expect(await eventTypesOf(store, session.id)).toEqual(['MEMBER_JOINED']);
    accepted(await world.upstreams.refresh(session));
    expect(world.remote.calls.at(-1)?.at?.secret).toBe('of a');
    // Looked up though it is over, it is known as that; and one that is not there is not.
    expect(await world.upstreams.find('remote', 'over')).toMatchObject({ status: 'EXPIRED', dueAt: null });
    expect(await world.upstreams.find('remote', 'nothing')).toBeNull();
    expect(await world.upstreams.find('unknown', 'a')).toBeNull();
  });

  it('do not take back, by a list from before it, what was changed since', async () => {
    await using store = await open();
    await using world = createServiceWorld({ store });
    const ada = await world.create({ title: 'Before' });
    const { sessionId } = ada.admission;
    const slow = gate();
    world.remote.gates.set('list', slow.promise);
    const listing = world.upstreams.survey({});
    await settled();
    accepted(await world.sessions.update(ada.caller, { sessionId, title: 'After' }));
    const bob = await world.join(ada, user('Bob'));
    slow.resolve();
    const { fresh } = await listing;
    expect(fresh.get(sessionId)).toMatchObject({ title: 'After', activeMembers: 2 });
    expect((await membersOf(store, sessionId, 'ACTIVE')).map(({ id }) => id)).toContain(bob.admission.memberId);
    expect(await eventTypesOf(store, sessionId)).toEqual(['MEMBER_JOINED', 'SESSION_UPDATED', 'MEMBER_JOINED']);
    // What is news is confirmed, and what is not costs nothing.
    const before = world.remote.count('read');
    await world.upstreams.survey({});
    expect(world.remote.count('read')).toBe(before);
    world.remote.room().facts = { ...world.remote.room().facts, lastActivityAt: world.clock.now() + 1_000 };
    await world.upstreams.survey({});
    expect(world.remote.count('read')).toBe(before);
    expect((await sessionIn(store, sessionId)).lastActivityAt).toBe(world.clock.now() + 1_000);
    world.remote.room().facts = { ...world.remote.room().facts, title: 'Theirs' };
    expect((await world.upstreams.survey({})).fresh.get(sessionId)?.title).toBe('Theirs');
    expect(world.remote.count('read')).toBe(before + 1);
  });
});

describe('sessions made at a service', () => {
  it('are found behind a page of those that are known', async () => {
    await using world = createServiceWorld();
    for (let index = 0; index < 30; index += 1) add(world, `old-${index}`);
    for (let index = 0; index < 120; index += 1) await world.create({ handle: `own-${index}` }, user(`U${index}`));
    await world.upstreams.survey({});
    expect((await handlesOf(world)).filter((handle) => handle.startsWith('old-'))).toHaveLength(30);
    // Once the list has been seen, one page without news is enough.
    world.remote.calls = [];
    await world.upstreams.survey({});
    expect(world.remote.count('list')).toBe(1);
    add(world, 'new');
    await world.upstreams.survey({});
    expect(await handlesOf(world)).toContain('new');
    // From time to time all of it is, in case that what is new is not at its beginning.
    world.remote.calls = [];
    await world.clock.advance(60_000);
    await world.upstreams.survey({});
    expect(world.remote.count('list')).toBe(2);
  });

  it('are found page by page where there are more than one asks for', async () => {
    await using world = createServiceWorld();
    for (let index = 0; index < 1_250; index += 1) add(world, `h-${index}`);
    await world.upstreams.survey({});
    expect(await handlesOf(world)).toHaveLength(1_000);
    await world.upstreams.survey({});
    expect(await handlesOf(world)).toHaveLength(1_250);
  });

  it('are found where the list failed in the middle', async () => {
    await using world = createServiceWorld();
    for (let index = 0; index < 250; index += 1) add(world, `h-${index}`);
    const slow = gate();
    world.remote.gates.set('list', slow.promise);
    const listing = world.upstreams.survey({});
    await settled();
    world.remote.failures.set('list', unavailable);
    slow.resolve();
    expect((await listing).problems).toEqual([unavailable]);
    expect(await handlesOf(world)).toHaveLength(100);
    world.remote.failures.clear();
    expect((await world.upstreams.survey({})).problems).toEqual([]);
    expect(await handlesOf(world)).toHaveLength(250);
  });

  it('are found by the next who asks where the list comes slowly', async () => {
    await using world = createServiceWorld();
    for (let index = 0; index < 450; index += 1) add(world, `h-${index}`);
    const { service } = world.remote;
    const list = service.list?.bind(service);
    const asked = { pages: 0 };
    Object.assign(service, {
      async list(...given: Parameters<NonNullable<typeof list>>) {
        asked.pages += 1;
        await world.clock.advance(900);
        return list?.(...given);
      },
    });
    await world.upstreams.survey({});
    expect([asked.pages, (await handlesOf(world)).length]).toEqual([3, 300]);
    await world.upstreams.survey({});
    expect((await handlesOf(world)).length).toBe(450);
  });

  it.each([
    [500, 0],
    [2_500, 0],
    [2_500, 300_000],
  ])('are all found in the end where each page takes %i ms and somebody asks every %i ms', async (pageMs, everyMs) => {
    await using world = createServiceWorld();
    for (let index = 0; index < 450; index += 1) add(world, `h-${index}`);
    const { service } = world.remote;
    const list = service.list?.bind(service);
    Object.assign(service, {
      async list(...given: Parameters<NonNullable<typeof list>>) {
        await world.clock.advance(pageMs);
        return list?.(...given);
      },
    });
    for (let survey = 0; survey < 6; survey += 1) {
      await world.clock.advance(everyMs);
      add(world, `new-${survey}`);
      await world.upstreams.survey({});
    }
    expect((await handlesOf(world)).length).toBeGreaterThanOrEqual(450);
    expect((await handlesOf(world)).filter((handle) => handle.startsWith('new-'))).toHaveLength(6);
  });

  it('are asked for no further where a page leads back to one that was given', async () => {
    let pages = 0;
    const parts = {
      list: async () => {
        pages += 1;
        return { sessions: [{ handle: `h-${pages}`, facts: {} }], next: 'same' };
      },
    };
    await using world = createServiceWorld({ parts });
    await world.upstreams.survey({});
    expect(pages).toBe(2);
  });

  it('are told of where some of them cannot be read, and the others are there', async () => {
    const parts = { list: async () => ({ sessions: [{ handle: 'a', facts: {} }], next: null, unreadable: 2 }) };
    await using world = createServiceWorld({ parts });
    const { fresh, problems, remarks } = await world.upstreams.survey({});
    expect([...fresh.values()].map(({ handle }) => handle)).toEqual(['a']);
    expect(problems).toEqual([]);
    expect(remarks).toMatchObject([{ code: 'UPSTREAM_FAILED', backend: 'remote', detail: expect.stringContaining('2 of its sessions') }]);
  });

  it('cost a backend whose list fails its own rows, whatever the failure', async () => {
    const broken = createScriptedService({ name: 'broken', parts: { list: async () => Promise.reject(new Error('a fault of ours')) } });
    const down = createScriptedService({ name: 'down' });
    down.failures.set('list', unavailable);
    const world = createServiceWorld({ others: [broken.backend, down.backend] });
    add(world, 'a');
    const { fresh, problems } = await world.upstreams.survey({});
    expect([...fresh.values()].map(({ handle }) => handle)).toEqual(['a']);
    expect(problems).toMatchObject([{ code: 'UPSTREAM_FAILED', backend: 'broken' }, { code: 'UPSTREAM_UNAVAILABLE' }]);
    expect(world.errors.splice(0)).toEqual([new Error('a fault of ours')]);
    expect((await world.upstreams.survey({ backends: ['remote'] })).problems).toEqual([]);
    await world[Symbol.asyncDispose]();
  });

  it('are asked for once for all who list at the same time, with the same filter', async () => {
    await using world = createServiceWorld();
    await Promise.all([
      world.upstreams.survey({}),
      world.upstreams.survey({}),
      world.upstreams.survey({ agentId: 'x', metadata: { a: 1 } }),
    ]);
    expect(world.remote.calls.map(({ of }) => of)).toEqual([
      { limit: 100, page: null, filter: { agentId: null, metadata: null } },
      { limit: 100, page: null, filter: { agentId: 'x', metadata: { a: 1 } } },
    ]);
  });

  it('are let go after the gateway has ended them, again where that fails at first', async () => {
    const world = createServiceWorld();
    const ada = await world.create();
    world.remote.failures.set('end', unavailable);
    const releasing = world.upstreams.release(await world.session(ada));
    await settled();
    await world.clock.advance(5_000);
    world.remote.failures.clear();
    await world.clock.advance(10_000);
    await releasing;
    expect(world.remote.count('end')).toBe(3);
    world.remote.failures.set('end', unavailable);
    const failing = world.upstreams.release(await world.session(ada));
    await settled();
    await world.clock.advance(5_000);
    await world.clock.advance(10_000);
    await failing;
    expect(world.errors.splice(0)).toHaveLength(1);
    const stopping = world.upstreams.release(await world.session(ada));
    await settled();
    await world[Symbol.asyncDispose]();
    await stopping;
    expect(world.clock.pending).toBe(0);
  });
});
