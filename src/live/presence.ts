import type { MemberId } from '../core/ids.ts';
import type { Presence } from '../core/ports.ts';

/** Presence within one process. */
export function createInProcessPresence(): Presence {
  const counts = new Map<MemberId, number>();
  return {
    enter(memberId) {
      counts.set(memberId, (counts.get(memberId) ?? 0) + 1);
      let left = false;
      return {
        [Symbol.dispose]() {
          if (left) return;
          left = true;
          const rest = (counts.get(memberId) ?? 1) - 1;
          if (rest === 0) counts.delete(memberId);
          else counts.set(memberId, rest);
        },
      };
    },
    online: async (memberIds) => memberIds.map((id) => counts.has(id)),
  };
}
