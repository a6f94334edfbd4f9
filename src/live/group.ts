import type { LiveEvent, StoredEvent, TransientBody } from '../core/event.ts';
import type { Caller } from '../core/viewer.ts';
import type { Operation } from '../graphql/engine.ts';
import type { SessionId } from '../core/ids.ts';
import type { Attachment } from './attachment.ts';
import { type EventEngine, type ResultCache, renderEvent } from './results.ts';

/** What subscribers of a group have in common. Of the variables, those that only pick events may differ. */
export interface GroupOperation {
  /** `SubscriptionPlan.groupKey` */
  readonly key: string;
  readonly operation: Operation;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** The subscribers of one session that are shown the same of an event: it is executed once for all of them who want it, and serialized once. */
export class Group {
  readonly common: GroupOperation;
  /** The number of the last event that its live subscribers were given, or passed over. */
  position: number;
  /** Those that are given events as they come. Others of the group still read what they have missed. */
  readonly live: Set<Attachment> = new Set<Attachment>();
  /** How many belong to it, live or not. */
  size = 0;
  readonly #engine: EventEngine;
  readonly #cache: ResultCache;
  /** What is being given besides the timeline: what comes on the timeline after it waits. */
  #emitting: Promise<void> = Promise.resolve();
  #emissions = 0;
  readonly #rendering = new Map<number, Promise<Buffer>>();
  /** Where its results are in the cache. */
  #namespace: string;

  constructor(common: GroupOperation, position: number, engine: EventEngine, cache: ResultCache) {
    this.common = common;
    this.position = position;
    this.#engine = engine;
    this.#cache = cache;
    this.#namespace = cache.namespace();
  }

  /** The result of an event, for this group. */
  render(event: StoredEvent, caller: Caller): Buffer | Promise<Buffer> {
    return this.#cache.get(this.#namespace, event.seq) ?? this.#rendering.get(event.seq) ?? this.#execute(event, caller);
  }

  /** Executed for one subscriber: the opening of its stream. */
  async renderOpening(at: number, seq: number, recovered: boolean, attachment: Attachment): Promise<Buffer> {
    const { operation, variables } = this.common;
    const body = { type: 'STREAM_OPENED', recovered } as const;
    const event = { sessionId: attachment.sessionId, seq, at, body, member: null, by: null, message: null };
    return await renderEvent(this.#engine, operation, variables, event, attachment.caller);
  }

  /** Executes what is on no timeline once, and gives it to the live subscribers who want it; in order among its kind. */
  emit({ sessionId, at, body }: { readonly sessionId: SessionId; readonly at: number; readonly body: TransientBody }): Promise<void> {
    const event: LiveEvent = { sessionId, seq: this.position, at, body, member: null, by: null, message: null };
    const first = [...this.live].find((attachment) => attachment.wants(event));
    if (first === undefined) return Promise.resolve();
    const { operation, variables } = this.common;
    const payload = renderEvent(this.#engine, operation, variables, event, first.caller);
    const before = this.#emitting;
    const give = async (): Promise<void> => {
      try {
        const rendered = await payload;
        await before;
        for (const attachment of this.live) if (attachment.wants(event)) attachment.takeTransient(rendered);
      } finally {
        this.#emissions--;
      }
    };
    this.#emissions++;
    const given = give();
    // Those who wait for their turn do without one that failed.
    this.#emitting = given.catch(() => undefined);
    return given;
  }

  /** Gives the live subscribers those of the events that are new to the group, in order. Rejects where one cannot be executed now: it goes on from there. */
  async advance(events: readonly StoredEvent[]): Promise<void> {
    for (const event of events) {
      if (event.seq <= this.position) continue;
      if (this.#emissions > 0) await this.#emitting;
      // What the session's messages said is not to be had from memory once they are cleared.
      if (event.body.type === 'MESSAGES_CLEARED') this.#namespace = this.#cache.namespace();
      const representative = this.#representative(event);
      // No pause where there is nothing to wait for, so that nobody becomes live and wants what has not been executed.
      let payload = representative === null ? null : this.render(event, representative);
      if (payload instanceof Promise) payload = await payload;
      this.position = event.seq;
      for (const attachment of this.live) attachment.take(event, payload);
    }
  }

  #execute(event: StoredEvent, caller: Caller): Promise<Buffer> {
    const { operation, variables } = this.common;
    const namespace = this.#namespace;
    const rendering = renderEvent(this.#engine, operation, variables, event, caller)
      .then((result) => {
        this.#cache.set(namespace, event.seq, result);
        return result;
      })
      .finally(() => this.#rendering.delete(event.seq));
    this.#rendering.set(event.seq, rendering);
    return rendering;
  }

  /** Whose eyes the event is executed with, null where nobody wants it: rather not those of the member that it removes, who sees less now. */
  #representative(event: StoredEvent): Caller | null {
    let removed: Caller | null = null;
    for (const attachment of this.live) {
      if (!attachment.wants(event)) continue;
      if (event.member === null || attachment.memberId !== event.member.id) return attachment.caller;
      removed = attachment.caller;
    }
    return removed;
  }
}
