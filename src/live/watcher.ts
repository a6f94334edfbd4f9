import type { TransientBody } from '../core/event.ts';
import type { SessionId } from '../core/ids.ts';
import type { TimelineReader } from '../core/ports.ts';
import { Group, type GroupOperation } from './group.ts';
import type { Resources } from './resources.ts';

type TimelinePage = Awaited<ReturnType<TimelineReader['read']>>;

/** Follows one session's timeline for as long as somebody is attached to it: reads what is new, in order, and gives it to the groups. */
export class Watcher {
  readonly sessionId: SessionId;
  readonly #resources: Resources;
  readonly #groups = new Map<string, Group>();
  /** Reads under way, by where they start: a thousand resumers of the same cursor cost one. */
  readonly #reads = new Map<number, Promise<TimelinePage>>();
  /** The last event that the groups were given. Null = nobody has said yet where to start. */
  #head: number | null = null;
  /** The highest number heard of. */
  #hinted = 0;
  #pumping = false;
  #retry: Disposable | null = null;
  readonly #source: Disposable;

  constructor(sessionId: SessionId, resources: Resources) {
    this.sessionId = sessionId;
    this.#resources = resources;
    this.#source = resources.watchService(sessionId);
  }

  get groupCount(): number {
    return this.#groups.size;
  }

  /** The timeline has reached `seq`. */
  hint(seq: number): void {
    if (seq <= this.#hinted) return;
    this.#hinted = seq;
    this.#wake();
  }

  /** The last event that the groups were given; 0 = none yet. */
  get head(): number {
    return this.#head ?? 0;
  }

  /** Gives the groups something that is on no timeline: after what they have been given, and lost on those who are not live yet. */
  emit(body: TransientBody): void {
    const at = this.#resources.clock.now();
    for (const group of this.#groups.values()) {
      group.emit({ sessionId: this.sessionId, at, body }).catch((error: unknown) => this.#resources.onError(error));
    }
  }

  /** Starts after `seq`, where it has not started yet. */
  open(seq: number): void {
    if (this.#head !== null) return;
    this.#head = seq;
    for (const group of this.#groups.values()) group.position = seq;
    this.#wake();
  }

  /** Counts one more into the group, which must `leave` again. */
  enter(common: GroupOperation): Group {
    const { key } = common;
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = new Group(common, this.#head ?? 0, this.#resources.engine, this.#resources.cache);
      this.#groups.set(key, group);
    }
    group.size++;
    return group;
  }

  leave(group: Group): void {
    group.size--;
    if (group.size > 0) return;
    this.#groups.delete(group.common.key);
    if (this.#groups.size > 0) return;
    this.#retry?.[Symbol.dispose]();
    this.#source[Symbol.dispose]();
    this.#resources.unwatch(this);
  }

  /** A page of events after `seq`. */
  read(seq: number): Promise<TimelinePage> {
    const under = this.#reads.get(seq);
    if (under !== undefined) return under;
    const { store, replayPage } = this.#resources;
    const read = store.timeline.read(this.sessionId, seq, replayPage).finally(() => {
      if (this.#reads.get(seq) === read) this.#reads.delete(seq);
    });
    this.#reads.set(seq, read);
    return read;
  }

  #wake(): void {
    // Without a group there is nobody to read for, and what is never read would be tried again without end, in one turn of the loop.
    if (this.#pumping || this.#groups.size === 0 || this.#head === null || this.#hinted <= this.#head) return;
    void this.#run(this.#head);
  }

  async #run(head: number): Promise<void> {
    this.#pumping = true;
    try {
      await this.#pump(head);
      this.#pumping = false;
      // For a hint that came between the last look and this.
      this.#wake();
    } catch (error) {
      this.#pumping = false;
      const { clock, retryMs, onError } = this.#resources;
      onError(error);
      this.#retry = clock.at(clock.now() + retryMs, () => this.#wake());
    }
  }

  async #pump(from: number): Promise<void> {
    let head = from;
    while (this.#hinted > head && this.#groups.size > 0) {
      const { events, oldest } = await this.#resources.store.timeline.read(this.sessionId, head, this.#resources.replayPage);
      // Reads that began before this one may not have what the groups are about to be given.
      this.#reads.clear();
      if (oldest > head + 1) this.lose();
      const last = events.at(-1);
      // A hint ahead of what can be read: the next one, or the poll, comes back to it.
      if (last === undefined) {
        this.#hinted = head;
        return;
      }
      // A group that was made during the delivery is still at the old head: it is given the page too.
      for (let behind = this.#behind(last.seq); behind.length > 0; behind = this.#behind(last.seq)) {
        // Each to its end, so that no group is still being given what is tried again.
        const given = await Promise.allSettled(behind.map((group) => group.advance(events)));
        const failed = given.find((outcome) => outcome.status === 'rejected');
        if (failed !== undefined) throw failed.reason;
      }
      head = last.seq;
      this.#head = head;
      for (const { at } of events) this.#resources.onDelivered(at);
    }
  }

  #behind(seq: number): readonly Group[] {
    return [...this.#groups.values()].filter((group) => group.position < seq);
  }

  /** Ends those who take events as they come: what comes next does not follow on what they were given. */
  lose(): void {
    for (const group of this.#groups.values()) for (const attachment of group.live) attachment.lose();
  }
}
