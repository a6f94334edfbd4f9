import type { Backend, Feature } from './backend.ts';
import { bytes, integer, shown } from './checks.ts';
import { checkCreate, decideCreate } from './decide/create.ts';
import { decideEnd, decideHeartbeat, decideRenew } from './decide/lifecycle.ts';
import { decideJoin, decideKick, decideLeave } from './decide/membership.ts';
import { decideClear, decideSend } from './decide/messages.ts';
import { decideReplace, decideTimeout, decideUpdate } from './decide/settings.ts';
import { type Decision, type State, refuseOver } from './decide/state.ts';
import { type Requested, createIdempotency } from './idempotency.ts';
import { canonicalList, identify } from './identity.ts';
import {
  type SessionId,
  isMemberId,
  isMessageId,
  isSessionId,
  kindOfId,
  nameInId,
  newMemberId,
  newMessageId,
  newSessionId,
} from './ids.ts';
import { type SessionLimits, listEntries, passwordBytes } from './limits.ts';
import type { Member } from './member.ts';
import type { Message } from './message.ts';
import type {
  Addresses,
  AttemptLimiter,
  Bus,
  Clock,
  IdempotencyRecord,
  MemberTokens,
  PasswordHasher,
  SessionChange,
  Store,
} from './ports.ts';
import { type Problem, isProblem, problem } from './problem.ts';
import { createSerializer } from './serializer.ts';
import type { Session } from './session.ts';
import { standingOf } from './standing.ts';
import type {
  Admission,
  Change,
  CreateInput,
  Delivery,
  InSession,
  JoinInput,
  RulesInput,
  SendInput,
  UpdateInput,
  UseCases,
} from './use-cases.ts';
import { maySee } from './use-cases.ts';
import { type Caller, personalPrincipal, principalOf, tiers } from './viewer.ts';

export interface SessionServiceOptions {
  readonly store: Store;
  readonly bus: Bus;
  /** By name. */
  readonly backends: ReadonlyMap<string, Backend>;
  /** The name of the backend that a creation means which names none. */
  readonly defaultBackend: string;
  readonly clock: Clock;
  readonly passwords: PasswordHasher;
  readonly tokens: MemberTokens;
  readonly attempts: AttemptLimiter;
  readonly addresses: Addresses;
  /** A keyed digest: inputs are kept as such beside their idempotency key, and may hold passwords. */
  readonly fingerprint: (text: string) => string;
  readonly limits: SessionLimits;
  /** Told when a session has to be looked at by the clock. */
  readonly schedule: (sessionId: SessionId, dueAt: number) => void;
}

// Within one gateway exclusive changes of a session take turns, so only other gateways can get in between: as many tries as there are
// gateways are enough, and this is far more.
const maxTries = 32;

interface CommandOptions {
  readonly feature?: Feature;
  /** Changes that exclude each other take turns instead of trying again and again. */
  readonly exclusive?: boolean;
}

type Committed = { readonly session: Session; readonly seq: number; readonly change: SessionChange | null };

