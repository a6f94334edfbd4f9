import type { SessionChange } from '../commit.ts';
import type { Beginning, Holding } from '../ports.ts';
import { noRules } from '../rules.ts';
import type { Session } from '../session.ts';
import { noUpstream } from './facts.ts';
import { type State, change } from './state.ts';

/** How much is kept of what a session has. */
export interface Keep {
  /** What is older goes. Null = nothing is too old. */
  readonly since: number | null;
  /** So many of the latest stay, and of the others what is younger than `settledAt`. Null = they are never too many. */
  readonly latest: number | null;
  readonly settledAt: number;
}

/**
 * What is removed for its number is older than this: nobody is on the way to it any more, be it a subscriber, a gateway that looks for its
 * commit after its answer was lost, or a service that tells it late.
 */
export const settledAfterMs = 600_000; // 10 minutes

/** A message that was sent from here is a little younger at its service: by the way to it, and by what clocks differ. */
const clocksDifferMs = 60_000;

const isGone = ({ since, latest, settledAt }: Keep, at: number, behind: number): boolean =>
  (since !== null && at < since) || (latest !== null && behind >= latest && at < settledAt);

/** Whether the first of a history goes. */
export const isDue = (keep: Keep, { total, oldestAt }: Holding['events']): boolean =>
  oldestAt !== null && isGone(keep, oldestAt, total - 1);

/** Those of the oldest that go: up to the first that stays, so that what is kept has no gap. */
export function goneOf(keep: Keep, { total, items }: Beginning): Beginning['items'] {
  const stays = items.findIndex(({ at }, index) => !isGone(keep, at, total - 1 - index));
  return stays < 0 ? items : items.slice(0, stays);
}

/** Before messages of a service are removed: the service still has them, and they are not to be taken from it again. Null = so it is. */
export function decideForget(moment: Pick<State, 'session' | 'now'>, newestAt: number): SessionChange | null {
  const { upstream, status } = moment.session;
  const clearedAt = newestAt + clocksDifferMs;
  if (status !== 'ACTIVE' || upstream === null || (upstream.clearedAt ?? -Infinity) >= clearedAt) return null;
  return change(moment, { set: { upstream: { ...upstream, clearedAt } }, events: [] });
}

/** Whether something is left of a session that ended before the instant. */
export const isRemovable = ({ status, updatedAt, isRemote, events, messages, hasMembers }: Holding, endedBefore: number | null): boolean =>
  status !== 'ACTIVE' &&
  endedBefore !== null &&
  updatedAt < endedBefore &&
  (!isRemote || events.total > 0 || messages.total > 0 || hasMembers);

/** Of a session that is over, what its service is known by: without it, it would be met there again and be new. Nobody finds it. */
export const decideTombstone = (session: Session, now: number): SessionChange =>
  change(
    { session, now },
    {
      set: {
        title: null,
        description: null,
        visibility: 'PRIVATE',
        rules: noRules,
        owners: [],
        createdBy: null,
        defaults: {},
        metadata: {},
        agentId: null,
        situation: null,
        upstream: noUpstream,
        activeMembers: 0,
      },
      events: [],
    },
  );
