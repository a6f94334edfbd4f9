import { describe, test } from 'vitest';
import { subjects } from '../backends/subjects.ts';
import type { Emulator } from '../emulators/shared/emulator.ts';
import type { Fault, FaultOptions } from '../emulators/shared/faults.ts';
import { atWork, contentsOf, isSend } from '../support/at-work.ts';
import { type FarWorld, farWorld, titleOf } from '../support/far-world.ts';
import { type Admitted, createSession, mutate, post, query } from '../support/graphql-client.ts';
import { allEvents, follow, ofType } from '../support/live-client.ts';

/** Long enough for a machine that starts six services at once. */
const timeoutMs = 1_500;
/** Nobody of another backend waits for longer, on a loaded machine. */
const promptMs = 2_000;

interface Trouble {
  readonly title: string;
  readonly fault: Fault;
  readonly options: FaultOptions;
}

/** One after the other, each while everybody sends. */
const troubles: readonly Trouble[] = [
  { title: 'a burst of 500', fault: { kind: 'status', status: 500, body: {} }, options: { times: 3 } },
  { title: 'a burst of 503', fault: { kind: 'status', status: 503, body: {} }, options: { times: 3 } },
  { title: 'reset before it was applied', fault: { kind: 'reset' }, options: { times: 3, match: isSend } },
  { title: 'reset after it was applied', fault: { kind: 'reset' }, options: { times: 3, match: isSend, when: 'after' } },
  { title: 'half an answer', fault: { kind: 'half' }, options: { times: 3, match: isSend } },
  {
    title: 'a 502 after it was applied',
    fault: { kind: 'status', status: 502, body: {} },
    options: { times: 2, match: isSend, when: 'after' },
  },
  { title: 'no answer', fault: { kind: 'hang' }, options: { times: 2 } },
  { title: 'no answer, though it was applied', fault: { kind: 'hang' }, options: { times: 2, match: isSend, when: 'after' } },
  {
    title: 'a 429',
    fault: { kind: 'status', status: 429, body: {}, headers: { 'retry-after': '1' } },
    options: { times: 2, match: isSend },
  },
];

/** Cuts the connections by which the service tells what happens. */
function dropSources(emulator: Emulator | null): void {
  const { hub, sockets, breakStreams } = emulator as unknown as {
    hub?: { drop(): void };
    sockets?: { putOut(): void };
    breakStreams?: (id: null, how: 'CUT') => void;
  };
  hub?.drop();
  sockets?.putOut();
  breakStreams?.(null, 'CUT');
}

