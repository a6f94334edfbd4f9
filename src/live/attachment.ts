import type { LiveEvent, StoredEvent } from '../core/event.ts';
import type { MemberId, SessionId } from '../core/ids.ts';
import { membershipPrincipal, type Caller } from '../core/viewer.ts';
import { type Access, accessOf } from './access.ts';
import { wants } from './filter.ts';
import type { Group } from './group.ts';
import { eventsLost, missing, refusal, shutOut, slowConsumer, unrecoverable } from './refusals.ts';
import type { Resources } from './resources.ts';
import type { Subscriber } from './subscriber.ts';
import type { Watcher } from './watcher.ts';

/** Where an attachment starts: a place the client named, now, or the instant at which the caller joined. */
export type Start =
  | { readonly kind: 'after'; readonly epoch: string; readonly sessionId: SessionId; readonly seq: number }
  | 'now'
  | 'joining';

/** How far back the joining of a member is looked for. */
const joiningWindow = 100;

/** One subscription's hold on one session: reads what was missed, then takes events as they come, until one of them ends it. */
export class Attachment {
  readonly sessionId: SessionId;
  readonly #subscriber: Subscriber;
  readonly #resources: Resources;
  readonly #watcher: Watcher;
  readonly #group: Group;
  /** The caller's membership. */
  memberId: MemberId | null = null;
  #presence: Disposable | null = null;
  /** The caller's access was read when the session was here: what happened before is known. */
  #checkedAt = 0;
  /** The last event given or passed over while it reads what was missed; left as it is once live. */
  #seq = 0;
  #detached = false;

  constructor(subscriber: Subscriber, sessionId: SessionId, resources: Resources) {
    this.sessionId = sessionId;
    this.#subscriber = subscriber;
    this.#resources = resources;
    // From here on no hint is missed, though the caller's access is only read now.
    this.#watcher = resources.watch(sessionId);
    this.#group = this.#watcher.enter(subscriber.common);
  }

  get caller(): Caller {
    return this.#subscriber.caller;
  }

