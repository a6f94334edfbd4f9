import type { MemberId, SessionId } from '../../core/ids.ts';
import type { Member } from '../../core/member.ts';
import type { MemberReader } from '../../core/ports.ts';
import { identityKey } from '../../core/viewer.ts';
import { memberTable } from '../shared/tables.ts';
import { escapeOrNull, escapeText } from './codec.ts';
import type { Query } from './database.ts';
import { type Lists, readPages } from './page.ts';
import { readAll, readByIds } from './reading.ts';

const lists: Lists<Member, { readonly joinedAt: number; readonly id: MemberId }> = {
  table: memberTable,
  from: 'members',
  order: [
    { name: 'joined_at', type: 'bigint' },
    { name: 'id', type: 'text' },
  ],
  valuesOf: ({ joinedAt, id }) => [joinedAt, id],
};
const ofPrincipal = `
  SELECT DISTINCT ON (session_id) ${memberTable.columns} FROM members
  WHERE principal = $1 AND session_id = ANY($2::text[]) AND status = 'ACTIVE'
  ORDER BY session_id, joined_at, id`;
const sessionsOf = `
  SELECT id FROM sessions
  WHERE id IN (SELECT session_id FROM members WHERE principal = $1 AND status = 'ACTIVE') AND status = 'ACTIVE'
  ORDER BY created_at DESC, id DESC LIMIT $2`;
// One lookup for each, by its own index.
const banned = `
  SELECT ${memberTable.columns} FROM members
  WHERE id IN (
    SELECT id FROM members WHERE session_id = $1 AND banned AND principal = $2
    UNION SELECT id FROM members WHERE session_id = $1 AND banned AND banned_address = $3
    UNION SELECT id FROM members WHERE session_id = $1 AND banned AND banned_name = $4)
  ORDER BY joined_at, id LIMIT 10`;

/** Reads members. */
export const createMemberReader = (query: Query): MemberReader => ({
  byIds: (ids) => readByIds(query, memberTable, 'members', ids),
  list: (queries) =>
    readPages(
      query,
      lists,
      queries.map(({ sessionId, status, page }) => ({
        key: [['session_id', sessionId], ...(status === undefined ? [] : ([['status', status]] as const))],
        page,
      })),
    ),
  ofPrincipal: async (principal, sessionIds) => {
    const found = await readAll(query, memberTable, ofPrincipal, [escapeText(principal), [...sessionIds]]);
    const bySession = new Map(found.map((member) => [member.sessionId, member]));
    return sessionIds.map((id) => bySession.get(id) ?? null);
  },
  sessionsOf: async (principal, limit) => (await query(sessionsOf, [escapeText(principal), limit])).map(([id]) => id as SessionId),
  banned: (sessionId, { principal, address, name }) =>
    readAll(query, memberTable, banned, [
      sessionId,
      escapeOrNull(principal),
      escapeOrNull(address === null ? null : identityKey(address)),
      escapeOrNull(name === null ? null : identityKey(name)),
    ]),
});
