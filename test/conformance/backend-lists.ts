import { expect, test } from 'vitest';
import { mutate, query } from '../support/graphql-client.ts';
import type { BackendSubject } from './backend-subject.ts';
import { type BackendWorld, name, when } from './backend-world.ts';

/** How sessions are found, and what that costs. */
export function listsTests(subject: BackendSubject, world: BackendWorld): void {
  const { person, create } = world;

  test('is listed with the others, newest first', async () => {
    const credentials = await person();
    const first = await create({ title: 'first', visibility: 'PUBLIC' }, credentials);
    const second = await create({ title: 'second', visibility: 'PUBLIC' }, credentials);
    const { sessions } = await query(
      world.url,
      '{ sessions(first: 100) { nodes { id backend { name } } problems { code } } }',
      {},
      credentials,
    );
    expect(sessions.problems).toEqual([]);
    const ids = sessions.nodes.map((node: any) => node?.id);
    expect(ids).toContain(first.sessionId);
    expect(ids.indexOf(second.sessionId)).toBeLessThan(ids.indexOf(first.sessionId));
  });

  when(subject.others.create, 'lists and finds what was made at the service itself', async () => {
    const handle = await world.atService('create')();
    const source = 'query ($backend: ID!, $handle: String!) { sessionByHandle(backend: $backend, handle: $handle) { id handle status } }';
    const found = await query(world.url, source, { backend: name, handle });
    expect(found.sessionByHandle).toMatchObject({ handle, status: 'ACTIVE' });
    if (subject.features.LIST !== 'UPSTREAM') return;
    const other = await world.atService('create')();
    const { sessions } = await query(world.url, '{ sessions(first: 100) { nodes { handle } } }');
    expect(sessions.nodes.map((node: any) => node?.handle)).toEqual(expect.arrayContaining([handle, other]));
  });

  test('asks the service once for a creation that is sent twice with one key', async () => {
    const credentials = await person();
    const input = { ...subject.base, identity: { name: 'Ada' }, idempotencyKey: 'once' };
    const first = await mutate(world.url, 'createSession', input, '... on SessionAdmission { session { id } }', credentials);
    const creations = world.service.emulator?.count(({ method }) => method === 'POST') ?? 0;
    const again = await mutate(world.url, 'createSession', input, '... on SessionAdmission { session { id } }', credentials);
    // Whoever is signed in is given the first answer again, and anonymous callers, who cannot be told apart, are refused.
    const [expected] = Object.keys(credentials).length > 0 ? [first] : [{ __typename: 'Problem', code: 'CONFLICT' }];
    expect(again).toMatchObject(expected);
    expect(world.service.emulator?.count(({ method }) => method === 'POST') ?? 0).toBe(creations);
  });

  test('a page of 50 sessions costs no more calls than there are resources', async () => {
    const credentials = await person();
    for (let made = 0; made < 50; made += 10) {
      await Promise.all(Array.from({ length: 10 }, () => create({ visibility: 'PUBLIC' }, credentials)));
    }
    world.service.emulator?.clear();
    const source =
      '{ sessions(first: 50) { nodes { id title status defaults expiresAt members { nodes { name } } } problems { code detail } } }';
    const { sessions } = await query(world.url, source, {}, credentials);
    expect(sessions.problems).toEqual([]);
    expect(sessions.nodes.filter((node: any) => node !== null)).toHaveLength(50);
    const calls = world.service.emulator?.requests ?? [];
    expect(calls.length).toBeLessThanOrEqual(subject.callsPerPage);
    // A session that is always the current one of a token is named by the token.
    const seen = calls.map(({ method, url: path, headers }) => `${method} ${path} ${String(headers['authorization'])}`);
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('the service was asked for nothing that it does not have, and nothing secret was told', async () => {
    expect(world.service.emulator?.violations ?? []).toEqual([]);
    expect(world.service.emulator?.unknownRequests.map(({ method, url: path }) => `${method} ${path}`) ?? []).toEqual([]);
    const everything = JSON.stringify(
      await query(
        world.url,
        '{ backends { name health { message } } sessions(first: 100) { nodes { id handle title metadata defaults rules { allowlistOnly } } } }',
      ),
    );
    expect(world.service.secrets().filter((secret) => everything.includes(secret))).toEqual([]);
  });
}