/** The use cases over a store, a bus and the backends. */
export function createSessionService(options: SessionServiceOptions): UseCases {
  const { store, bus, backends, clock, passwords, tokens, attempts, addresses, limits, schedule } = options;
  const inTurn = createSerializer();
  const idempotency = createIdempotency({ store, clock, fingerprint: options.fingerprint });

  // ---- finding what is meant ----------------------------------------------------------------------------------------

  function sessionIdIn(caller: Caller, input: InSession): SessionId | Problem {
    const id = input.sessionId ?? caller.currentSessionId;
    const path = ['sessionId'];
    if (id === null)
      return problem('BAD_INPUT', 'Expected `sessionId` to be given: neither a member token nor X-Session-Id names a current session.', {
        path,
      });
    return isSessionId(id) ? id : problem('BAD_INPUT', `Expected \`sessionId\` to be a Session id (ses_…), got ${shown(id)}.`, { path });
  }

  function backendIn(input: CreateInput): Backend | Problem {
    const named = input.backend ?? options.defaultBackend;
    const backend = backends.get(kindOfId(named) === 'Backend' ? nameInId(named) : named);
    return (
      backend ??
      problem('BAD_INPUT', `Expected \`backend\` to be one of ${[...backends.keys()].join(', ')}, got ${shown(named)}.`, {
        path: ['backend'],
      })
    );
  }

  function requireFeature(backendName: string, feature: Feature | undefined): Problem | null {
    const backend = backends.get(backendName);
    if (backend === undefined)
      return problem('UNSUPPORTED', `Backend ${backendName} is not configured any more, so its sessions can only be read.`, {
        backend: backendName,
      });
    if (feature === undefined || backend.features[feature] !== 'UNAVAILABLE') return null;
    return problem('UNSUPPORTED', `Backend ${backendName} has no ${feature}.`, { backend: backendName });
  }

  const noSession = (id: SessionId): Problem =>
    problem('NOT_FOUND', `There is no session ${id}, or the caller may not see it.`, { path: ['sessionId'] });

  async function membershipOf(caller: Caller, sessionId: SessionId): Promise<Member | null> {
    const { viewer } = caller;
    if (viewer.kind === 'MEMBER') return (await store.members.byIds([viewer.member.id]))[0] ?? null;
    const principal = principalOf(viewer);
    return principal === null ? null : ((await store.members.ofPrincipal(principal, [sessionId]))[0] ?? null);
  }

  async function load(caller: Caller, id: SessionId): Promise<State | null> {
    // The session first: a membership that ends after it was read changed the version, and the commit is refused.
    const [session = null] = await store.sessions.byIds([id]);
    if (session === null) return null;
    return { session, standing: standingOf(caller.viewer, session, await membershipOf(caller, id)), now: clock.now() };
  }

  // ---- load, decide, commit, tell -----------------------------------------------------------------------------------

  type Decide = (state: State) => Promise<Decision | null> | Decision | null;

  async function attempt(
    caller: Caller,
    id: SessionId,
    decide: Decide,
    requested: Requested | null,
  ): Promise<Committed | IdempotencyRecord | Problem> {
    for (let tries = 0; tries < maxTries; tries += 1) {
      const state = await load(caller, id);
      if (state === null) return noSession(id);
      const decision = await decide(state);
      if (decision === null) return { session: state.session, seq: state.session.seq, change: null };
      if (isProblem(decision)) return decision;
      const change = requested === null ? decision : { ...decision, idempotency: idempotency.record(requested, decision) };
      const outcome = await store.commit(change);
      if (outcome.kind === 'repeated') return outcome.record;
      if (outcome.kind === 'missing') return noSession(id);
      if (outcome.kind === 'committed') {
        if (change.events.length > 0) bus.publish({ sessionId: id, seq: outcome.seq });
        if (typeof change.set.dueAt === 'number') schedule(id, change.set.dueAt);
        return { session: state.session, seq: outcome.seq, change };
      }
    }
    return problem('CONFLICT', `Session ${id} is being changed by too many at once: try again.`, { retryAfterSeconds: 1 });
  }

  async function command(
    caller: Caller,
    input: InSession,
    { feature, exclusive = true }: CommandOptions,
    decide: Decide,
  ): Promise<Change | Problem> {
    const id = sessionIdIn(caller, input);
    if (isProblem(id)) return id;
    const visible: Decide = (state) => {
      if (!maySee(state.session, state.standing)) return noSession(id);
      return requireFeature(state.session.backend, feature) ?? decide(state);
    };
    const run = () => attempt(caller, id, visible, null);
    const outcome = await (exclusive ? inTurn(id, run) : run());
    return isProblem(outcome) ? outcome : { sessionId: id };
  }

  // ---- passwords ----------------------------------------------------------------------------------------------------

  /** The hash of a password that is being set; null takes it away, undefined leaves it. */
  async function hashOf(rules: RulesInput | null | undefined): Promise<string | null | undefined | Problem> {
    const password = rules?.password;
    if (typeof password !== 'string') return password;
    return bytes(['rules', 'password'], password, passwordBytes) ?? passwords.hash(password);
  }

  /** Whether a joiner's password is the session's; attempts are counted per session and caller. */
  async function verify(caller: Caller, session: Session, password: string | null | undefined): Promise<boolean | null | Problem> {
    const hash = session.rules.passwordHash;
    if (hash === null || password === null || password === undefined) return null;
    const refused = bytes(['password'], password, passwordBytes);
    if (refused !== null) return refused;
    const counter = `${session.id}|${principalOf(caller.viewer) ?? caller.remoteAddress}`;
    const wait = await attempts.consume(counter);
    if (wait !== null) {
      return problem('RATE_LIMITED', `Too many passwords were tried for session ${session.id}: wait ${wait} seconds.`, {
        path: ['password'],
        retryAfterSeconds: wait,
      });
    }
    const right = await passwords.verify(hash, password);
    if (right) await attempts.reset(counter);
    return right;
  }

  // ---- the commands -------------------------------------------------------------------------------------------------

  async function admit(sessionId: SessionId, member: Pick<Member, 'id' | 'joinedAt'>): Promise<Admission> {
    return { sessionId, memberId: member.id, credentials: await tokens.issue(member) };
  }

  async function admitAgain(record: IdempotencyRecord): Promise<Admission | Problem> {
    const [member = null] = await store.members.byIds(record.result.memberId === undefined ? [] : [record.result.memberId]);
    return member === null ? noSession(record.result.sessionId) : admit(record.result.sessionId, member);
  }

  async function open(caller: Caller, input: CreateInput, backend: Backend, requested: Requested | null): Promise<Admission | Problem> {
    const { viewer } = caller;
    const [identity, allowlist, owners, passwordHash] = await Promise.all([
      identify(viewer, input.identity, viewer.kind === 'API_KEY', addresses),
      canonicalList(['rules', 'allowlist'], input.rules?.allowlist, addresses),
      canonicalList(['owners'], input.owners, addresses),
      hashOf(input.rules),
    ]);
    if (isProblem(identity)) return identity;
    if (isProblem(allowlist)) return allowlist;
    if (isProblem(owners)) return owners;
    if (isProblem(passwordHash)) return passwordHash;
    const opened = await backend.open({ handle: input.handle ?? null });
    if (isProblem(opened)) return opened;
    const now = clock.now();
    const creation = decideCreate(
      { ...input, owners, ...(input.rules && { rules: { ...input.rules, ...(input.rules.allowlist && { allowlist }) } }) },
      {
        sessionId: newSessionId(),
        memberId: newMemberId(),
        backend: backend.name,
        handle: opened.handle,
        principal: viewer.kind === 'API_KEY' ? principalOf(viewer) : personalPrincipal(viewer),
        identity: { name: identity.name, address: identity.address },
        passwordHash: passwordHash ?? null,
        now,
      },
    );
    if (isProblem(creation)) return creation;
    const { session, members } = creation;
    const [host] = members;
    if (host === undefined) throw new Error('A session is created with its creator');
    const outcome = await store.commit(
      requested === null ? creation : { ...creation, idempotency: idempotency.of(requested, { sessionId: session.id, memberId: host.id }) },
    );
    switch (outcome.kind) {
      case 'committed':
        bus.publish({ sessionId: session.id, seq: outcome.seq });
        if (session.dueAt !== null) schedule(session.id, session.dueAt);
        return admit(session.id, host);
      case 'repeated':
        return idempotency.replay(requested, outcome.record) ?? admitAgain(outcome.record);
      case 'handle-taken':
        return problem('CONFLICT', `Backend ${backend.name} has a session with handle ${session.handle} already.`, {
          path: ['handle'],
          backend: backend.name,
        });
      case 'conflict':
      case 'missing':
        throw new Error(`A creation cannot end in ${outcome.kind}`);
    }
  }

  async function create(caller: Caller, input: CreateInput): Promise<Admission | Problem> {
    const refused = checkCreate(input, limits);
    if (refused !== null) return refused;
    const backend = backendIn(input);
    if (isProblem(backend)) return backend;
    const tier = caller.viewer.kind === 'API_KEY' ? caller.viewer.tier : 'FREE';
    if (backend.minimumTier !== null && tiers.indexOf(tier) < tiers.indexOf(backend.minimumTier)) {
      return problem('TIER_REQUIRED', `Backend ${backend.name} needs tier ${backend.minimumTier}; the caller has ${tier}.`, {
        path: ['backend'],
        backend: backend.name,
      });
    }
    if (input.agentId && backend.features.AGENT_REPLY === 'UNAVAILABLE') {
      return problem('UNSUPPORTED', `Backend ${backend.name} has no agents to talk to.`, { path: ['agentId'], backend: backend.name });
    }
    const requested = idempotency.request(caller, 'create', input.idempotencyKey, input);
    if (requested === null) return open(caller, input, backend, null);
    return inTurn(`${requested.scope} ${requested.key}`, async () => {
      const before = await idempotency.find(requested);
      if (before === null) return open(caller, input, backend, requested);
      return idempotency.replay(requested, before) ?? admitAgain(before);
    });
  }

  async function join(caller: Caller, input: JoinInput): Promise<Admission | Problem> {
    const id = sessionIdIn(caller, input);
    if (isProblem(id)) return id;
    const { viewer } = caller;
    const first = await load(caller, id);
    if (first === null) return noSession(id);
    const unsupported = requireFeature(first.session.backend, 'JOIN');
    if (unsupported !== null) return unsupported;
    // Hashing is slow, so it is done before the turn; only a password that changed in between is checked again.
    const checkable = refuseOver(first) === null && !first.standing.owner;
    let checked = { hash: first.session.rules.passwordHash, right: checkable ? await verify(caller, first.session, input.password) : null };
    if (isProblem(checked.right)) return checked.right;
    let admitted: Pick<Member, 'id' | 'joinedAt'> | null = null;
    const memberId = newMemberId();

    const outcome = await inTurn(id, () =>
      attempt(
        caller,
        id,
        async (state) => {
          const { session, standing, now } = state;
          if (standing.member !== null && viewer.kind !== 'API_KEY') {
            admitted = standing.member;
            return refuseOver(state);
          }
          const identity = await identify(viewer, input.identity, standing.owner, addresses);
          if (isProblem(identity)) return identity;
          if (session.rules.passwordHash !== checked.hash)
            checked = { hash: session.rules.passwordHash, right: await verify(caller, session, input.password) };
          if (isProblem(checked.right)) return checked.right;
          const { name, address, proven } = identity;
          const principal = personalPrincipal(viewer);
          const banned = await store.members.banned(id, { principal, address, name });
          admitted = { id: memberId, joinedAt: now };
          return decideJoin(state, { memberId, name, address, principal, proven, banned, password: checked.right }, limits);
        },
        null,
      ),
    );
    if (isProblem(outcome)) return outcome;
    if (admitted === null) throw new Error('A join that was committed has a member');
    return admit(id, admitted);
  }

  /** An update whose lists and password are ready for the decision. */
  async function settings(
    caller: Caller,
    input: UpdateInput,
    feature: Feature,
    decide: (state: State, input: UpdateInput, passwordHash: string | null | undefined) => Decision | null,
  ): Promise<Change | Problem> {
    const tooMany = integer(['rules', 'allowlist', 'length'], input.rules?.allowlist?.length, 0, listEntries);
    if (tooMany !== null) return tooMany;
    const allowlist = await canonicalList(['rules', 'allowlist'], input.rules?.allowlist, addresses);
    if (isProblem(allowlist)) return allowlist;
    const ready: UpdateInput = input.rules?.allowlist ? { ...input, rules: { ...input.rules, allowlist } } : input;
    let hash: string | null | undefined | Problem;
    return command(caller, input, { feature }, async (state) => {
      // Refusals that need no hash come without one: hashing is work that a stranger must not be able to order.
      const refused = decide(state, ready, typeof input.rules?.password === 'string' ? '' : input.rules?.password);
      if (isProblem(refused)) return refused;
      hash ??= await hashOf(input.rules);
      return isProblem(hash) ? hash : decide(state, ready, hash);
    });
  }

  async function send(caller: Caller, input: SendInput): Promise<Delivery | Problem> {
    const id = sessionIdIn(caller, input);
    if (isProblem(id)) return id;
    if (input.inReplyTo && !isMessageId(input.inReplyTo)) {
      return problem('BAD_INPUT', `Expected \`inReplyTo\` to be a Message id (msg_…), got ${shown(input.inReplyTo)}.`, {
        path: ['inReplyTo'],
      });
    }
    const requested = idempotency.request(caller, 'send', input.idempotencyKey, { ...input, sessionId: id });
    const before = requested === null ? null : await idempotency.find(requested);
    if (before !== null) return idempotency.replay(requested, before) ?? deliverAgain(before);
    const messageId = newMessageId();
    const decide: Decide = async (state) => {
      if (!maySee(state.session, state.standing)) return noSession(id);
      const unsupported = requireFeature(state.session.backend, input.awaitReply ? 'AGENT_REPLY' : 'MESSAGES');
      if (unsupported !== null) return unsupported;
      const [inReplyTo = null] = input.inReplyTo && isMessageId(input.inReplyTo) ? await store.messages.byIds([input.inReplyTo]) : [];
      return decideSend(state, input, { messageId, inReplyTo }, limits);
    };
    const run = () => attempt(caller, id, decide, requested);
    // Files may be counted against a bound, and then exclude each other.
    const outcome = await (input.attachments?.length ? inTurn(id, run) : run());
    if (isProblem(outcome)) return outcome;
    if ('inputHash' in outcome) return idempotency.replay(requested, outcome) ?? deliverAgain(outcome);
    const [message] = outcome.change?.messages ?? [];
    if (message === undefined) throw new Error('A message that was committed is in its change');
    return { message: { ...message, seq: outcome.seq }, reply: null };
  }

  async function deliverAgain({ result }: IdempotencyRecord): Promise<Delivery | Problem> {
    const [message = null]: readonly (Message | null)[] =
      result.messageId === undefined ? [] : await store.messages.byIds([result.messageId]);
    if (message !== null) return { message, reply: null };
    return problem('CONFLICT', `The message of this idempotency key was sent, and has been cleared since.`, { path: ['idempotencyKey'] });
  }

  return {
    create,
    join,
    send,
    leave: (caller, input) => command(caller, input, {}, decideLeave),
    async kick(caller, input) {
      const { memberId } = input;
      if (!isMemberId(memberId))
        return problem('BAD_INPUT', `Expected \`memberId\` to be a Member id (mem_…), got ${shown(memberId)}.`, { path: ['memberId'] });
      const outcome = await command(caller, input, { feature: 'KICK' }, async (state) => {
        const [target = null] = await store.members.byIds([memberId]);
        return decideKick(state, target, { memberId, reason: input.reason ?? null, ban: input.ban ?? true });
      });
      return isProblem(outcome) ? outcome : { ...outcome, memberId };
    },
    end: (caller, input) => command(caller, input, {}, (state) => decideEnd(state, input.reason ?? null)),
    update: (caller, input) => settings(caller, input, 'UPDATE', (state, ready, hash) => decideUpdate(state, ready, hash, limits)),
    replace: (caller, input) => settings(caller, input, 'REPLACE', (state, ready, hash) => decideReplace(state, ready, hash, limits)),
    renew: (caller, input) => command(caller, input, { feature: 'RENEWAL' }, decideRenew),
    heartbeat: (caller, input) => command(caller, input, { feature: 'HEARTBEAT', exclusive: false }, decideHeartbeat),
    setTimeoutPolicy: (caller, input) =>
      command(caller, input, { feature: 'EXPIRY' }, (state) => decideTimeout(state, input.policy, limits)),
    clear: (caller, input) => command(caller, input, { feature: 'MESSAGES' }, decideClear),
  };
}
