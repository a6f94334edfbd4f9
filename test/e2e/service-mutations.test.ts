import { describe, test } from 'vitest';
import type { Feature } from '../../src/core/backend.ts';
import { subjects } from '../backends/subjects.ts';
import type { MachaniEmulator } from '../emulators/machani/emulator.ts';
import type { QuicksyncEmulator } from '../emulators/quicksync/emulator.ts';
import type { Emulator } from '../emulators/shared/emulator.ts';
import type { Fault } from '../emulators/shared/faults.ts';
import { type FarWorld, farWorld, titleOf } from '../support/far-world.ts';
import { type Admitted, createSession, mutate, post, query } from '../support/graphql-client.ts';

const timeoutMs = 1_000;
/** One attempt, and what a loaded machine adds. */
const boundMs = 6_000;

const faults: readonly (readonly [title: string, fault: Fault])[] = [
  ['refusing', { kind: 'status', status: 403, body: { error: 'no' } }],
  ['failing', { kind: 'status', status: 500, body: {} }],
  ['hanging', { kind: 'hang' }],
  ['cutting off', { kind: 'reset' }],
];

/** The members that the service says are in the session; null = it knows none. */
function membersAt(emulator: Emulator | null, handle: string): number | null {
  const { state } = emulator as unknown as Partial<Pick<MachaniEmulator, 'state'> | Pick<QuicksyncEmulator, 'state'>>;
  const session: object | undefined = state?.sessions.get(handle);
  const { users, members } = (session ?? {}) as { readonly users?: ReadonlyMap<string, unknown>; readonly members?: ReadonlySet<string> };
  return users?.size ?? members?.size ?? null;
}

describe.concurrent.each(subjects.map((subject) => [titleOf(subject), subject] as const))('%s', (_, subject) => {
  const start = (patienceMs: number = timeoutMs): Promise<FarWorld> =>
    farWorld(subject, {
      backend: {
        ...(subject.kind === 'JULEP' && { replyMs: timeoutMs }),
        timeoutMs: patienceMs,
        retries: 0,
        breaker: { failures: 1_000, openMs: 300 },
      },
    });

  const snapshot = async ({ url }: FarWorld, { sessionId, credentials }: Admitted): Promise<any> => {
    const source = `query ($id: ID!) { session(id: $id) { status title situation metadata renewalCount rules { maxMembers }
      members { nodes { id name } } messages { nodes { content } } } }`;
    return (await query(url, source, { id: sessionId }, credentials)).session;
  };
  const handleOf = async ({ url }: FarWorld, { sessionId, credentials }: Admitted): Promise<string> =>
    (await query(url, 'query ($id: ID!) { session(id: $id) { handle } }', { id: sessionId }, credentials)).session.handle;

  test('what the service does not do is refused in time, and changes nothing here', async ({ expect }) => {
    await using world = await start();
    const { url, service } = world;
    const host = await world.open({ title: 'before', metadata: { a: 1 } });
    const guest = await world.join(host.sessionId);
    const other = await world.person();
    const before = await snapshot(world, host);
    const defaults = subject.defaults && { defaults: subject.defaults };
    const asked: readonly (readonly [field: string, feature: Feature | null, input: object, credentials: Admitted['credentials']])[] = [
      ['createSession', null, { backend: 'far', ...subject.base }, other],
      ['joinSession', 'JOIN', { sessionId: host.sessionId, identity: { name: 'Mallory' } }, other],
      ['kickMember', 'KICK', { memberId: guest.memberId }, host.credentials],
      ['updateSession', 'UPDATE', { metadata: { a: 2 }, title: 'after', ...defaults }, host.credentials],
      ['replaceSession', 'REPLACE', { title: 'after', ...defaults }, host.credentials],
      ['renewSession', 'RENEWAL', {}, host.credentials],
      ['heartbeatSession', 'HEARTBEAT', {}, host.credentials],
      ['sendMessage', 'MESSAGES', { content: 'lost' }, guest.credentials],
      ['leaveSession', 'JOIN', {}, guest.credentials],
      ['endSession', null, {}, host.credentials],
    ];
    for (const [title, fault] of faults) {
      using placed = service.emulator?.fault(fault, { match: ({ url: path }) => !/hubs|socket\.io|\/events/.test(path) });
      for (const [field, feature, input, credentials] of asked) {
        // What the gateway does by itself it does whatever the service does.
        if (feature !== null && subject.features[feature] !== 'UPSTREAM') continue;
        const hits = placed?.hits ?? 0;
        const startedAt = performance.now();
        const name = `${field.charAt(0).toUpperCase()}${field.slice(1)}`;
        const source = `mutation ($input: ${name}Input!) { ${field}(input: $input) { __typename ... on Problem { code detail backend { name } } } }`;
        const { data, errors } = await post(url, source, { input }, credentials);
        const which = `${title}: ${field}`;
        expect(errors, which).toBeUndefined();
        expect(performance.now() - startedAt, which).toBeLessThan(boundMs);
        expect(data[field], which).toMatchObject({ __typename: 'Problem', backend: { name: 'far' } });
        expect(placed?.hits, which).toBeGreaterThan(hits);
      }
    }
    expect(await snapshot(world, host)).toEqual(before);
    const here = membersAt(service.emulator, await handleOf(world, host));
    if (here !== null) expect(here).toBe(2);
    // It works again.
    expect((await mutate(url, 'endSession', {}, '__typename', host.credentials)).__typename).toBe('SessionChange');
  });

  const joins = subject.features.JOIN === 'UPSTREAM' ? ['a join that could not be recorded leaves nobody at the service'] : [];
  test.for(joins)('%s', async (_title, { expect }) => {
    await using world = await start(10_000);
    const { url, service } = world;
    const person = await world.person();
    const host = await createSession(
      url,
      { backend: 'far', ...subject.base, identity: { name: 'Ada' }, rules: { timeout: { timeoutSeconds: 2, autoRenew: false } } },
      await world.person(),
    );
    const handle = await handleOf(world, host);
    using _ = service.emulator?.fault(
      { kind: 'delay', ms: 2_200 },
      { match: ({ method, url: path }) => method === 'POST' && /join/.test(path), when: 'after' },
    );
    const joined = await mutate(url, 'joinSession', { sessionId: host.sessionId, identity: { name: 'Late' } }, '__typename', person);
    // Begun while there was time, answered by the service when there was none any more.
    expect(joined).toMatchObject({ __typename: 'Problem', code: 'EXPIRED' });
    await expect.poll(() => membersAt(service.emulator, handle), { timeout: 3_000 }).toBe(1);
  });

  const named = subject.kind === 'MACHANI' ? ['nor does one whose answer was lost'] : [];
  test.for(named)('%s', async (_title, { expect }) => {
    await using world = await start();
    const { url, service } = world;
    const host = await world.open();
    const handle = await handleOf(world, host);
    {
      using _ = service.emulator?.fault({ kind: 'reset' }, { match: ({ url: path }) => path.endsWith('/join'), when: 'after' });
      const lost = await mutate(
        url,
        'joinSession',
        { sessionId: host.sessionId, identity: { name: 'Grace' } },
        '__typename',
        await world.person(),
      );
      expect(lost).toMatchObject({ __typename: 'Problem', code: 'UPSTREAM_UNAVAILABLE' });
    }
    await expect.poll(() => membersAt(service.emulator, handle), { timeout: 3_000 }).toBe(1);
  });
});
