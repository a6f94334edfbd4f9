import type { Backend, Feature } from '../backend.ts';
import { shown } from '../checks.ts';
import { withFacts } from '../decide/facts.ts';
import { type Decision, type State } from '../decide/state.ts';
import { type Eventually, andThen } from '../eventually.ts';
import type { Idempotency, Requested } from '../idempotency.ts';
import { type SessionId, isSessionId } from '../ids.ts';
import type { Member } from '../member.ts';
import type { IdempotencyRecord, SessionChange } from '../commit.ts';
import type { Bus, Clock, Store } from '../ports.ts';
import { memberBy, sessionBy } from '../peek.ts';
import { type Problem, isProblem, problem } from '../problem.ts';
import type { Serializer } from '../serializer.ts';
import type { Facts, Service, SessionAt } from '../service.ts';
import { standingOf } from '../standing.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import { type Change, type InSession, maySee } from '../use-cases.ts';
import { type Caller, principalOf } from '../viewer.ts';

export interface RunnerOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly backends: ReadonlyMap<string, Backend>;
  readonly clock: Clock;
  readonly idempotency: Idempotency;
  readonly upstreams: Upstreams;
  readonly inTurn: Serializer;
  readonly schedule: (sessionId: SessionId, dueAt: number) => void;
}

/** Null = there is nothing to change, which is no refusal. */
export type Decide = (state: State) => Promise<Decision | null> | Decision | null;

export type Outcome =
  | { readonly kind: 'done'; readonly seq: number; readonly change: SessionChange | null }
  /** The request's idempotency key was used before. */
  | { readonly kind: 'repeated'; readonly record: IdempotencyRecord }
  | Problem;

/** What came of asking the service: how the record is to follow, and how to take it back where it does not. */
export interface Effected {
  amend(change: SessionChange, state: State): SessionChange;
  readonly undo?: () => Promise<unknown>;
}

/** The service's part in a command, asked once, when the gateway's rules have let it pass. Null = it has none. */
export type Effect = (state: State, change: SessionChange) => Promise<Effected | Problem> | null;

/** A part that answers with facts. */
export type ServicePart = (service: Service, at: () => Promise<SessionAt>, change: SessionChange) => Promise<Facts | Problem> | null;

export interface CommandOptions {
  /** What the session's backend must have. @default nothing */
  readonly feature?: Feature;
  /** See `AttemptOptions`. @default true */
  readonly exclusive?: boolean;
  /** What the session's service does. @default nothing */
  readonly part?: ServicePart;
}

export interface AttemptOptions {
  readonly requested?: Requested | null;
  readonly effect?: Effect;
  /** Changes that exclude each other take turns instead of trying again and again; others do so once that has happened. @default true */
  readonly exclusive?: boolean;
}

/** How every command on a session is carried out: load, decide, commit, tell. */
export interface Runner {
  load(caller: Caller, id: SessionId): Eventually<State | null>;
  /** Decides and commits, again where something else was faster. */
  attempt(caller: Caller, id: SessionId, decide: Decide, options?: AttemptOptions): Promise<Outcome>;
  /** A service's part as an effect. */
  effectOf(part: ServicePart): Effect;
  /** The same for a command that is on a session which the caller can see, and answers with that session. */
  command(caller: Caller, input: InSession, options: CommandOptions, decide: Decide): Promise<Change | Problem>;
  requireFeature(backendName: string, feature: Feature | undefined): Problem | null;
}

/** One command, from its first try to its last. */
interface Run {
  readonly requested: Requested | null;
  readonly effect: Effect | undefined;
  /** What its service has done: once, however often it is tried. */
  effected: Effected | null;
}

// Within one gateway exclusive changes of a session take turns, so only other gateways can get in between: as many tries as there are
// gateways are enough, and this is far more.
const maxTries = 32;

export const noSession = (id: SessionId): Problem =>
  problem('NOT_FOUND', `There is no session ${id}, or the caller may not see it.`, { path: ['sessionId'] });

/** The session that an input means: the one that it names, else the current one. */
export function sessionIdIn(caller: Caller, input: InSession): SessionId | Problem {
  const id = input.sessionId ?? caller.currentSessionId;
  const path = ['sessionId'];
  if (id === null)
    return problem('BAD_INPUT', 'Expected `sessionId` to be given: neither a member token nor X-Session-Id names a current session.', {
      path,
    });
  return isSessionId(id) ? id : problem('BAD_INPUT', `Expected \`sessionId\` to be a Session id (ses_…), got ${shown(id)}.`, { path });
}

