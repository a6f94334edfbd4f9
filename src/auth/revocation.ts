import type { MemberId } from '../core/ids.ts';
import type { Store } from '../core/ports.ts';
import { isProblem } from '../core/problem.ts';
import type { Viewer } from '../core/viewer.ts';
import { activeMember } from './membership.ts';

// Keeps one read of the store short, however many connections are open.
const batchSize = 1_000;

/**
 * Those among the viewers of live connections whose credentials are good no longer: their API key was revoked, their membership ended.
 * Costs two reads for up to 1,000 keys and members. Credentials that only run out (wallets, users) are never among them.
 */
export async function findRevoked(store: Pick<Store, 'apiKeys' | 'members'>, viewers: Iterable<Viewer>): Promise<ReadonlySet<Viewer>> {
  const revoked = new Set<Viewer>();
  const byKey = new Map<string, Viewer[]>();
  const byMember = new Map<MemberId, Viewer[]>();
  for (const viewer of viewers) {
    if (viewer.kind === 'API_KEY') file(byKey, viewer.keyId, viewer);
    if (viewer.kind === 'MEMBER') file(byMember, viewer.member.id, viewer);
  }
  const revoke = (gone: readonly Viewer[]): void => gone.forEach((viewer) => revoked.add(viewer));
  for (const batch of batches(byKey)) {
    const records = await store.apiKeys.byIds(batch.map(([id]) => id));
    batch.forEach(([, of], index) => {
      const record = records[index] ?? null;
      if (record === null || record.revokedAt !== null) revoke(of);
    });
  }
  for (const batch of batches(byMember)) {
    const members = await store.members.byIds(batch.map(([id]) => id));
    batch.forEach(([, of], index) => {
      if (isProblem(activeMember(members[index] ?? null))) revoke(of);
    });
  }
  return revoked;
}

function file<Id>(filed: Map<Id, Viewer[]>, id: Id, viewer: Viewer): void {
  const same = filed.get(id);
  if (same === undefined) filed.set(id, [viewer]);
  else same.push(viewer);
}

function* batches<Id>(filed: ReadonlyMap<Id, readonly Viewer[]>): Generator<readonly (readonly [Id, readonly Viewer[]])[]> {
  const entries = [...filed];
  for (let start = 0; start < entries.length; start += batchSize) yield entries.slice(start, start + batchSize);
}
