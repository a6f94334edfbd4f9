import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { createGateway } from '../../src/gateway.ts';
import { subjects } from '../backends/subjects.ts';
import type { Emulator } from '../emulators/shared/emulator.ts';
import { type FarWorld, farWorld, sourcesAt, titleOf } from '../support/far-world.ts';
import { createSession, joinSession, mutate, post, query } from '../support/graphql-client.ts';
import { allEvents, follow, ofType } from '../support/live-client.ts';

describe.concurrent.each(subjects.map((subject) => [titleOf(subject), subject] as const))('%s', (_, subject) => {
  const talkative = subject.others.say ? ['two gateways over one store write one event for what happens at the service'] : [];
  test.for(talkative)('%s', async (_title, { expect }) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'parley-two-'));
    try {
      const secret = 'one-secret-for-both-of-the-gateways';
      const shared = { store: { driver: 'sqlite', durability: 'normal' }, dataDir, secret, live: { pollMs: 100 } } as const;
      await using one = await farWorld(subject, { gateway: shared });
      const { service } = one;
      if (service.at?.say === undefined) throw new Error('Expected the subject to have `at.say`, as its `others` says.');
      await using two = await createGateway({
        ...shared,
        server: { port: 0 },
        log: { level: 'silent' },
        backends: { local: { kind: 'LOCAL' }, far: service.config },
      });
      const urls = [one.url, (await two.start()).url];
      const host = await one.open();
      const { session } = await query(
        one.url,
        'query ($id: ID!) { session(id: $id) { handle } }',
        { id: host.sessionId },
        host.credentials,
      );
      const streams = urls.map((url) =>
        follow(url, allEvents, { after: host.cursor, types: ['MESSAGE_ADDED', 'MEMBER_JOINED'] }, host.credentials),
      );
      await Promise.all(streams.map((stream) => stream.until(ofType('StreamOpened'))));
      const sources = sourcesAt(service.emulator);
      // What a source tells before it is open is nowhere, where the service keeps no history.
      if (sources !== null) await expect.poll(() => sourcesAt(service.emulator), { timeout: 5_000 }).toBe(2);
      const contents = Array.from({ length: 10 }, (__, index) => `said there ${index}`);
      for (const content of contents) await service.at.say(session.handle, content);
      // And through either of them.
      await Promise.all(
        urls.map((url, index) => mutate(url, 'sendMessage', { content: `said here ${index}` }, '__typename', host.credentials)),
      );
      const all = [...contents, 'said here 0', 'said here 1'];
      for (const stream of streams) for (const content of all) await stream.until((event) => event.message?.content === content);
      const [first, second] = streams.map(({ events }) =>
        events.filter(({ __typename }) => __typename !== 'StreamOpened').map(({ cursor }) => cursor as string),
      );
      expect(first?.slice(0, all.length)).toEqual(second?.slice(0, all.length));
      const source = 'query ($id: ID!) { session(id: $id) { messages(first: 100) { nodes { content role } } members { nodes { name } } } }';
      const seen = (await query(urls[1] ?? '', source, { id: host.sessionId }, host.credentials)).session;
      const said = seen.messages.nodes.filter(({ role }: any) => role !== 'ASSISTANT').map(({ content }: any) => content as string);
      expect(said.toSorted()).toEqual(all.toSorted());
      // Each answer once, and after what it answers.
      const inOrder = seen.messages.nodes.map(({ role, content }: any) => `${role} ${content}`);
      const answers = inOrder.filter((said: string) => said.startsWith('ASSISTANT You said: '));
      expect(new Set(answers).size).toBe(answers.length);
      for (const answer of answers.filter((said: string) => said.includes('said here')))
        expect(inOrder.indexOf(answer.replace('ASSISTANT You said: ', 'USER '))).toBeLessThan(inOrder.indexOf(answer));
      const names = seen.members.nodes.map(({ name }: any) => name as string);
      expect(new Set(names).size).toBe(names.length);
      for (const { events } of streams) {
        const lasting = events.filter(({ __typename }) => __typename !== 'StreamOpened').map(({ cursor }) => cursor as string);
        expect(new Set(lasting).size).toBe(lasting.length);
      }
      await Promise.all(streams.map((stream) => stream.stop()));
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });

  test('watching and leaving again and again leaves nothing open', async ({ expect }) => {
    await using world = await farWorld(subject, { gateway: { live: { lingerMs: 0 } } });
    const { url, service } = world;
    const host = await world.open();
    const cycle = async (): Promise<void> => {
      const stream = follow(url, 'subscription { sessionEvents { __typename } }', {}, host.credentials);
      await stream.until(ofType('StreamOpened'));
      await stream.stop();
    };
    // Where the service tells something by itself, 500 times.
    const rounds = sourcesAt(service.emulator) === null ? 2 : 25;
    for (let round = 0; round < rounds; round += 1) await Promise.all(Array.from({ length: 20 }, cycle));
    await expect.poll(() => sourcesAt(service.emulator) ?? 0, { timeout: 8_000 }).toBe(0);
  });

  test('a gateway that is stopped in the middle of its work stops at once, and leaves nothing open', async ({ expect }) => {
    const world: FarWorld = await farWorld(subject, {
      backend: { timeoutMs: 20_000 },
      gateway: { server: { port: 0, trustProxy: true, drainSeconds: 0 } },
    });
    const { url, service } = world;
    try {
      const host = await world.open();
      const stream = follow(url, allEvents, {}, host.credentials);
      await stream.until(ofType('StreamOpened'));
      const sources = sourcesAt(service.emulator);
      if (sources !== null) await expect.poll(() => sourcesAt(service.emulator), { timeout: 5_000 }).toBe(1);
      using placed = service.emulator?.fault({ kind: 'hang' });
      const under = Promise.allSettled([
        post(url, 'query ($id: ID!) { session(id: $id) { status } }', { id: host.sessionId }, host.credentials),
        mutate(url, 'sendMessage', { content: 'into the end' }, '__typename', host.credentials),
        mutate(url, 'endSession', {}, '__typename', host.credentials),
      ]);
      await expect.poll(() => placed?.hits ?? 1, { timeout: 5_000 }).toBeGreaterThan(0);
      const startedAt = performance.now();
      await world.gateway[Symbol.asyncDispose]();
      // Far from the time that the service is given.
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      await under;
      expect(await stream.ended).toMatchObject({ code: 1001 });
      if (sources !== null) await expect.poll(() => sourcesAt(service.emulator), { timeout: 3_000 }).toBe(0);
      await expect.poll(() => openAt(service.emulator), { timeout: 3_000 }).toBe(0);
    } finally {
      await world[Symbol.asyncDispose]();
    }
  });

  test('200 who join at once fill ten places, here and at the service', async ({ expect }) => {
    await using world = await farWorld(subject, { backend: { timeoutMs: 15_000 } });
    const { url, service } = world;
    const host = await createSession(
      url,
      { backend: 'far', ...subject.base, identity: { name: 'Ada' }, rules: { maxMembers: 10 } },
      await world.person(),
    );
    const people = await Promise.all(Array.from({ length: 200 }, () => world.person()));
    const joined = await Promise.all(
      people.map((person, index) =>
        joinSession(url, { sessionId: host.sessionId, identity: { name: `guest ${index}` } }, person).then(
          () => 'in',
          (error: unknown) => (JSON.parse((error as Error).message) as { code: string }).code,
        ),
      ),
    );
    expect(joined.filter((outcome) => outcome === 'in')).toHaveLength(9);
    expect(new Set(joined)).toEqual(new Set(['in', 'SESSION_FULL']));
    const source = 'query ($id: ID!) { session(id: $id) { handle members { totalCount } } }';
    const { session } = await query(url, source, { id: host.sessionId }, host.credentials);
    expect(session.members.totalCount).toBe(10);
    const { state } = service.emulator as unknown as { readonly state: { readonly sessions: ReadonlyMap<string, object> } };
    const { users, members } = (state.sessions.get(session.handle) ?? {}) as { users?: { size: number }; members?: { size: number } };
    if (users !== undefined || members !== undefined) expect(users?.size ?? members?.size).toBe(10);
  });
});

/** Connections of any kind that are open at the service. */
function openAt(emulator: Emulator | null): Promise<number> {
  return new Promise((resolve, reject) => {
    if (emulator === null) return resolve(0);
    emulator.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}