export function createRunner(options: RunnerOptions): Runner {
  const { store, bus, backends, clock, idempotency, upstreams, inTurn, schedule } = options;

  function membershipOf({ viewer }: Caller, sessionId: SessionId): Eventually<Member | null> {
    if (viewer.kind === 'MEMBER') return memberBy(store, viewer.member.id);
    const principal = principalOf(viewer);
    return principal === null ? null : store.members.ofPrincipal(principal, [sessionId]).then(([member = null]) => member);
  }

  function load(caller: Caller, id: SessionId): Eventually<State | null> {
    // The session first: a membership that ends after it was read changed the version, and the commit is refused.
    return andThen(sessionBy(store, id), (session) => {
      if (session === null) return null;
      const stateWith = (member: Member | null): State => ({
        session,
        standing: standingOf(caller.viewer, session, member),
        now: clock.now(),
      });
      return andThen(membershipOf(caller, id), stateWith);
    });
  }

  function tell(change: SessionChange, seq: number): void {
    if (change.events.length > 0) bus.publish({ sessionId: change.sessionId, seq });
    const dueAt = change.set.dueAt ?? change.touch?.expiry?.dueAt ?? null;
    if (dueAt !== null) schedule(change.sessionId, dueAt);
  }

  /** The service says that the session is over: the record follows, and its subscribers hear of it. */
  function noticeEnd(session: State['session'], refusal: Problem): void {
    if (refusal.code === 'EXPIRED' || refusal.code === 'ENDED') upstreams.background(upstreams.refresh(session));
  }

  const effectOf =
    (part: ServicePart): Effect =>
    ({ session, standing }, change) => {
      const service = backends.get(session.backend)?.service ?? null;
      const asked = service && part(service, () => upstreams.access.at(service, session, standing.member), change);
      return (
        asked && asked.then((facts) => (isProblem(facts) ? facts : { amend: (decided, state) => withFacts(decided, state.session, facts) }))
      );
    };

  /** Tries once. Null = something else was faster. */
  async function tryOnce(caller: Caller, id: SessionId, decide: Decide, run: Run): Promise<Outcome | null> {
    const { requested } = run;
    const state = await load(caller, id);
    if (state === null) return noSession(id);
    const decision = await decide(state);
    if (decision === null) return { kind: 'done', seq: state.session.seq, change: null };
    if (isProblem(decision)) {
      // The same request, arrived twice, may be what has changed the state: then its answer is due, not this refusal.
      const record = requested === null ? null : await idempotency.find(requested);
      return record === null ? decision : { kind: 'repeated', record };
    }
    if (run.effected === null) {
      const asked = await (run.effect?.(state, decision) ?? null);
      if (isProblem(asked)) {
        noticeEnd(state.session, asked);
        return asked;
      }
      run.effected = asked;
    }
    const decided = run.effected?.amend(decision, state) ?? decision;
    const change =
      requested === null ? decided : { ...decided, idempotency: decided.idempotency ?? idempotency.record(requested, decided) };
    const outcome = await store.commit(change);
    switch (outcome.kind) {
      case 'committed':
        tell(change, outcome.seq);
        return { kind: 'done', seq: outcome.seq, change };
      case 'repeated':
        return outcome;
      case 'missing':
        return noSession(id);
      case 'handle-taken':
        throw new Error('A change cannot end in handle-taken');
      case 'conflict':
        return null;
    }
  }

  async function tryOn(caller: Caller, id: SessionId, decide: Decide, run: Run): Promise<Outcome> {
    for (let tries = 0; tries < maxTries; tries += 1) {
      const outcome = await tryOnce(caller, id, decide, run);
      if (outcome !== null) return outcome;
    }
    return problem('CONFLICT', `Session ${id} is being changed by too many at once: try again.`, { retryAfterSeconds: 1 });
  }

  async function attempt(
    caller: Caller,
    id: SessionId,
    decide: Decide,
    { requested = null, effect, exclusive = true }: AttemptOptions = {},
  ): Promise<Outcome> {
    const run: Run = { requested, effect, effected: null };
    let isRecorded = false;
    try {
      const first = exclusive ? null : await tryOnce(caller, id, decide, run);
      // What its service's part made of the session may be all that was faster: no reason to wait for those whose services are slow.
      const second = first === null && run.effected !== null ? await tryOnce(caller, id, decide, run) : first;
      // What its service has done is to be recorded, however long that takes.
      const outcome = second ?? (await inTurn(id, () => tryOn(caller, id, decide, run), { patient: run.effected !== null }));
      isRecorded = !isProblem(outcome) && outcome.kind === 'done' && outcome.change !== null;
      return outcome;
    } finally {
      if (!isRecorded && run.effected?.undo !== undefined) upstreams.background(run.effected.undo());
    }
  }

  function requireFeature(backendName: string, feature: Feature | undefined): Problem | null {
    const backend = backends.get(backendName);
    if (backend === undefined)
      return problem('UNSUPPORTED', `Backend ${backendName} is not configured any more, so its sessions can only be read.`, {
        backend: backendName,
      });
    if (feature === undefined || backend.features[feature] !== 'UNAVAILABLE') return null;
    return problem('UNSUPPORTED', `Backend ${backendName} has no ${feature}: Backend.features says what it has.`, { backend: backendName });
  }

  return {
    load,
    attempt,
    effectOf,
    requireFeature,
    async command(caller, input, { feature, exclusive = true, part }, decide) {
      const id = sessionIdIn(caller, input);
      if (isProblem(id)) return id;
      const visible: Decide = (state) => {
        if (!maySee(state.session, state.standing)) return noSession(id);
        return requireFeature(state.session.backend, feature) ?? decide(state);
      };
      const outcome = await attempt(caller, id, visible, { exclusive, ...(part && { effect: effectOf(part) }) });
      return isProblem(outcome) ? outcome : { sessionId: id };
    },
  };
}
