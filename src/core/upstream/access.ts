import type { Member } from '../member.ts';
import type { SecretBox, Store } from '../ports.ts';
import type { MemberAt, Service, SessionAt } from '../service.ts';
import type { Session } from '../session.ts';

/** Puts together what a service is to be asked about a session with. */
export interface SessionAccess {
  /** @param member - In whose name; null = whoever the service would listen to, where it listens to members only. */
  at(service: Service, session: Session, member: Member | null): Promise<SessionAt>;
  memberAt(member: Member): MemberAt;
}

// Enough to find one who can act: of a large session nobody needs all members for this.
const lookedAt = 50;

export function createSessionAccess({ store, box }: { readonly store: Pick<Store, 'members'>; readonly box: SecretBox }): SessionAccess {
  const memberAt = ({ id, name, address, upstream }: Member): MemberAt => ({
    memberId: id,
    name,
    address,
    id: upstream?.id ?? null,
    secret: upstream === null || upstream.sealed === null ? null : box.open(upstream.sealed, id),
  });

  async function spokesman({ id }: Session): Promise<Member | null> {
    const [page] = await store.members.list([{ sessionId: id, status: 'ACTIVE', page: { limit: lookedAt } }]);
    const able = (page?.items ?? []).filter(({ upstream }) => upstream?.sealed != null);
    return able.find(({ role }) => role === 'HOST') ?? able[0] ?? null;
  }

  return {
    memberAt,
    async at(service, session, member) {
      const sealed = session.upstream?.sealed ?? null;
      // A member acts in nobody's name but its own, also where the service will not listen to it.
      const speaks = member ?? (service.perMember ? await spokesman(session) : null);
      return { session, secret: sealed === null ? null : box.open(sealed, session.id), as: speaks && memberAt(speaks) };
    },
  };
}
