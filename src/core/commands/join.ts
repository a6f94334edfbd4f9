import { decideJoin } from '../decide/membership.ts';
import { type State, refuseOver } from '../decide/state.ts';
import { identify } from '../identity.ts';
import { newMemberId } from '../ids.ts';
import type { SessionLimits } from '../limits.ts';
import type { Member } from '../member.ts';
import type { Addresses, Store } from '../ports.ts';
import { type Problem, isProblem } from '../problem.ts';
import type { Session } from '../session.ts';
import type { UseCases } from '../use-cases.ts';
import { type Viewer, personalPrincipal } from '../viewer.ts';
import type { Admit } from './create.ts';
import type { SessionPasswords } from './passwords.ts';
import { type Runner, noSession, sessionIdIn } from './runner.ts';

export interface JoinOptions {
  readonly store: Store;
  readonly addresses: Addresses;
  readonly limits: SessionLimits;
  readonly passwords: SessionPasswords;
  readonly runner: Runner;
  readonly admit: Admit;
}

/** The membership that a caller who comes again has already. An API key brings others, so it has none that would be meant. */
const membershipOf = (viewer: Viewer, { standing }: State): Member | null => (viewer.kind === 'API_KEY' ? null : standing.member);

/** The command that lets somebody in. */
export function createJoin({ store, addresses, limits, passwords, runner, admit }: JoinOptions): UseCases['join'] {
  return async (caller, input) => {
    const id = sessionIdIn(caller, input);
    if (isProblem(id)) return id;
    const { viewer } = caller;
    const first = await runner.load(caller, id);
    if (first === null) return noSession(id);
    const unsupported = runner.requireFeature(first.session.backend, 'JOIN');
    if (unsupported !== null) return unsupported;

    let checked: { readonly hash: string | null; readonly right: boolean | null | Problem } | null = null;
    const checkPassword = async (session: Session): Promise<boolean | null | Problem> => {
      const hash = session.rules.passwordHash;
      if (checked?.hash !== hash) checked = { hash, right: await passwords.verify(caller, session, input.password) };
      return checked.right;
    };
    // Hashing is slow, so it is done before the turn, and again only where the password has changed in between.
    if (refuseOver(first) === null && !first.standing.owner && membershipOf(viewer, first) === null) {
      const right = await checkPassword(first.session);
      if (isProblem(right)) return right;
    }

    let admitted: Pick<Member, 'id' | 'joinedAt'> | null = null;
    const memberId = newMemberId();
    const outcome = await runner.inTurn(id, () =>
      runner.attempt(
        caller,
        id,
        async (state) => {
          const { session, standing, now } = state;
          const membership = membershipOf(viewer, state);
          if (membership !== null) {
            // Counted from now: the token of the first joining may have run out.
            admitted = { id: membership.id, joinedAt: now };
            return refuseOver(state);
          }
          const identity = await identify(viewer, memberId, input.identity, standing.owner, addresses);
          if (isProblem(identity)) return identity;
          const password = standing.owner ? null : await checkPassword(session);
          if (isProblem(password)) return password;
          const { name, address, proven } = identity;
          const principal = personalPrincipal(viewer);
          const banned = await store.members.banned(id, { principal, address, name: principal === null && address === null ? name : null });
          admitted = { id: memberId, joinedAt: now };
          return decideJoin(state, { memberId, name, address, principal, proven, banned, password }, limits);
        },
        null,
      ),
    );
    if (isProblem(outcome)) return outcome;
    if (admitted === null) throw new Error('A join that was committed has a member');
    return admit(id, admitted);
  };
}
