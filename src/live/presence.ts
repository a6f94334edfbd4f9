import { randomUUID } from 'node:crypto';
import type { MemberId } from '../core/ids.ts';
import type { Clock, Presence, PresenceStore } from '../core/ports.ts';
import { sleepUntil } from '../core/sleep.ts';

export interface PresenceOptions {
  readonly store: PresenceStore;
  readonly clock: Clock;
  /** Told once when notes do not get through; they are tried again. Must not throw. */
  readonly report: (error: unknown) => void;
  /**
   * How long what has changed is collected before the other gateways are to know.
   * @default 50
   */
  readonly collectMs?: number;
  /**
   * How often the gateway says that it is there, as long as somebody is online at it.
   * @default 3_000 // 3 seconds
   */
  readonly beatMs?: number;
  /**
   * How long after it last said so its members count as online: a gateway that dies takes them along. More than `beatMs`.
   * @default 10_000 // 10 seconds
   */
  readonly lastsMs?: number;
}

/** So many members are noted in one go. */
const page = 1_000;
/** Telling the others that the gateway stops may take so long. */
const leaveMs = 1_000;

/** Who is online: at this gateway, which knows at once, and at the others that share the store, which note it there. */
export function createPresence(options: PresenceOptions): Presence & AsyncDisposable {
  const { store, clock, report, collectMs = 50, beatMs = 3_000, lastsMs = 10_000 } = options;
  const gateway = randomUUID();
  const ended = new AbortController();
  const counts = new Map<MemberId, number>();
  /** What the store has of this gateway. */
  const noted = new Set<MemberId>();
  const changed = new Set<MemberId>();
  let timer: { readonly due: number; readonly wake: Disposable } | null = null;
  let running: Promise<void> | null = null;
  /** Null = never asked; true = the last note got through. */
  let isNoting: boolean | null = null;
  /** Whether the store has what `noted` says: what was sent without an answer may be there, or what was there before may be gone. */
  let isSure = true;
  let closed = false;
  // Asked again after each wait.
  const isClosed = (): boolean => closed;

  /** Notes at the instant at the latest. */
  function plan(due: number): void {
    if (closed || running !== null || (timer !== null && timer.due <= due)) return;
    timer?.wake[Symbol.dispose]();
    const wake = clock.at(due, () => {
      timer = null;
      running = noteAll().finally(() => {
        running = null;
        if (changed.size > 0 && isNoting) plan(clock.now() + collectMs);
        else if (changed.size > 0 || noted.size > 0) plan(clock.now() + beatMs);
      });
    });
    timer = { due, wake };
  }

  async function noteAll(): Promise<void> {
    do {
      const members = [...changed].slice(0, page);
      for (const id of members) changed.delete(id);
      const entered = members.filter((id) => counts.has(id) && !(isSure && noted.has(id)));
      const left = members.filter((id) => !counts.has(id) && (noted.has(id) || !isSure));
      if (members.length > 0 && entered.length + left.length === 0) continue;
      const now = clock.now();
      try {
        const isKnown = await store.note({ gateway, entered, left, now, until: now + lastsMs });
        if (!isKnown) {
          noted.clear();
          for (const id of counts.keys()) changed.add(id);
        }
        for (const id of entered) noted.add(id);
        for (const id of left) noted.delete(id);
        isNoting = true;
        if (changed.size === 0) isSure = true;
      } catch (error) {
        for (const id of [...members, ...counts.keys()]) changed.add(id);
        isSure = false;
        if (isNoting !== false) report(error);
        isNoting = false;
        return;
      }
    } while (changed.size > 0 && !isClosed());
  }

  async function leave(): Promise<void> {
    await running;
    if (isNoting !== null) await store.leave(gateway).catch(report);
  }

  function change(memberId: MemberId): void {
    changed.add(memberId);
    plan(clock.now() + collectMs);
  }

  return {
    enter(memberId) {
      const before = counts.get(memberId) ?? 0;
      counts.set(memberId, before + 1);
      if (before === 0) change(memberId);
      let left = false;
      return {
        [Symbol.dispose]() {
          if (left) return;
          left = true;
          const rest = (counts.get(memberId) ?? 1) - 1;
          if (rest > 0) return void counts.set(memberId, rest);
          counts.delete(memberId);
          change(memberId);
        },
      };
    },
    async online(memberIds) {
      const elsewhere = memberIds.filter((id) => !counts.has(id));
      if (elsewhere.length === 0) return memberIds.map(() => true);
      // What the store still has of this gateway is known better here.
      const found = await store.online(elsewhere, clock.now(), gateway);
      const there = new Set(elsewhere.filter((_, index) => found[index]));
      return memberIds.map((id) => counts.has(id) || there.has(id));
    },
    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      timer?.wake[Symbol.dispose]();
      // Of a store that hangs the end does not wait: there, those who were online here are not after `lastsMs`.
      const late = sleepUntil(clock, clock.now() + leaveMs, ended.signal).catch(() => undefined);
      await Promise.race([leave(), late]);
      ended.abort();
    },
  };
}
