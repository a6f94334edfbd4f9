import { expect, test } from 'vitest';
import { mutate } from '../support/graphql-client.ts';
import { ofType } from '../support/live-client.ts';
import type { BackendSubject } from './backend-subject.ts';
import { type BackendWorld, change, delivery, when } from './backend-world.ts';

/** How a session is changed, renewed and ended. */
export function lifeTests(subject: BackendSubject, world: BackendWorld): void {
  const { person, create, sessionOf, handleOf, followed } = world;

  test('is changed in part, and as a whole', async () => {
    const host = await create({ title: 'before', metadata: { a: 1, b: 2 } });
    const stream = await followed(host);
    const updated = await mutate(world.url, 'updateSession', { title: 'after', metadata: { b: 3 } }, change, host.credentials);
    expect(updated).toMatchObject({ session: { title: 'after', metadata: { a: 1, b: 3 } } });
    expect((await stream.until(ofType('SessionUpdated'))).changed).toEqual(expect.arrayContaining(['title', 'metadata']));
    expect(await sessionOf(host, 'title metadata')).toEqual({ title: 'after', metadata: { a: 1, b: 3 } });
    const replaced = await mutate(world.url, 'replaceSession', { title: 'new' }, change, host.credentials);
    expect(replaced).toMatchObject({ session: { title: 'new', metadata: {} } });
    expect(await sessionOf(host, 'title metadata')).toEqual({ title: 'new', metadata: {} });
    await stream.stop();
  });

  test('renews on purpose and by signs of life', async () => {
    const host = await create({ rules: { timeout: subject.policy ?? { timeoutSeconds: 3_600, autoRenew: true } } });
    const before = await sessionOf(host, 'expiresAt renewalCount');
    const renewed = await mutate(world.url, 'renewSession', {}, change, host.credentials);
    expect(renewed.session.renewalCount).toBe(before.renewalCount + 1);
    expect(Date.parse(renewed.session.expiresAt)).toBeGreaterThanOrEqual(Date.parse(before.expiresAt));
    const beaten = await mutate(world.url, 'heartbeatSession', {}, change, host.credentials);
    expect(beaten.session.renewalCount).toBe(before.renewalCount + 2);
    const policy = { ...subject.policy, timeoutSeconds: 1_800, autoRenew: false };
    const changed = await mutate(world.url, 'setTimeoutPolicy', { policy }, change, host.credentials);
    expect(changed.__typename).toBe('SessionChange');
    const after = await sessionOf(host, 'expiresAt rules { timeout { timeoutSeconds autoRenew } }');
    expect(after.rules.timeout).toEqual({ timeoutSeconds: 1_800, autoRenew: false });
    expect(Date.parse(after.expiresAt)).toBeLessThan(Date.parse(renewed.session.expiresAt));
  });

  when(subject.short !== null, 'expires: a warning, the end, no more writes, but reads', async () => {
    const host = await create({ rules: subject.short });
    const stream = await followed(host);
    await stream.until(ofType('SessionExpiring'));
    await stream.until(ofType('SessionExpired'));
    expect(await stream.ended).toBe('complete');
    const refused = await mutate(world.url, 'sendMessage', { content: 'late' }, delivery, host.credentials);
    expect(refused).toMatchObject({ __typename: 'Problem', code: 'EXPIRED', status: 410 });
    expect(await sessionOf(host, 'status')).toEqual({ status: 'EXPIRED' });
  });

  when(subject.gone !== null, 'hears that its service has it no longer', async () => {
    const host = await create();
    const stream = await followed(host);
    await world.service.at?.remove(await handleOf(host));
    await stream.until((event) => event.__typename === 'SessionExpired' || event.__typename === 'SessionEnded');
    expect(await stream.ended).toBe('complete');
    expect(await sessionOf(host, 'status')).toEqual({ status: subject.gone });
    const refused = await mutate(world.url, 'sendMessage', { content: 'late' }, delivery, host.credentials);
    expect(refused).toMatchObject({ __typename: 'Problem', code: subject.gone });
  });

  test('ends, and is gone from its service', async () => {
    const host = await create();
    const handle = await handleOf(host);
    const stream = await followed(host);
    const ended = await mutate(world.url, 'endSession', { reason: 'Done' }, change, host.credentials);
    expect(ended).toMatchObject({ session: { status: 'ENDED' } });
    expect(await stream.until(ofType('SessionEnded'))).toMatchObject({ reason: 'Done', by: { id: host.memberId } });
    expect(world.isThere(handle, false)).toBe(false);
    const refused = await mutate(world.url, 'joinSession', { sessionId: host.sessionId }, '__typename', await person());
    expect(refused).toMatchObject({ __typename: 'Problem' });
  });
}
