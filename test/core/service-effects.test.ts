import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { ProblemError, problem } from '../../src/core/problem.ts';
import type { Commit, CommitOutcome } from '../../src/core/commit.ts';
import type { Store } from '../../src/core/ports.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { expectProblem } from '../support/core-fixtures.ts';
import {
  anonymous,
  apiKey,
  atOnce,
  eventTypesOf,
  everythingOf,
  memberIn,
  membersOf,
  messagesOf,
  sessionIn,
  storeDrivers,
  timelineOf,
  user,
} from '../support/core-service.ts';
import { said, unavailable } from '../support/scripted-service.ts';
import { accepted, createServiceWorld, gate, settled } from '../support/service-world.ts';

/** A store in which somebody else is faster than the first commits of a kind. */
function contested(store: Store, isMeant: (commit: Commit) => boolean, first: (commit: Commit) => Promise<void>): Store {
  let isDone = false;
  return {
    ...store,
    async commit(commit): Promise<CommitOutcome> {
      if (!isDone && isMeant(commit)) {
        isDone = true;
        await first(commit);
      }
      return store.commit(commit);
    },
  };
}

/** Raises the version of a session. */
async function touch(store: Store, commit: Commit, set: object = {}): Promise<void> {
  if (commit.kind !== 'change') throw new Error('Expected a change');
  const { sessionId } = commit;
  const { version, title } = await sessionIn(store, sessionId);
  await store.commit({
    kind: 'change',
    sessionId,
    guard: { version, exclusive: true },
    set: { title, ...set },
    touch: null,
    add: { files: 0, fileBytes: 0 },
    members: [],
    messages: [],
    clearMessages: false,
    events: [],
    at: 0,
    idempotency: null,
  });
}

