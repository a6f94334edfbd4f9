import type { Member } from '../core/member.ts';
import { problem, type Problem } from '../core/problem.ts';

/** The member, or why its token is refused. Whether the session is over does not matter: its reads go on. */
export function activeMember(member: Member | null): Member | Problem {
  if (member === null)
    return problem('UNAUTHENTICATED', 'The member that this token was issued to does not exist: join the session again.');
  switch (member.status) {
    case 'ACTIVE':
      return member;
    case 'KICKED':
      return problem('KICKED', 'The member that this token was issued to was removed from the session.');
    case 'LEFT':
      return problem('UNAUTHENTICATED', 'The membership ended: its token is no longer accepted. Join the session again.');
  }
}
