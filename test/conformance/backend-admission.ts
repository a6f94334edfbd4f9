import { expect, test } from 'vitest';
import { features } from '../../src/core/backend.ts';
import { mutate, post, query } from '../support/graphql-client.ts';
import { ofType } from '../support/live-client.ts';
import type { BackendSubject } from './backend-subject.ts';
import { type BackendWorld, change, name, removal } from './backend-world.ts';

/** Who is in a session, and who is not let in. */
export function admissionTests(subject: BackendSubject, world: BackendWorld): void {
  const { person, create, join, sessionOf, followed } = world;

  test('says of every feature who has it', async () => {
    const { backends } = await query(world.url, '{ backends { name kind features { feature provider } health { status circuit } } }');
    const [backend] = backends;
    expect(backend).toMatchObject({ name, kind: subject.kind, health: { status: 'UP', circuit: 'CLOSED' } });
    expect(Object.fromEntries(backend.features.map(({ feature, provider }: any) => [feature, provider]))).toEqual(subject.features);
    expect(backend.features).toHaveLength(features.length);
  });

  test('creates a session that is found by its id and its handle', async () => {
    const host = await create({ title: 'Stand-up', metadata: { topic: 'tea' } });
    const fields = 'id handle title status visibility metadata createdAt backend { name } members { nodes { name role } }';
    const session = await sessionOf(host, fields);
    expect(session).toMatchObject({
      id: host.sessionId,
      title: 'Stand-up',
      status: 'ACTIVE',
      metadata: { topic: 'tea' },
      backend: { name },
      members: { nodes: [{ name: 'Ada', role: 'HOST' }] },
    });
    const source = 'query ($backend: ID!, $handle: String!) { sessionByHandle(backend: $backend, handle: $handle) { id } }';
    expect(await query(world.url, source, { backend: name, handle: session.handle }, host.credentials)).toEqual({
      sessionByHandle: { id: host.sessionId },
    });
    expect(world.isThere(session.handle, true)).toBe(true);
  });

  test('admits with the password, and nobody without it', async () => {
    const host = await create({ rules: { password: 'open sesame' } });
    expect((await sessionOf(host, 'rules { passwordProtected }')).rules.passwordProtected).toBe(true);
    for (const password of [undefined, 'guess']) {
      const refused = await mutate(world.url, 'joinSession', { sessionId: host.sessionId, password }, '__typename', await person());
      expect(refused).toMatchObject({ __typename: 'Problem', code: 'WRONG_PASSWORD' });
    }
    await join(host.sessionId, { password: 'open sesame' });
    expect((await sessionOf(host, 'members { totalCount }')).members.totalCount).toBe(2);
  });

  test('is full at its capacity', async () => {
    const host = await create({ rules: { maxMembers: 2 } });
    await join(host.sessionId);
    const refused = await mutate(world.url, 'joinSession', { sessionId: host.sessionId }, '__typename', await person());
    expect(refused).toMatchObject({ __typename: 'Problem', code: 'SESSION_FULL' });
    expect((await sessionOf(host, 'members { totalCount }')).members.totalCount).toBe(2);
  });

  test('keeps to its allowlist', async () => {
    const host = await create({ rules: { allowlistOnly: true, allowlist: ['0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'] } });
    const refused = await mutate(world.url, 'joinSession', { sessionId: host.sessionId }, '__typename', await person());
    expect(refused).toMatchObject({ __typename: 'Problem', code: 'NOT_ALLOWLISTED' });
    expect((await sessionOf(host, 'rules { allowlist }')).rules.allowlist).toEqual(['0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed']);
  });

  test('a kick closes the stream, the token and the door', async () => {
    const host = await create();
    const guest = await join(host.sessionId);
    const stream = await followed(guest);
    const kicked = await mutate(world.url, 'kickMember', { memberId: guest.memberId, reason: 'Too loud' }, removal, host.credentials);
    expect(kicked).toMatchObject({ member: { id: guest.memberId, status: 'KICKED' } });
    expect(await stream.until(ofType('MemberKicked'))).toMatchObject({ member: { id: guest.memberId }, reason: 'Too loud' });
    expect(await stream.ended).toBe('complete');
    expect((await post(world.url, '{ viewer { kind } }', {}, guest.credentials)).status).toBe(401);
    expect((await sessionOf(host, 'members { nodes { name } }')).members.nodes).toEqual([{ name: 'Ada' }]);
  });

  test('lets members leave', async () => {
    const host = await create();
    const guest = await join(host.sessionId);
    const stream = await followed(host);
    await mutate(world.url, 'leaveSession', {}, change, guest.credentials);
    expect(await stream.until(ofType('MemberLeft'))).toMatchObject({ member: { id: guest.memberId, name: 'Grace' } });
    expect((await sessionOf(host, 'members { totalCount }')).members.totalCount).toBe(1);
    await stream.stop();
  });
}
