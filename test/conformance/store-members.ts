import { expect } from 'vitest';
import { newMemberId, newSessionId } from '../../src/core/ids.ts';
import type { MemberQuery } from '../../src/core/queries.ts';
import { aChange, created, joined, start } from '../support/store-fixtures.ts';
import type { Checks } from './store-suite.ts';

export const memberChecks: Checks = (check) => {
  check('lists members in the order of joining, from either end and of one status', async (store) => {
    const { id } = await created(store);
    const ids = [newMemberId(), newMemberId()] as const;
    const [five, four, , , one] = await joined(store, id, [
      { name: '5', joinedAt: start + 9 },
      { name: '4', joinedAt: start + 8, status: 'LEFT', leftAt: start + 9 },
      { name: '3', joinedAt: start + 7, id: ids[1] },
      { name: '2', joinedAt: start + 7, id: ids[0] },
      { name: '1', joinedAt: start + 1, status: 'KICKED' },
    ]);
    if (five === undefined || four === undefined || one === undefined) throw new Error('Five members were expected');
    const pageOf = async (page: MemberQuery['page'], status?: MemberQuery['status']) => {
      const [answer] = await store.members.list([{ sessionId: id, page, ...(status !== undefined && { status }) }]);
      return [answer?.items.map(({ name }) => name).join(''), answer?.hasMore, answer?.totalCount];
    };
    const two = { joinedAt: start + 7, id: ids[0] };
    expect(await pageOf({ limit: 9 })).toEqual(['12345', false, 5]);
    expect(await pageOf({ limit: 2 })).toEqual(['12', true, 5]);
    expect(await pageOf({ limit: 2, after: two })).toEqual(['34', true, 5]);
    expect(await pageOf({ limit: 2, fromEnd: true })).toEqual(['45', true, 5]);
    expect(await pageOf({ limit: 2, fromEnd: true, before: four })).toEqual(['23', true, 5]);
    expect(await pageOf({ limit: 1, fromEnd: true, before: two })).toEqual(['1', false, 5]);
    expect(await pageOf({ limit: 2 }, 'ACTIVE')).toEqual(['23', true, 3]);
    expect(await pageOf({ limit: 2, after: two }, 'ACTIVE')).toEqual(['35', false, 3]);
    expect(await pageOf({ limit: 5 }, 'LEFT')).toEqual(['4', false, 1]);
    expect(await pageOf({ limit: 5, after: one, before: five }, 'KICKED')).toEqual(['', false, 1]);
  });

  check('finds the active membership of a principal', async (store) => {
    const one = await created(store);
    const two = await created(store);
    const three = await created(store);
    const [inOne] = await joined(store, one.id, [{ principal: 'p' }, { principal: 'q' }, { principal: null }]);
    await joined(store, two.id, [{ principal: 'p', status: 'LEFT' }]);
    const [, inThree] = await joined(store, three.id, [{ principal: 'p', status: 'KICKED', banned: true }, { principal: 'p' }]);
    expect(await store.members.ofPrincipal('p', [three.id, two.id, newSessionId(), one.id])).toEqual([inThree, null, null, inOne]);
    expect(await store.members.ofPrincipal('nobody', [one.id])).toEqual([null]);
  });

  check('finds the active sessions that a principal is in, newest first', async (store) => {
    const older = await created(store, { createdAt: start });
    const newer = await created(store, { createdAt: start + 1 });
    const ended = await created(store, { status: 'ENDED' });
    const left = await created(store);
    await created(store, { createdBy: 'p' });
    for (const { id } of [older, newer, ended]) await joined(store, id, [{ principal: 'p' }, { principal: 'p' }]);
    await joined(store, left.id, [{ principal: 'p', status: 'LEFT' }]);
    expect(await store.members.sessionsOf('p', 10)).toEqual([newer.id, older.id]);
    expect(await store.members.sessionsOf('p', 1)).toEqual([newer.id]);
    expect(await store.members.sessionsOf('nobody', 10)).toEqual([]);
  });

  check('finds banned members by principal, address or name', async (store) => {
    const { id } = await created(store);
    const other = await created(store);
    const [byPrincipal, byAddress, byName] = await joined(store, id, [
      { name: 'One', principal: 'wallet:0x1', banned: true, joinedAt: start + 1 },
      { name: 'Two', address: '0xAbC', banned: true, joinedAt: start + 2 },
      { name: 'Zo\u00eb', banned: true, joinedAt: start + 3 },
      { name: 'Free', principal: 'wallet:0x2', address: '0xdef', status: 'KICKED' },
    ]);
    await joined(store, other.id, [{ name: 'Other', principal: 'wallet:0x1', banned: true }]);
    const banned = (principal: string | null, address: string | null, name: string | null) =>
      store.members.banned(id, { principal, address, name });
    expect(await banned(null, null, null)).toEqual([]);
    expect(await banned('wallet:0x1', null, null)).toEqual([byPrincipal]);
    expect(await banned('wallet:0x1', null, 'x')).toEqual([byPrincipal]);
    expect(await banned(null, ' 0xABC', 'x')).toEqual([byAddress]);
    expect(await banned(null, null, 'ZOE\u0308 ')).toEqual([byName]);
    expect(await banned('wallet:0x1', '0xabc', 'zo\u00eb')).toEqual([byPrincipal, byAddress, byName]);
    expect(await banned('wallet:0x2', '0xdef', 'Free')).toEqual([]);
    expect(await banned(null, null, '0xabc')).toEqual([]);
    expect(await banned(null, null, 'Other')).toEqual([]);
  });

  check('follows a ban and its lifting, and answers at most ten', async (store) => {
    const { id } = await created(store);
    const members = await joined(
      store,
      id,
      Array.from({ length: 12 }, (_, index) => ({ name: 'Ann', address: '0x1', joinedAt: start + index })),
    );
    const nobody = { principal: null, address: null, name: null };
    const byName = () => store.members.banned(id, { ...nobody, name: 'ann' });
    const byAddress = () => store.members.banned(id, { ...nobody, address: '0X1' });
    expect([...(await byName()), ...(await byAddress())]).toEqual([]);
    const banned = members.map((member) => ({ ...member, status: 'KICKED' as const, banned: true }));
    await store.commit(aChange(id, { members: banned }));
    expect(await byName()).toEqual(banned.slice(0, 10));
    expect(await byAddress()).toEqual(banned.slice(0, 10));
    await store.commit(aChange(id, { members }));
    expect([...(await byName()), ...(await byAddress())]).toEqual([]);
  });
};
