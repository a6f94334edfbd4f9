import type { EventBody } from '../event.ts';
import { dueAtOf, expiryOf } from '../lifetime.ts';
import type { Member } from '../member.ts';
import type { SessionChange, Touch } from '../commit.ts';
import { type Problem, problem } from '../problem.ts';
import { type Session, statusAt } from '../session.ts';
import { type Standing, isHost } from '../use-cases.ts';

/** What a decision about a session is made on. */
export interface State {
  readonly session: Session;
  /** Where the caller stands, read after the session. */
  readonly standing: Standing;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** A decision: what to write, or why not. */
export type Decision = SessionChange | Problem;

type Parts = Partial<Pick<SessionChange, 'set' | 'touch' | 'add' | 'members' | 'messages' | 'clearMessages'>> & {
  readonly events: readonly EventBody[];
  /** Whether other decisions depend on it (see `SessionChange.guard`). @default true */
  readonly exclusive?: boolean;
  /** Whether it is decided on the expiry as it stands. @default false */
  readonly onExpiry?: boolean;
};

/** A change of the session that was decided on, guarded by its version. */
export const change = (
  { session, now }: Pick<State, 'session' | 'now'>,
  { exclusive = true, onExpiry = false, ...parts }: Parts,
): SessionChange => ({
  kind: 'change',
  sessionId: session.id,
  guard: { version: session.version, exclusive, ...(onExpiry && { expiresAt: session.expiresAt }) },
  set: {},
  touch: null,
  add: { files: 0, fileBytes: 0 },
  members: [],
  messages: [],
  clearMessages: false,
  at: now,
  idempotency: null,
  ...parts,
});

/** Why a session takes no writes, or null where it does. */
export function refuseOver({ session, now }: Pick<State, 'session' | 'now'>): Problem | null {
  switch (statusAt(session, now)) {
    case 'ACTIVE':
      return null;
    case 'EXPIRED':
      return problem(
        'EXPIRED',
        `Session ${session.id} expired at ${new Date(session.expiresAt ?? now).toISOString()}: it can be read but not changed.`,
      );
    case 'ENDED':
      return problem('ENDED', `Session ${session.id} has ended: it can be read but not changed.`);
  }
}

/** Why the caller may not act in the session as one who belongs to it. */
export const refuseOutsider = ({ session, standing }: State): Problem | null =>
  standing.member !== null || standing.owner
    ? null
    : problem('NOT_A_MEMBER', `The caller is not a member of session ${session.id}: join it first.`);

/** Why the caller may not act as a host. */
export const refuseNonHost = (state: State, action: string): Problem | null =>
  refuseOutsider(state) ??
  (isHost(state.standing)
    ? null
    : problem('FORBIDDEN', `Only a HOST may ${action}; the caller is ${state.standing.member?.role ?? 'no member'}.`));

/** What activity at `now` does to the clock of a session. */
export function touchOf({ session, now }: Pick<State, 'session' | 'now'>): Touch {
  // Where the service's clock decides, activity is told to the service, and the new end is what it answers.
  const renews = session.rules.timeout?.autoRenew === true && !session.upstream?.clock;
  const expiresAt = renews ? expiryOf(session.rules, { ...session, lastActivityAt: now }) : null;
  const dueAt = expiresAt === null ? null : dueAtOf(session.rules, expiresAt, session.warnedFor);
  return { at: now, expiry: expiresAt === null || dueAt === null ? null : { expiresAt, dueAt }, renewed: renews };
}

/** The end of a membership, and of a TEMPORARY session with its last member. */
export function departure(state: Pick<State, 'session' | 'now'>, member: Member, event: EventBody): SessionChange {
  const { session, now } = state;
  const activeMembers = session.activeMembers - 1;
  const over = session.visibility === 'TEMPORARY' && activeMembers <= 0;
  return change(state, {
    set: { activeMembers, updatedAt: now, ...(over && { status: 'ENDED', dueAt: null }) },
    members: [member],
    events: over ? [event, { type: 'SESSION_ENDED', byId: null, reason: 'The last member left' }] : [event],
  });
}