describe.each(Object.entries(storeDrivers))('a command at a service, on %s', (_, open) => {
  it('asks the service once, in the name of the caller, and is recorded', async () => {
    await using store = await open();
    await using world = createServiceWorld({ store });
    const ada = await world.create({ title: 'Talk', rules: { timeout: { timeoutSeconds: 60 } } });
    const bob = await world.join(ada, user('Bob'));
    const { sessionId } = ada.admission;
    const { sessions, remote } = world;
    accepted(await sessions.update(ada.caller, { sessionId, title: 'Talks' }));
    accepted(await sessions.setTimeoutPolicy(ada.caller, { sessionId, policy: { timeoutSeconds: 90 } }));
    accepted(await sessions.renew(ada.caller, { sessionId }));
    accepted(await sessions.heartbeat(bob.caller, { sessionId }));
    accepted(await sessions.send(bob.caller, { sessionId, content: 'hello' }));
    accepted(await sessions.clear(ada.caller, { sessionId }));
    accepted(await sessions.leave(bob.caller, { sessionId }));
    const eve = await world.join(ada, user('Eve'));
    accepted(await sessions.kick(ada.caller, { sessionId, memberId: eve.admission.memberId }));
    accepted(await sessions.end(ada.caller, { sessionId }));
    expect(remote.calls.map(({ method, at }) => [method, at?.as?.name ?? null, at?.as?.secret ?? null])).toEqual([
      ['open', null, null],
      ['join', null, null],
      ['settings', 'Ada', 'secret of Ada'],
      ['settings', 'Ada', 'secret of Ada'],
      ['renew', 'Ada', 'secret of Ada'],
      ['heartbeat', 'Bob', 'secret of Bob'],
      ['send', 'Bob', 'secret of Bob'],
      // How far what it has goes, by its own clock.
      ['history', null, null],
      ['clear', 'Ada', 'secret of Ada'],
      ['leave', 'Bob', 'secret of Bob'],
      ['join', null, null],
      ['kick', 'Ada', 'secret of Ada'],
      ['end', 'Ada', 'secret of Ada'],
    ]);
    expect(remote.calls.find(({ method }) => method === 'kick')?.of).toMatchObject({ name: 'Eve', id: 'at-Eve', secret: 'secret of Eve' });
    expect(remote.calls.every(({ at }) => at === null || at.secret === 'secret of theirs')).toBe(true);
    expect((await eventTypesOf(store, sessionId)).filter((type) => type !== 'SESSION_RENEWED')).toEqual([
      'MEMBER_JOINED',
      'MEMBER_JOINED',
      'SESSION_UPDATED',
      'SESSION_UPDATED',
      'MESSAGE_ADDED',
      'MESSAGES_CLEARED',
      'MEMBER_LEFT',
      'MEMBER_JOINED',
      'MEMBER_KICKED',
      'SESSION_ENDED',
    ]);
  });

  it('changes nothing where the service refuses, and does not ask it where the gateway does', async () => {
    await using store = await open();
    await using world = createServiceWorld({ store });
    const ada = await world.create({ rules: { timeout: { timeoutSeconds: 60 } } });
    const bob = await world.join(ada, user('Bob'));
    const { sessionId } = ada.admission;
    const { sessions, remote } = world;
    // But for the version: what is to be sent is told to other gateways, and that it is over.
    const now = async (): Promise<unknown> =>
      JSON.parse(JSON.stringify(await everythingOf(store, sessionId)).replace(/"version":\d+/, '"version":0'));
    const before = await now();
    const refusal = problem('UPSTREAM_REFUSED', 'The service does not want to.', { backend: 'remote' });
    for (const method of ['join', 'leave', 'kick', 'end', 'settings', 'renew', 'heartbeat', 'clear', 'send', 'open'])
      remote.failures.set(method, refusal);
    expect(await sessions.join(user('Eve'), { sessionId })).toEqual(refusal);
    expect(await sessions.leave(bob.caller, { sessionId })).toEqual(refusal);
    expect(await sessions.kick(ada.caller, { sessionId, memberId: bob.admission.memberId })).toEqual(refusal);
    expect(await sessions.update(ada.caller, { sessionId, title: 'x' })).toEqual(refusal);
    expect(await sessions.renew(ada.caller, { sessionId })).toEqual(refusal);
    expect(await sessions.heartbeat(ada.caller, { sessionId })).toEqual(refusal);
    expect(await sessions.clear(ada.caller, { sessionId })).toEqual(refusal);
    expect(await sessions.send(ada.caller, { sessionId, content: 'x' })).toEqual(refusal);
    expect(await sessions.end(ada.caller, { sessionId })).toEqual(refusal);
    expect(await sessions.create(user('Eve'), {})).toEqual(refusal);
    await expect.poll(now).toEqual(before);
    remote.calls = [];
    expectProblem(await sessions.update(bob.caller, { sessionId, title: 'x' }), 'FORBIDDEN');
    expectProblem(await sessions.update(user('Nobody'), { sessionId, title: 'x' }), 'NOT_FOUND', ['sessionId']);
    expectProblem(await sessions.send(user('Nobody'), { sessionId, content: 'x' }), 'NOT_FOUND', ['sessionId']);
    expectProblem(await sessions.end(bob.caller, { sessionId }), 'FORBIDDEN');
    expect(remote.calls).toEqual([]);
  });

  it('is not repeated at the service where the store was changed meanwhile', async () => {
    await using plain = await open();
    const store = contested(
      plain,
      (commit) => commit.kind === 'change' && commit.members.length === 1,
      (commit) => touch(plain, commit),
    );
    await using world = createServiceWorld({ store });
    const ada = await world.create();
    const bob = await world.join(ada, user('Bob'));
    expect(world.remote.count('join')).toBe(1);
    expect((await memberIn(store, bob.admission.memberId)).upstream?.id).toBe('at-Bob');
  });

  it('is taken back where the gateway has to refuse it after all', async () => {
    await using plain = await open();
    const store = contested(
      plain,
      (commit) => commit.kind === 'change' && commit.members.length === 1,
      (commit) => touch(plain, commit, { status: 'ENDED' }),
    );
    await using world = createServiceWorld({ store });
    const ada = await world.create();
    expectProblem(await world.sessions.join(user('Bob'), { sessionId: ada.admission.sessionId }), 'ENDED');
    await settled();
    expect(world.remote.calls.map(({ method }) => method)).toEqual(['open', 'join', 'leave']);
    expect(world.remote.calls.at(-1)?.at?.as).toMatchObject({ id: 'at-Bob', secret: 'secret of Bob' });
  });

  it('is taken back where the store fails', async () => {
    await using plain = await open();
    let isBroken = false;
    const store: Store = { ...plain, commit: async (commit) => (isBroken ? Promise.reject(new Error('disk full')) : plain.commit(commit)) };
    await using world = createServiceWorld({ store });
    const ada = await world.create();
    isBroken = true;
    await expect(world.sessions.join(user('Bob'), { sessionId: ada.admission.sessionId })).rejects.toThrow('disk full');
    await expect(world.sessions.create(user('Eve'), {})).rejects.toThrow('disk full');
    await settled();
    expect(world.remote.calls.map(({ method, handle }) => `${method} ${handle}`)).toEqual([
      'open theirs',
      'join theirs',
      'leave theirs',
      'open theirs',
      'end theirs1',
    ]);
  });

  it('makes the event where the service answers that the session is over', async () => {
    await using store = await open();
    await using world = createServiceWorld({ store });
    const ada = await world.create();
    const { sessionId } = ada.admission;
    world.remote.failures.set('send', problem('EXPIRED', 'It is gone.', { backend: 'remote' }));
    world.remote.failures.set('read', problem('EXPIRED', 'It is gone.', { backend: 'remote' }));
    expectProblem(await world.sessions.send(ada.caller, { sessionId, content: 'x' }), 'EXPIRED');
    await vi.waitFor(async () => expect(await sessionIn(store, sessionId)).toMatchObject({ status: 'EXPIRED', dueAt: null }));
    expect((await eventTypesOf(store, sessionId)).at(-1)).toBe('SESSION_EXPIRED');
  });

  it('records what the answer says, once, also against what the gateway reckons', async () => {
    await using store = await open();
    await using world = createServiceWorld({ store });
    const ada = await world.create({ rules: { timeout: { timeoutSeconds: 60 } } });
    const { sessionId } = ada.admission;
    const end = world.clock.now() + 1_000_000;
    world.remote.room().facts = { expiresAt: end, renewalCount: 1 };
    accepted(await world.sessions.renew(ada.caller, { sessionId }));
    expect(await sessionIn(store, sessionId)).toMatchObject({ expiresAt: end, renewalCount: 1, upstream: { clock: true } });
    expect((await timelineOf(store, sessionId)).at(-1)?.body).toEqual({ type: 'SESSION_RENEWED', expiresAt: end });
    world.remote.room().facts = { expiresAt: end + 5_000, renewalCount: 2, title: 'Renamed there' };
    accepted(await world.sessions.heartbeat(ada.caller, { sessionId }));
    expect(await sessionIn(store, sessionId)).toMatchObject({ expiresAt: end + 5_000, renewalCount: 2, title: 'Renamed there' });
    const told = (await timelineOf(store, sessionId)).slice(-2).map(({ body }) => body);
    expect(told).toEqual([
      { type: 'SESSION_UPDATED', changed: ['title'] },
      { type: 'SESSION_RENEWED', expiresAt: end + 5_000 },
    ]);
    world.remote.room().facts = { status: 'ENDED' };
    accepted(await world.sessions.heartbeat(ada.caller, { sessionId }));
    expect((await timelineOf(store, sessionId)).at(-1)?.body.type).toBe('SESSION_ENDED');
  });

  it('gives the place of one who was heard of first to the one who joined', async () => {
    await using plain = await open();
    let ingest: () => Promise<void> = async () => {};
    const store = contested(
      plain,
      (commit) => commit.kind === 'change' && commit.members.length === 1 && commit.members[0]?.upstream?.sealed != null,
      () => ingest(),
    );
    await using world = createServiceWorld({ store });
    await using other = createServiceWorld({ store: plain, remote: world.remote, clock: world.clock });
    const ada = await world.create({ rules: { maxMembers: 2 } });
    const { sessionId } = ada.admission;
    ingest = () => other.upstreams.ingest.joined(sessionId, { id: 'at-Bob', name: 'Bob', address: null, role: 'MEMBER' });
    const bob = await world.join(ada, user('Bob'));
    expect((await membersOf(store, sessionId, 'ACTIVE')).map(({ id }) => id)).toEqual([ada.admission.memberId, bob.admission.memberId]);
    expect((await sessionIn(store, sessionId)).activeMembers).toBe(2);
    expect(await eventTypesOf(store, sessionId)).toEqual(['MEMBER_JOINED', 'MEMBER_JOINED', 'MEMBER_LEFT', 'MEMBER_JOINED']);
  });

  it('gives an idempotency key one call however often it comes at once', async () => {
    await using store = await open();
    await using world = createServiceWorld({
      store,
      sent: (message, { content }) => ({
        reply: Promise.resolve(said(`re-${message.id}`, { role: 'ASSISTANT', content: `re ${content}` })),
      }),
    });
    const created = await atOnce(50, () => world.sessions.create(user('Ada'), { title: 'one', idempotencyKey: 'k' }));
    expect(new Set(created.map((each) => accepted(each).sessionId)).size).toBe(1);
    expect(world.remote.count('open')).toBe(1);
    const { sessionId } = accepted(created[0] ?? (Promise.reject(new Error('none')) as never));
    const sent = await atOnce(50, () =>
      world.sessions.send(user('Ada'), { sessionId, content: 'hello', awaitReply: true, idempotencyKey: 's' }),
    );
    expect(world.remote.count('send')).toBe(1);
    expect(new Set(sent.map((each) => accepted(each).message.id)).size).toBe(1);
    expect(new Set(sent.map((each) => accepted(each).reply?.content))).toEqual(new Set(['re hello']));
  });

  it('sends 200 messages at once, each once, though each of them moves the end', async () => {
    await using store = await open();
    let end = 2_000_000_000_000;
    await using world = createServiceWorld({ store, sent: () => ({ facts: { expiresAt: (end += 1_000) } }) });
    const ada = await world.create();
    const { sessionId } = ada.admission;
    const results = await atOnce(200, async (index) => {
      if (index % 10 === 0) await world.upstreams.ingest.history(await sessionIn(store, sessionId));
      return world.sessions.send(ada.caller, { sessionId, content: `message ${index % 7}` });
    });
    results.forEach(accepted);
    await settled();
    expect(await world.upstreams.ingest.history(await sessionIn(store, sessionId))).toBeNull();
    expect(await messagesOf(store, sessionId)).toHaveLength(200);
    expect(world.remote.count('send')).toBe(200);
    // The number that is answered is that of the message's own event.
    const stored = new Map((await messagesOf(store, sessionId)).map(({ id, seq }) => [id, seq]));
    for (const result of results) expect(stored.get(accepted(result).message.id)).toBe(accepted(result).message.seq);
  });
});

