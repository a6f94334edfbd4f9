import type { StoredEvent, TimelineEvent } from '../../core/event.ts';
import type { SessionId } from '../../core/ids.ts';
import type { Member } from '../../core/member.ts';
import type { Message } from '../../core/message.ts';
import type { TimelineReader } from '../../core/ports.ts';
import type { MemberQuery, MessageQuery, Page, SessionQuery } from '../../core/queries.ts';
import { type Session, statusAt } from '../../core/session.ts';
import { identityKey } from '../../core/viewer.ts';
import { asJson, hasEntries } from '../shared/metadata.ts';
import { compareKeys, cutPage, type Key } from './page.ts';
import type { Tables } from './tables.ts';

const placeOfSession = ({ createdAt, id }: Pick<Session, 'createdAt' | 'id'>): Key => [createdAt, id];
const placeOfMember = ({ joinedAt, id }: Pick<Member, 'joinedAt' | 'id'>): Key => [joinedAt, id];

const membersOf = (tables: Tables, sessionId: SessionId): Iterable<Member> => tables.membersOf.get(sessionId)?.values() ?? [];

/** What one can be stored of each id, in the order of the ids. */
export const pick = <K, V>(map: ReadonlyMap<K, V>, keys: readonly K[]): readonly (V | null)[] => keys.map((key) => map.get(key) ?? null);

export function listSessions(tables: Tables, query: SessionQuery): Page<Session> {
  const { audience, backends, statuses, visibilities, agentId, now } = query;
  const wanted = query.metadata && asJson(query.metadata);
  const isFor = (session: Session): boolean =>
    'all' in audience ||
    (audience.public && session.visibility === 'PUBLIC') ||
    (audience.principal !== null &&
      (session.createdBy === audience.principal || memberOfPrincipal(tables, audience.principal, session.id) !== null)) ||
    (session.createdBy !== null && audience.creators?.includes(session.createdBy) === true) ||
    session.id === audience.sessionId;
  const matches = (session: Session): boolean =>
    isFor(session) &&
    (backends === undefined || backends.includes(session.backend)) &&
    (statuses === undefined || statuses.includes(statusAt(session, now))) &&
    (visibilities === undefined || visibilities.includes(session.visibility)) &&
    (agentId === undefined || session.agentId === agentId) &&
    (wanted === undefined || hasEntries(asJson(session.metadata), wanted));
  return cutPage(tables.sessions.values().filter(matches), query.page, {
    keyOf: placeOfSession,
    keyOfPlace: placeOfSession,
    descending: true,
  });
}

export const dueSessions = (tables: Tables, before: number, limit: number): readonly { readonly id: SessionId; readonly dueAt: number }[] =>
  [...tables.sessions.values()]
    .flatMap(({ id, status, dueAt }) => (status === 'ACTIVE' && dueAt !== null && dueAt <= before ? [{ id, dueAt }] : []))
    .sort((a, b) => compareKeys([a.dueAt, a.id], [b.dueAt, b.id]))
    .slice(0, limit);

export const listMembers = (tables: Tables, { sessionId, page, status }: MemberQuery): Page<Member> =>
  cutPage(
    Iterator.from(membersOf(tables, sessionId)).filter((member) => status === undefined || member.status === status),
    page,
    {
      keyOf: placeOfMember,
      keyOfPlace: placeOfMember,
    },
  );

const inOrderOfJoining = (members: Iterable<Member>): Member[] =>
  [...members].sort((a, b) => compareKeys(placeOfMember(a), placeOfMember(b)));

export const memberOfPrincipal = (tables: Tables, principal: string, sessionId: SessionId): Member | null =>
  inOrderOfJoining(membersOf(tables, sessionId)).find((member) => member.principal === principal && member.status === 'ACTIVE') ?? null;

export const sessionsOfPrincipal = (tables: Tables, principal: string, limit: number): readonly SessionId[] =>
  [...tables.sessions.values()]
    .filter(({ id, status }) => status === 'ACTIVE' && memberOfPrincipal(tables, principal, id) !== null)
    .sort((a, b) => compareKeys(placeOfSession(b), placeOfSession(a)))
    .slice(0, limit)
    .map(({ id }) => id);

export function bannedMembers(
  tables: Tables,
  sessionId: SessionId,
  { principal, address, name }: { readonly principal: string | null; readonly address: string | null; readonly name: string | null },
): readonly Member[] {
  const addressKey = address === null ? null : identityKey(address);
  const nameKey = name === null ? null : identityKey(name);
  const isMeant = (member: Member): boolean =>
    (principal !== null && member.principal === principal) ||
    (addressKey !== null && member.address !== null && identityKey(member.address) === addressKey) ||
    (nameKey !== null && identityKey(member.name) === nameKey);
  return inOrderOfJoining(membersOf(tables, sessionId))
    .filter((member) => member.banned && isMeant(member))
    .slice(0, 10);
}

export function listMessages(tables: Tables, { sessionId, page, channel }: MessageQuery): Page<Message> {
  const messages = tables.messagesOf.get(sessionId) ?? [];
  return cutPage(channel === undefined ? messages : messages.filter((message) => message.channel === channel), page, {
    keyOf: ({ seq }) => [seq],
    keyOfPlace: (seq) => [seq],
  });
}

export function readTimeline(
  tables: Tables,
  sessionId: SessionId,
  after: number,
  limit: number,
): Awaited<ReturnType<TimelineReader['read']>> {
  const events = tables.events.get(sessionId) ?? [];
  const head = tables.sessions.get(sessionId)?.seq ?? -1;
  const oldest = events[0]?.seq ?? head + 1;
  const from = Math.max(0, after + 1 - oldest);
  return {
    events: events.slice(from, from + limit).map((event) => withNouns(tables, event)),
    oldest,
    head,
  };
}

const withNouns = (tables: Tables, event: TimelineEvent): StoredEvent => {
  const { body } = event;
  return {
    ...event,
    member: ('memberId' in body && tables.members.get(body.memberId)) || null,
    by: ('byId' in body && body.byId !== null && tables.members.get(body.byId)) || null,
    message: ('messageId' in body && tables.messages.get(body.messageId)) || null,
  };
};
