import type { SessionId } from '../core/ids.ts';
import { membershipPrincipal } from '../core/viewer.ts';
import type { Resources } from './resources.ts';
import type { Subscriber } from './subscriber.ts';

/** Of one caller; the newest come first. */
const maxSessions = 1_000;

/** Keeps subscriptions to "every session I am in" attached to those sessions, as the caller joins more of them. */
export class Memberships implements Disposable {
  readonly #resources: Resources;
  readonly #refreshMs: number;
  readonly #byPrincipal = new Map<string, Set<Subscriber>>();
  #timer: Disposable | null = null;

  constructor(resources: Resources, refreshMs: number) {
    this.#resources = resources;
    this.#refreshMs = refreshMs;
  }

  /** A caller without a name that outlives its credentials is in no session but its current one: there is nothing to follow. */
  add(subscriber: Subscriber): void {
    const principal = membershipPrincipal(subscriber.caller.viewer);
    if (principal === null) return;
    const same = this.#byPrincipal.get(principal) ?? new Set<Subscriber>();
    this.#byPrincipal.set(principal, same.add(subscriber));
    this.#refresh(principal, [subscriber], 'now').catch((error: unknown) => subscriber.fail(this.#resources.engine.formatError(error)));
    this.#schedule();
  }

  remove(subscriber: Subscriber): void {
    const principal = membershipPrincipal(subscriber.caller.viewer) ?? '';
    const same = this.#byPrincipal.get(principal);
    same?.delete(subscriber);
    if (same?.size === 0) this.#byPrincipal.delete(principal);
    if (this.#byPrincipal.size === 0) this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
  }

  async #refresh(principal: string, subscribers: Iterable<Subscriber>, start: 'now' | 'joining'): Promise<void> {
    const sessionIds: readonly SessionId[] = await this.#resources.store.members.sessionsOf(principal, maxSessions);
    for (const subscriber of subscribers) {
      for (const sessionId of sessionIds) if (!subscriber.follows(sessionId)) subscriber.attach(sessionId, start);
    }
  }

  #schedule(): void {
    const { clock, onError } = this.#resources;
    this.#timer ??= clock.at(clock.now() + this.#refreshMs, () => {
      // A session that was joined since the last time is followed from the joining on.
      const refreshes = [...this.#byPrincipal].map(([principal, subscribers]) => this.#refresh(principal, subscribers, 'joining'));
      Promise.all(refreshes)
        .catch(onError)
        .finally(() => {
          this.#timer = null;
          if (this.#byPrincipal.size > 0) this.#schedule();
        });
    });
  }
}
