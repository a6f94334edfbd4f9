import type { Backend } from '../backend.ts';
import { withFacts } from '../decide/facts.ts';
import { decideJoin, decideJoinAs } from '../decide/membership.ts';
import { type State, refuseOver } from '../decide/state.ts';
import { identify } from '../identity.ts';
import { newMemberId } from '../ids.ts';
import type { SessionLimits } from '../limits.ts';
import type { Member } from '../member.ts';
import type { Addresses, SecretBox, Store, WalletProofs } from '../ports.ts';
import { type Problem, isProblem } from '../problem.ts';
import { servicePassword } from '../rules.ts';
import type { Session } from '../session.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import type { UseCases } from '../use-cases.ts';
import { type Caller, type Viewer, personalPrincipal, principalOf } from '../viewer.ts';
import type { Admit } from './create.ts';
import type { SessionPasswords } from './passwords.ts';
import { type Effect, type Effected, type Runner, noSession, sessionIdIn } from './runner.ts';

export interface JoinOptions {
  readonly store: Store;
  readonly addresses: Addresses;
  readonly limits: SessionLimits;
  readonly passwords: SessionPasswords;
  readonly runner: Runner;
  readonly admit: Admit;
  readonly backends: ReadonlyMap<string, Backend>;
  readonly upstreams: Upstreams;
  readonly box: SecretBox;
  readonly walletProofs: WalletProofs;
}

/** The membership that a caller who comes again has already. An API key brings others, so it has none that would be meant. */
const membershipOf = (viewer: Viewer, { standing }: State): Member | null => (viewer.kind === 'API_KEY' ? null : standing.member);

/** The command that lets somebody in. */
export function createJoin(options: JoinOptions): UseCases['join'] {
  const { store, addresses, limits, passwords, runner, admit, backends, upstreams, box, walletProofs } = options;

  /** The service's own joining, where it has one: the membership that it gives is kept with the member. */
  const joining =
    ({ viewer }: Caller, password: string | null, joinedAs: (id: string) => void): Effect =>
    ({ session }, { members: [member] }) => {
      const service = backends.get(session.backend)?.service ?? null;
      // Somebody who is in already changes nothing, and is not made to join again.
      if (service?.effects.join === undefined || member === undefined) return null;
      const { join, leave } = service.effects;
      const ask = async (): Promise<Effected | Problem> => {
        const at = { ...(await upstreams.access.at(service, session, member)), as: null };
        const { id: memberId, name, address } = member;
        const walletProof = await walletProofs.find(viewer, session.backend);
        const joiner = { memberId, name, address, password, principal: principalOf(viewer), walletProof };
        const joined = await join(at, joiner, upstreams.signal);
        if (isProblem(joined)) return joined;
        joinedAs(joined.id);
        const upstream = { id: joined.id, sealed: joined.secret === null ? null : box.seal(joined.secret, memberId) };
        return {
          amend: (change, state) => ({
            ...withFacts(change, state.session, joined.facts ?? {}),
            members: change.members.map((each) => (each.id === memberId ? { ...each, upstream } : each)),
          }),
          undo: async () => {
            // The service may have given the membership that the caller has by another gateway.
            const others = await activeAs(session, joined.id);
            if (!others.some(({ upstream: other }) => other?.sealed != null))
              await leave?.({ ...at, as: upstreams.access.memberAt({ ...member, upstream }) }, upstreams.signal);
          },
        };
      };
      return ask();
    };

  /** Members that the service knows by the id. */
  async function activeAs({ id: sessionId }: Session, id: string): Promise<readonly Member[]> {
    const [page] = await store.members.list([{ sessionId, status: 'ACTIVE', page: { limit: limits.maxMembersLimit } }]);
    return (page?.items ?? []).filter(({ upstream }) => upstream?.id === id);
  }

  /** The one that another gateway has heard of while its joining was not recorded yet. */
  async function twinOf(session: Session, joinedAs: string | null): Promise<Member | null> {
    const known = joinedAs === null ? [] : await activeAs(session, joinedAs);
    return known.find(({ upstream, principal }) => upstream?.sealed == null && principal === null) ?? null;
  }

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
    let joinedAs: string | null = null;
    const memberId = newMemberId();
    const outcome = await runner.attempt(
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
        const twin = await twinOf(session, joinedAs);
        const joiner = { memberId, name, address, principal, proven, banned, password };
        return twin === null ? decideJoin(state, joiner, limits) : decideJoinAs(state, joiner, twin, limits);
      },
      {
        effect: joining(caller, input.password ?? null, (given) => {
          joinedAs = given;
        }),
      },
    );
    if (isProblem(outcome)) return outcome;
    if (admitted === null) throw new Error('A join that was committed has a member');
    if (first.session.rules.passwordHash === servicePassword) await passwords.accepted(caller, first.session);
    return admit(id, admitted);
  };
}
