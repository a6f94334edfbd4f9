import { Buffer } from 'node:buffer';
import { shown } from '../core/checks.ts';
import { isMemberId, isSessionId } from '../core/ids.ts';
import type { SessionId } from '../core/ids.ts';
import type { Member } from '../core/member.ts';
import type { Message } from '../core/message.ts';
import type { MemberQuery, MessageQuery, PageRequest, SessionQuery } from '../core/queries.ts';
import { ProblemError, problem } from '../core/problem.ts';
import type { Session } from '../core/session.ts';
import type { SuggestionSource } from './sources.ts';

type PlaceOf<Q> = Q extends { readonly page: PageRequest<infer Place> } ? Place : never;
type SessionPlace = PlaceOf<SessionQuery>;
type MemberPlace = PlaceOf<MemberQuery>;
type MessagePlace = PlaceOf<MessageQuery>;

/** Rows to places in their list, as opaque text, and back. */
export interface PageCursors<Row, Place> {
  encode(row: Row): string;
  /** @throws ProblemError BAD_INPUT that names `argument`. */
  decode(argument: string, text: string): Place;
}

const base36 = (value: number): string => value.toString(36);
const fromBase36 = (digits: string): number => (/^[0-9a-z]{1,11}$/.test(digits) ? Number.parseInt(digits, 36) : Number.NaN);

/** The parts of a cursor of this list, or null where it is another one's or none. */
function partsOf(text: string, head: readonly string[]): readonly string[] | null {
  if (text.length > 800) return null;
  const bytes = Buffer.from(text, 'base64url');
  // The decoder skips characters that it does not know: only what encodes to the same text again was a cursor.
  if (bytes.toString('base64url') !== text) return null;
  const parts = bytes.toString().split('.');
  return head.every((part, index) => parts[index] === part) ? parts.slice(head.length) : null;
}

function cursors<Row, Place>(
  list: string,
  head: readonly string[],
  partsOfRow: (row: Row) => readonly string[],
  placeOf: (parts: readonly string[]) => Place | null,
): PageCursors<Row, Place> {
  return {
    encode: (row) => Buffer.from([...head, ...partsOfRow(row)].join('.')).toString('base64url'),
    decode(argument, text) {
      const parts = partsOf(text, head);
      const place = parts === null ? null : placeOf(parts);
      if (place !== null) return place;
      const rule = `Expected \`${argument}\` to be a cursor of ${list}, got ${shown(text)}. Cursors come from \`edges\` and \`pageInfo\`.`;
      throw new ProblemError(problem('BAD_INPUT', rule, { path: [argument] }));
    },
  };
}

/** Places in lists of sessions. */
export const sessionCursors = (epoch: string): PageCursors<Session, SessionPlace> =>
  cursors(
    'a list of sessions',
    ['s1', epoch],
    ({ createdAt, id }) => [base36(createdAt), id],
    ([digits = '', id = '', ...rest]) => {
      const createdAt = fromBase36(digits);
      return rest.length === 0 && Number.isSafeInteger(createdAt) && isSessionId(id) ? { createdAt, id } : null;
    },
  );

/** Places in one session's list of members. */
export const memberCursors = (epoch: string, sessionId: SessionId): PageCursors<Member, MemberPlace> =>
  cursors(
    `the members of ${sessionId}`,
    ['m1', epoch, sessionId],
    ({ joinedAt, id }) => [base36(joinedAt), id],
    ([digits = '', id = '', ...rest]) => {
      const joinedAt = fromBase36(digits);
      return rest.length === 0 && Number.isSafeInteger(joinedAt) && isMemberId(id) ? { joinedAt, id } : null;
    },
  );

/** Places in one session's list of suggestions: the service's ids. */
export const suggestionCursors = (epoch: string, sessionId: SessionId): PageCursors<SuggestionSource, string> =>
  cursors(
    `the suggestions of ${sessionId}`,
    ['u1', epoch, sessionId],
    ({ suggestion: { id } }) => [Buffer.from(id).toString('base64url')],
    ([id = '', ...rest]) => (rest.length === 0 && id !== '' ? Buffer.from(id, 'base64url').toString() : null),
  );

/** Places in one session's list of messages. */
export const messageCursors = (epoch: string, sessionId: SessionId): PageCursors<Message, MessagePlace> =>
  cursors(
    `the messages of ${sessionId}`,
    ['g1', epoch, sessionId],
    ({ seq }) => [base36(seq)],
    ([digits = '', ...rest]) => {
      const seq = fromBase36(digits);
      return rest.length === 0 && Number.isSafeInteger(seq) ? seq : null;
    },
  );
