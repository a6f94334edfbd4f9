import { setTimeout as delay } from 'node:timers/promises';
import type { Credentials } from '../../support/graphql-client.ts';
import type { History } from '../history.ts';
import type { Random } from '../random.ts';
import type { Place } from '../world.ts';

/** What every client of a run works with. */
export interface Context {
  readonly places: readonly Place[];
  readonly history: History;
  /** The client's own. */
  readonly random: Random;
  /** Nothing new is begun any more; what was begun is brought to its end. */
  readonly stopping: AbortSignal;
  /** Nothing is waited for any more. */
  readonly ending: AbortSignal;
}

/** A context with chance of its own. */
export const forked = (context: Context): Context => ({ ...context, random: context.random.fork() });

/** The pace of a client. Resolves at once when the signal comes. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).then(
    () => undefined,
    () => undefined,
  );

/** Somebody in a session. */
export interface Membership {
  readonly session: string;
  readonly member: string;
  /** The place on the timeline at which it was told that it is in. */
  readonly cursor: string;
  readonly credentials: Credentials;
}