describe('a command at a service', () => {
  it('does not hold up other sessions, nor other messages of its own, while the service is slow', async () => {
    await using world = createServiceWorld();
    const ada = await world.create();
    const eve = await world.create({}, user('Eve'));
    const slow = gate();
    world.remote.gates.set('kick', slow.promise);
    const bob = await world.join(ada, user('Bob'));
    const kicking = world.sessions.kick(ada.caller, { sessionId: ada.admission.sessionId, memberId: bob.admission.memberId });
    await settled();
    accepted(await world.sessions.update(eve.caller, { sessionId: eve.admission.sessionId, title: 'meanwhile' }));
    accepted(await world.sessions.send(ada.caller, { sessionId: ada.admission.sessionId, content: 'meanwhile' }));
    // A read that has nothing to write waits for no turn.
    world.remote.room().facts = {};
    expect(accepted(await world.upstreams.refresh(await world.session(ada))).activeMembers).toBe(2);
    slow.resolve();
    accepted(await kicking);
    expect((await world.session(ada)).activeMembers).toBe(1);
  });

  it('is not asked again to take a message that the store failed to record', async () => {
    const plain = createMemoryStore();
    let fails = true;
    const commit: Store['commit'] = async (change) => {
      if (fails && change.kind === 'change' && change.messages.length > 0) throw new ProblemError(problem('UNAVAILABLE', 'Away.'));
      return plain.commit(change);
    };
    await using world = createServiceWorld({ store: { ...plain, commit } });
    const ada = await world.create();
    const { sessionId } = ada.admission;
    const input = { sessionId, content: 'once', idempotencyKey: 'k' };
    await expect(world.sessions.send(ada.caller, input)).rejects.toThrow('Away.');
    fails = false;
    const { message } = accepted(await world.sessions.send(ada.caller, input));
    expect(world.remote.count('send')).toBe(1);
    expect(await messagesOf(plain, sessionId)).toEqual([message]);
  });

  it('lets a member that the service does not know go by itself', async () => {
    await using world = createServiceWorld({
      parts: { perMember: true },
      effects: { leave: async () => unavailable, kick: async () => unavailable },
    });
    const ada = await world.create();
    const bob = await world.join(ada, user('Bob'));
    const eve = await world.join(ada, user('Eve'));
    accepted(await world.sessions.leave(bob.caller, { sessionId: ada.admission.sessionId }));
    accepted(await world.sessions.kick(ada.caller, { sessionId: ada.admission.sessionId, memberId: eve.admission.memberId }));
    expect((await world.session(ada)).activeMembers).toBe(1);
  });

  it('acts in nobody else’s name, but for an owner who is no member', async () => {
    await using world = createServiceWorld({ parts: { perMember: true }, effects: {} });
    const host = await world.create({}, apiKey('k1', 'PRO'));
    const bob = await world.join(host, user('Bob'));
    const { sessionId } = host.admission;
    accepted(await world.sessions.send(bob.caller, { sessionId, content: 'mine' }));
    expect(world.remote.calls.at(-1)?.at?.as).toMatchObject({ memberId: bob.admission.memberId, secret: null });
  });

  it('keeps secrets sealed in the store, and opens them for the next call', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'parley-secrets-'));
    try {
      const path = join(directory, 'parley.db');
      const store = await createSqliteStore({ path, durability: 'normal' });
      const world = createServiceWorld({ store, parts: { secretDefaults: ['viewingKey'] } });
      const defaults = { viewingKey: 'PLANTED-default', model: 'shown' };
      const ada = await world.create({ defaults, rules: { password: 'PLANTED-password' } }, user('PLANTED-name'));
      const { sessionId } = ada.admission;
      accepted(await world.sessions.update(ada.caller, { sessionId, defaults: { viewingKey: 'PLANTED-update', model: 'too' } }));
      accepted(await world.sessions.update(ada.caller, { sessionId, defaults: { viewingKey: 'PLANTED-again' } }));
      const sending = { sessionId, content: 'hello', options: { viewingKey: 'PLANTED-option', tone: 'kind' }, idempotencyKey: 'k' };
      const { message } = accepted(await world.sessions.send(ada.caller, sending));
      // What goes to the service has them.
      const [opened] = world.remote.calls;
      expect(opened?.of).toMatchObject({ input: { defaults } });
      expect(world.remote.calls[2]?.of).toMatchObject({
        input: { defaults: { viewingKey: 'PLANTED-again' } },
        after: { defaults: { model: 'too' } },
      });
      expect(world.remote.outgoing().options).toEqual({ model: 'too', viewingKey: 'PLANTED-option', tone: 'kind' });
      expect(world.remote.calls.at(-1)?.at).toMatchObject({ secret: 'secret of theirs', as: { secret: 'secret of PLANTED-name' } });
      // What is shown and stored has not.
      expect(message.options).toEqual({ model: 'too', tone: 'kind' });
      expect((await sessionIn(store, sessionId)).defaults).toEqual({ model: 'too' });
      expect((await timelineOf(store, sessionId)).map(({ body }) => body.type)).toEqual([
        'MEMBER_JOINED',
        'SESSION_UPDATED',
        'SESSION_UPDATED',
        'MESSAGE_ADDED',
      ]);
      await world[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      const bytes = await readFile(path);
      expect(bytes.includes('PLANTED-name')).toBe(true);
      for (const planted of ['secret of', 'PLANTED-default', 'PLANTED-update', 'PLANTED-again', 'PLANTED-option', 'PLANTED-password'])
        expect([planted, bytes.includes(planted)]).toEqual([planted, false]);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('leaves a creation that a list was faster with to its creator, secret and members included', async () => {
    const plain = createMemoryStore();
    let list: () => Promise<unknown> = async () => {};
    const store = contested(
      plain,
      (commit) => commit.kind === 'creation' && commit.session.createdBy !== 'service:remote',
      async () => {
        await list();
      },
    );
    await using world = createServiceWorld({ store });
    list = () => world.upstreams.survey({});
    const ada = await world.create({ title: 'Mine', visibility: 'PRIVATE', idempotencyKey: 'k' });
    const { sessionId } = ada.admission;
    const session = await sessionIn(store, sessionId);
    expect(session).toMatchObject({ title: 'Mine', visibility: 'PRIVATE', activeMembers: 1, createdBy: expect.stringContaining('user:') });
    expect((await membersOf(store, sessionId, 'ACTIVE')).map(({ id }) => id)).toEqual([ada.admission.memberId]);
    expect(ada.caller.currentSessionId).toBe(sessionId);
    accepted(await world.sessions.update(ada.caller, { sessionId, title: 'Still mine' }));
    expect(world.remote.calls.at(-1)?.at).toMatchObject({ secret: 'secret of theirs', as: { secret: 'secret of Ada' } });
    expect(accepted(await world.sessions.create(user('Ada'), { title: 'Mine', visibility: 'PRIVATE', idempotencyKey: 'k' }))).toMatchObject(
      {
        sessionId,
      },
    );
    expect(world.remote.count('end')).toBe(0);
  });

  it('does not take a session from its owner, though the service gives another the handle', async () => {
    await using world = createServiceWorld();
    await world.create({ handle: 'room' });
    expectProblem(await world.sessions.create(anonymous(), { handle: 'room' }), 'CONFLICT', ['handle']);
    await settled();
    expect(world.remote.count('end')).toBe(0);
  });
});
