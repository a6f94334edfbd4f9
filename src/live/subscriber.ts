import type { GraphQLFormattedError } from 'graphql';
import type { SessionId } from '../core/ids.ts';
import type { Caller } from '../core/viewer.ts';
import { Attachment, type Start } from './attachment.ts';
import type { SubscriptionPlan } from '../graphql/engine.ts';
import type { GroupOperation } from './group.ts';
import type { SubscriptionRequest } from './hub.ts';
import type { Resources } from './resources.ts';
import type { Sink } from './sink.ts';

/** One subscription: its sink, and its hold on the sessions that it follows. */
export class Subscriber implements Disposable {
  readonly caller: Caller;
  readonly plan: SubscriptionPlan;
  readonly common: GroupOperation;
  readonly sink: Sink;
  readonly #resources: Resources;
  readonly #onEnd: (subscriber: Subscriber) => void;
  /** Mostly one. */
  #attachments: readonly Attachment[] = [];
  #ended = false;

  constructor({ caller, plan, operation, variables, sink }: SubscriptionRequest, resources: Resources, onEnd: (ended: Subscriber) => void) {
    this.caller = caller;
    this.plan = plan;
    this.common = { key: plan.groupKey, operation, variables };
    this.sink = sink;
    this.#resources = resources;
    this.#onEnd = onEnd;
  }

  follows(sessionId: SessionId): boolean {
    return this.#attachments.some((attachment) => attachment.sessionId === sessionId);
  }

  attach(sessionId: SessionId, start: Start): void {
    if (this.#ended) return;
    const attachment = new Attachment(this, sessionId, this.#resources);
    this.#attachments = [...this.#attachments, attachment];
    attachment.run(start).catch((error: unknown) => this.fail(this.#resources.engine.formatError(error)));
  }

  /** One of its sessions is over for it. It goes on where it follows whatever sessions the caller is in. */
  release(attachment: Attachment): void {
    attachment.detach();
    this.#attachments = this.#attachments.filter((other) => other !== attachment);
    if (this.#attachments.length === 0 && this.plan.sessionIds !== 'mine') this.complete();
  }

  complete(): void {
    if (this.#close()) this.sink.complete();
  }

  fail(error: GraphQLFormattedError): void {
    if (this.#close()) this.sink.error(error);
  }

  /** The peer is gone, or has enough: the sink is not called again. */
  [Symbol.dispose](): void {
    this.#close();
  }

  #close(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    for (const attachment of this.#attachments) attachment.detach();
    this.#attachments = [];
    this.#onEnd(this);
    return true;
  }
}