describe.concurrent.each(subjects.map((subject) => [titleOf(subject), subject] as const))('%s', (_, subject) => {
  const start = (): Promise<FarWorld> =>
    farWorld(subject, {
      backend: { ...(subject.kind === 'JULEP' && { replyMs: timeoutMs }), timeoutMs, retries: 1, breaker: { failures: 4, openMs: 150 } },
    });

  test('what was acknowledged is there once, and who resumes misses nothing', async ({ expect }) => {
    await using world = await start();
    const { url, service } = world;
    const work = atWork(url);
    const host = await world.open();
    const guest = await world.join(host.sessionId);
    const local = await createSession(url, { backend: 'local' });
    const followers = [host, guest, host].map((member) => work.follow(member));
    const acknowledged: string[] = [];
    let number = 0;
    const say = async (member: Admitted): Promise<void> => {
      number += 1;
      const content = `message ${number}`;
      await work.send(member, content);
      acknowledged.push(content);
    };
    const slowest = { ms: 0 };
    const sayAtLocal = async (): Promise<void> => {
      const startedAt = performance.now();
      const sent = await mutate(url, 'sendMessage', { content: 'here' }, '__typename', local.credentials);
      expect(sent.__typename).toBe('MessageDelivery');
      slowest.ms = Math.max(slowest.ms, performance.now() - startedAt);
    };
    const everybody = (): Promise<unknown> => Promise.all([say(host), say(guest), say(host), say(guest), sayAtLocal(), sayAtLocal()]);

    for (const [index, { fault, options }] of troubles.entries()) {
      using _ = service.emulator?.fault(fault, options);
      const working = everybody();
      followers[index % followers.length]?.cut();
      await working;
    }
    // Gone, and back while everybody waits for it. A server of ElizaOS that starts again has forgotten its sessions.
    if (subject.kind !== 'ELIZA') {
      await service.emulator?.stop();
      const working = everybody();
      await sayAtLocal();
      await service.emulator?.start();
      await working;
    }
    dropSources(service.emulator);
    await everybody();

    const done = (await contentsOf(url, host)).toSorted();
    expect(done).toEqual(acknowledged.toSorted());
    // A look at the service finds nothing that was not there: also what was said last is compared once more.
    const marker = 'the last one';
    await work.send(guest, marker);
    for (const follower of followers) {
      await expect.poll(() => follower.seen.some(({ content }) => content === marker), { timeout: 5_000, interval: 20 }).toBe(true);
    }
    const stored = await contentsOf(url, host);
    expect(stored.toSorted()).toEqual([...acknowledged, marker].toSorted());
    for (const follower of followers) {
      expect(follower.unrecovered).toEqual([]);
      // Pieces of replies are of the moment, and have the place of what came before them.
      const lasting = follower.seen.filter(({ type }) => type !== 'ReplyDelta');
      expect(new Set(lasting.map(({ cursor }) => cursor)).size).toBe(lasting.length);
      const said = follower.seen.flatMap(({ content }) => (content !== null && stored.includes(content) ? [content] : []));
      expect(said).toEqual(stored);
      await follower.stop();
    }
    expect(slowest.ms).toBeLessThan(promptMs);
  });

  test('what was applied and never acknowledged appears once at the most', async ({ expect }) => {
    await using world = await start();
    const { url, service } = world;
    const work = atWork(url);
    const host = await world.open();
    const stream = follow(url, allEvents, { after: host.cursor, types: ['MESSAGE_ADDED'] }, host.credentials);
    await stream.until(ofType('StreamOpened'));
    {
      using placed = service.emulator?.fault({ kind: 'reset' }, { times: 1, match: isSend, when: 'after' });
      const lost = await mutate(url, 'sendMessage', { content: 'into the blue' }, '__typename', host.credentials);
      if (placed?.hits === 1) expect(lost).toMatchObject({ __typename: 'Problem', code: expect.stringMatching(/^UPSTREAM_/) });
    }
    await work.send(host, 'and on');
    await stream.until((event) => event.message?.content === 'and on');
    // Twice more compared with what the service has.
    for (let looks = 0; looks < 2; looks += 1) {
      await query(url, 'query ($id: ID!) { session(id: $id) { messages { totalCount } } }', { id: host.sessionId }, host.credentials);
    }
    const said = stream.events.flatMap(({ message }) => (message === undefined ? [] : [message.content as string]));
    expect(said.filter((content) => content === 'into the blue').length).toBeLessThanOrEqual(1);
    expect(said.filter((content) => content === 'and on')).toHaveLength(1);
    await stream.stop();
  });

  const forgetful = subject.kind === 'ELIZA' ? ['a service that forgets its sessions: those who follow are told, and can read on'] : [];
  test.for(forgetful)('%s', async (_title, { expect }) => {
    await using world = await start();
    const { url, service } = world;
    const work = atWork(url);
    const host = await world.open();
    await work.send(host, 'remember me');
    const stream = follow(url, allEvents, {}, host.credentials);
    await stream.until(ofType('StreamOpened'));
    await service.emulator?.stop();
    await service.emulator?.start();
    await stream.until(ofType('SessionExpired'));
    expect(await stream.ended).toBe('complete');
    const { data } = await post(
      url,
      'query ($id: ID!) { session(id: $id) { status messages { nodes { content role } } } }',
      { id: host.sessionId },
      host.credentials,
    );
    expect(data.session).toMatchObject({ status: 'EXPIRED' });
    expect(data.session.messages.nodes).toContainEqual({ content: 'remember me', role: 'USER' });
    const refused = await mutate(url, 'sendMessage', { content: 'late' }, '__typename', host.credentials);
    expect(refused).toMatchObject({ __typename: 'Problem', code: 'EXPIRED' });
  });
});
