import type { MemberId, SessionId } from '../../core/ids.ts';
import type { Member } from '../../core/member.ts';
import type { MemberReader } from '../../core/ports.ts';
import type { MemberQuery } from '../../core/queries.ts';
import { identityKey } from '../../core/viewer.ts';
import { memberTable } from '../shared/tables.ts';
import { escapeText } from './codec.ts';
import type { Kept } from './kept.ts';
import { type Listing, readPage } from './page.ts';
import { readAll, readOne } from './reading.ts';
import type { Prepare } from './statements.ts';

const byId = `SELECT ${memberTable.columns} FROM members WHERE id = ?`;
const ofPrincipal = `
  SELECT ${memberTable.columns} FROM members WHERE principal = ? AND session_id = ? AND status = 'ACTIVE'
  ORDER BY joined_at, id LIMIT 1`;
const sessionsOf = `
  SELECT id FROM sessions
  WHERE id IN (SELECT session_id FROM members WHERE principal = ? AND status = 'ACTIVE') AND status = 'ACTIVE'
  ORDER BY created_at DESC, id DESC LIMIT ?`;
// One lookup for each: as one condition with OR, SQLite reads all members of the session.
const banned = `
  SELECT ${memberTable.columns} FROM members
  WHERE id IN (
    SELECT id FROM members WHERE session_id = ? AND banned = 1 AND principal = ?
    UNION SELECT id FROM members WHERE session_id = ? AND banned = 1 AND banned_address = ?
    UNION SELECT id FROM members WHERE session_id = ? AND banned = 1 AND banned_name = ?)
  ORDER BY joined_at, id LIMIT 10`;

const listingOf = ({ sessionId, status }: MemberQuery): Listing<Member, { readonly joinedAt: number; readonly id: MemberId }> => ({
  table: memberTable,
  from: 'members',
  where: status === undefined ? ['session_id = ?'] : ['session_id = ?', 'status = ?'],
  values: status === undefined ? [sessionId] : [sessionId, status],
  order: ['joined_at', 'id'],
  valuesOf: ({ joinedAt, id }) => [joinedAt, id],
});

const escapeOrNull = (text: string | null): string | null => (text === null ? null : escapeText(text));

/** Reads members over the given connection. */
export function createMemberReader(prepare: Prepare, kept: Kept): MemberReader {
  return {
    byIds: async (ids) => ids.map((id) => readOne(prepare, memberTable, byId, id)),
    peek: kept.byId(memberTable, byId),
    list: async (queries) => queries.map((query) => readPage(prepare, listingOf(query), query.page)),
    ofPrincipal: async (principal, sessionIds) =>
      sessionIds.map((id) => readOne(prepare, memberTable, ofPrincipal, escapeText(principal), id)),
    sessionsOf: async (principal, limit) =>
      prepare(sessionsOf)
        .all(escapeText(principal), limit)
        .map(([id]) => id as SessionId),
    banned: async (sessionId, { principal, address, name }) =>
      readAll(
        prepare,
        memberTable,
        banned,
        sessionId,
        escapeOrNull(principal),
        sessionId,
        escapeOrNull(address === null ? null : identityKey(address)),
        sessionId,
        escapeOrNull(name === null ? null : identityKey(name)),
      ),
  };
}