  /** Runs until the attachment is live, or over. */
  async run(start: Start): Promise<void> {
    const access = await accessOf(this.#resources.store, this.caller.viewer, this.sessionId);
    if (this.#detached) return;
    if (access === null) return this.#refuse(missing(this.sessionId));
    // Whoever follows the sessions it is in has nothing to do with this one any more.
    if (this.#subscriber.plan.sessionIds === 'mine' && access.member === null) return this.#subscriber.release(this);
    if (!access.allowed) return this.#refuse(shutOut(this.sessionId));
    const { session } = access;
    this.#adopt(access);
    this.#watcher.open(session.seq);
    // As stored: a session whose time has come is still to make its event, which will be given.
    if (await this.#openAt(start, access)) await this.#goLive(session.status === 'ACTIVE' ? null : session.seq);
  }

  /** Whether this subscription is given the event, too early or too late ones left aside. */
  wants(event: LiveEvent): boolean {
    return wants(this.#subscriber.plan, event);
  }

  /** An event of the live group, in order, and its result; null = nobody wants it. */
  take(event: StoredEvent, payload: Buffer | null): void {
    // Read already: the attachment was ahead of the group when it became live.
    if (event.seq <= this.#seq) return;
    if (this.memberId === null && event.seq > this.#checkedAt && changesAccess(event)) return this.#stepBack(event.seq - 1);
    if (payload !== null && this.wants(event)) {
      const { sink } = this.#subscriber;
      if (sink.bufferedBytes() > this.#resources.maxBufferedBytes) {
        this.#resources.counts.slowConsumers++;
        this.#subscriber.fail(slowConsumer(this.#resources.store.epoch, this.sessionId, event.seq - 1));
        return;
      }
      this.#send(payload);
    }
    this.#follow(event);
  }

  /** Something that is on no timeline. What a slow subscriber has no room for it does without: the whole follows. */
  takeTransient(payload: Buffer): void {
    const { sink } = this.#subscriber;
    if (sink.bufferedBytes() <= this.#resources.maxBufferedBytes / 2) this.#send(payload);
  }

  /** Events between what the group was given and what is stored are gone. */
  lose(): void {
    this.#refuse(eventsLost(this.sessionId));
  }

  detach(): void {
    if (this.#detached) return;
    this.#detached = true;
    this.#presence?.[Symbol.dispose]();
    this.#group.live.delete(this);
    this.#watcher.leave(this.#group);
  }

  #send(payload: Buffer): void {
    this.#resources.counts.deliveries++;
    this.#subscriber.sink.send(payload);
  }

  /** Finds the start, and says so where the field has an opening. False = over. */
  async #openAt(start: Start, access: Access): Promise<boolean> {
    const { store, clock } = this.#resources;
    const { seq: head } = access.session;
    let recovered = true;
    this.#seq = head;
    if (start === 'joining') {
      const { events } = await store.timeline.read(this.sessionId, Math.max(0, head - joiningWindow), joiningWindow);
      const joined = events.find(({ body }) => body.type === 'MEMBER_JOINED' && body.memberId === access.member?.id);
      if (joined !== undefined) this.#seq = joined.seq;
    } else if (start !== 'now') {
      recovered = start.epoch === store.epoch && start.sessionId === this.sessionId && (await this.#isKept(start.seq));
      if (recovered) this.#seq = start.seq;
    }
    if (this.#detached) return false;
    const { field } = this.#subscriber.plan;
    if (field === 'sessionEvents') {
      const opening = await this.#group.renderOpening(clock.now(), this.#seq, recovered, this);
      if (this.#detached) return false;
      this.#send(opening);
    } else if (!recovered) {
      this.#refuse(unrecoverable(this.sessionId));
      return false;
    }
    return true;
  }

  async #isKept(seq: number): Promise<boolean> {
    const { head, oldest } = await this.#watcher.read(seq);
    return seq <= head && oldest <= seq + 1;
  }

  /**
   * Gives what was missed, page by page as the peer takes it, until the group is where this is; then takes events as they come.
   *
   * @param end - The last event there is, where nothing comes any more: the subscription ends there. The group may not be so far yet.
   */
  async #goLive(end: number | null): Promise<void> {
    let lookedAgain = false;
    while (this.#seq < Math.max(this.#group.position, end ?? 0)) {
      const { events, oldest, head } = await this.#watcher.read(this.#seq);
      if (this.#detached) return;
      // A read that was under way with others began before the end was written. It is over now, and the next one begins after it: what
      // that does not see is gone, as all that is left of a session which is removed meanwhile.
      if (events.length === 0 && end !== null && head < end && !lookedAgain) {
        lookedAgain = true;
        continue;
      }
      if (events.length === 0 || oldest > this.#seq + 1) return this.lose();
      for (const event of events) {
        await this.#replay(event);
        if (this.#detached) return;
      }
    }
    // Nothing may come between the comparison and this: the group would go on without it.
    if (end !== null) this.#subscriber.release(this);
    else this.#group.live.add(this);
  }

  async #replay(event: StoredEvent): Promise<void> {
    const { sink } = this.#subscriber;
    // Half of what makes a subscriber slow: what comes live after this still finds room.
    if (sink.bufferedBytes() > this.#resources.maxBufferedBytes / 2) await sink.drained();
    if (this.memberId === null && event.seq > this.#checkedAt && changesAccess(event)) await this.#recheck();
    if (this.#detached) return;
    if (this.wants(event)) {
      const payload = await this.#group.render(event, this.caller);
      if (this.#detached) return;
      this.#send(payload);
    }
    this.#seq = event.seq;
    this.#follow(event);
  }

  /** Out of the live group until it is known whether the caller may still follow the session. */
  #stepBack(seq: number): void {
    this.#group.live.delete(this);
    this.#seq = seq;
    this.#goLive(null).catch((error: unknown) => this.#subscriber.fail(this.#resources.engine.formatError(error)));
  }

  async #recheck(): Promise<void> {
    const access = await accessOf(this.#resources.store, this.caller.viewer, this.sessionId);
    if (this.#detached) return;
    if (access === null || !access.allowed) this.#refuse(shutOut(this.sessionId));
    else this.#adopt(access);
  }

  /** What an event means for the subscription itself, whether or not it was given. */
  #follow({ seq, body, member }: StoredEvent): void {
    switch (body.type) {
      case 'SESSION_EXPIRED':
      case 'SESSION_ENDED':
        return this.#subscriber.release(this);
      case 'MEMBER_KICKED':
      case 'MEMBER_LEFT': {
        const own = this.memberId === null ? this.#isCaller(seq, member?.principal) : this.memberId === body.memberId;
        return own ? this.#subscriber.release(this) : undefined;
      }
      case 'MEMBER_JOINED':
        if (this.memberId === null && this.#isCaller(seq, member?.principal)) this.#join(body.memberId);
        return;
      case 'MESSAGE_ADDED':
      case 'MESSAGES_CLEARED':
      case 'SESSION_UPDATED':
      case 'SESSION_RENEWED':
      case 'SESSION_EXPIRING':
        return;
    }
  }

  /** Whether an event's member is the caller under a membership that was not known when access was read. */
  #isCaller(seq: number, principal: string | null | undefined): boolean {
    return seq > this.#checkedAt && principal !== null && principal !== undefined && principal === membershipPrincipal(this.caller.viewer);
  }

  #adopt({ session, member }: Access): void {
    this.#checkedAt = session.seq;
    if (member !== null) this.#join(member.id);
  }

  #join(memberId: MemberId): void {
    this.memberId = memberId;
    this.#presence ??= this.#resources.presence.enter(memberId);
  }

  #refuse(cause: Parameters<typeof refusal>[1]): void {
    this.#subscriber.fail(refusal(this.#resources.engine, cause));
  }
}

/** Whether an event can take the right to follow the session from somebody who is no member. */
const changesAccess = ({ body }: StoredEvent): boolean =>
  body.type === 'SESSION_UPDATED' && body.changed.some((name) => name === 'visibility' || name.startsWith('rules'));
