import type { Eventually } from './eventually.ts';
import type { MemberId, SessionId } from './ids.ts';
import type { Member } from './member.ts';
import type { MemberReader, SessionReader } from './ports.ts';
import type { Session } from './session.ts';

/** One session, at once where the store has it at hand. */
export const sessionBy = (
  { sessions }: { readonly sessions: Pick<SessionReader, 'byIds' | 'peek'> },
  id: SessionId,
): Eventually<Session | null> =>
  sessions.peek === undefined ? sessions.byIds([id]).then(([session = null]) => session) : sessions.peek(id);

/** One member, at once where the store has it at hand. */
export const memberBy = (
  { members }: { readonly members: Pick<MemberReader, 'byIds' | 'peek'> },
  id: MemberId,
): Eventually<Member | null> => (members.peek === undefined ? members.byIds([id]).then(([member = null]) => member) : members.peek(id));
