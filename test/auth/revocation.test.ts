import { expect, test } from 'vitest';
import { createApiKey } from '../../src/auth/api-keys.ts';
import { findRevoked } from '../../src/auth/revocation.ts';
import { newMemberId } from '../../src/core/ids.ts';
import { orThrow } from '../../src/core/problem.ts';
import type { Viewer } from '../../src/core/viewer.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createSteppedClock } from '../support/auth-clock.ts';
import { admitMember, closeSession, removeMember } from '../support/auth-store.ts';

const clock = createSteppedClock();

async function keyViewer(store: ReturnType<typeof createMemoryStore>): Promise<Extract<Viewer, { kind: 'API_KEY' }>> {
  const { record } = orThrow(await createApiKey(store.apiKeys, { name: 'app', tier: 'FREE' }, clock));
  return { kind: 'API_KEY', keyId: record.id, name: record.name, tier: record.tier };
}

test('finds the viewers whose key was revoked or whose membership ended, each of several', async () => {
  const store = createMemoryStore();
  const [goodKey, badKey] = [await keyViewer(store), await keyViewer(store)];
  const [good, left, kicked, over] = await Promise.all([1, 2, 3, 4].map(() => admitMember(store, clock.now())));
  if (!good || !left || !kicked || !over) throw new Error('Expected four members');
  await store.apiKeys.revoke(badKey.keyId, clock.now());
  await removeMember(store, left, 'LEFT', clock.now());
  await removeMember(store, kicked, 'KICKED', clock.now());
  await closeSession(store, over, 'EXPIRED', clock.now());
  const stay: Viewer[] = [
    { kind: 'ANONYMOUS' },
    { kind: 'WALLET', address: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed' },
    { kind: 'USER', issuer: 'i', subject: 's', name: 'n' },
    goodKey,
    { kind: 'MEMBER', member: good },
    { kind: 'MEMBER', member: over },
  ];
  const go: Viewer[] = [
    badKey,
    { ...badKey },
    { kind: 'MEMBER', member: left },
    { kind: 'MEMBER', member: left },
    { kind: 'MEMBER', member: kicked },
    { kind: 'MEMBER', member: { ...good, id: newMemberId() } },
    { ...goodKey, keyId: 'gone' },
  ];
  expect(await findRevoked(store, [...stay, ...go])).toEqual(new Set(go));
});

test('asks the store once for the keys and once for the members of a thousand connections, and not at all for none', async () => {
  const store = createMemoryStore();
  const member = await admitMember(store, clock.now());
  const key = await keyViewer(store);
  const asked: number[] = [];
  const counting = {
    apiKeys: { ...store.apiKeys, byIds: (ids: readonly string[]) => (asked.push(ids.length), store.apiKeys.byIds(ids)) },
    members: { ...store.members, byIds: (ids: readonly (typeof member.id)[]) => (asked.push(ids.length), store.members.byIds(ids)) },
  };
  const members = Array.from({ length: 1_000 }, (): Viewer => ({ kind: 'MEMBER', member }));
  const keys = Array.from({ length: 1_000 }, (_, index): Viewer => ({ ...key, keyId: `key-${index}` }));
  expect((await findRevoked(counting, [...members, ...keys])).size).toBe(1_000);
  expect(asked).toEqual([1_000, 1]);
  asked.length = 0;
  expect((await findRevoked(counting, [{ kind: 'ANONYMOUS' }])).size).toBe(0);
  expect(asked).toEqual([]);
});

test('more than one read takes are all looked at', async () => {
  const store = createMemoryStore();
  const key = await keyViewer(store);
  const viewers = Array.from({ length: 2_500 }, (_, index): Viewer => ({ ...key, keyId: `key-${index}` }));
  expect((await findRevoked(store, [...viewers, key])).size).toBe(2_500);
});
