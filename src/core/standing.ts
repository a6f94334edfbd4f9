import type { Member } from './member.ts';
import type { Session } from './session.ts';
import type { Standing } from './use-cases.ts';
import { identityKey, principalOf, serviceCreator } from './viewer.ts';
import type { Viewer } from './viewer.ts';

/** The names that a viewer has proven to have: what an allowlist or a list of owners can name it by. */
export function provenNames(viewer: Viewer): readonly string[] {
  switch (viewer.kind) {
    case 'WALLET':
      return [viewer.address];
    case 'USER':
      return [viewer.subject, viewer.name];
    case 'ANONYMOUS':
    case 'API_KEY':
    case 'MEMBER':
      return [];
  }
}

const isIn = (session: Session, member: Member | null): member is Member =>
  member !== null && member.sessionId === session.id && member.status === 'ACTIVE';

/**
 * Where a viewer stands in a session.
 *
 * @param membership - The viewer's membership as last read: by principal, or for a MEMBER viewer by its member id. Null = none is known;
 * a MEMBER viewer is then taken at the word of its token. One that is of another session or no longer ACTIVE counts as none.
 */
export function standingOf(viewer: Viewer, session: Session, membership: Member | null): Standing {
  const known = membership ?? (viewer.kind === 'MEMBER' ? viewer.member : null);
  const proven = provenNames(viewer).map(identityKey);
  const created =
    session.createdBy !== null &&
    (session.createdBy === principalOf(viewer) || (viewer.kind === 'API_KEY' && session.createdBy === serviceCreator(session.backend)));
  return {
    member: isIn(session, known) ? known : null,
    owner: viewer.kind === 'API_KEY' && created,
    // A list may have a thousand entries, and most viewers have nothing to look for in it.
    invited:
      created || (proven.length > 0 && [...session.rules.allowlist, ...session.owners].some((name) => proven.includes(identityKey(name)))),
  };
}
