import type { PresenceStore } from '../../core/ports.ts';
import type { Tables } from './tables.ts';

/** What the gateways of one process note. @param answer - Refuses once the store is closed. */
export const createMemoryPresence = ({ presence }: Tables, answer: <T>(work: () => T) => Promise<T>): PresenceStore => ({
  note: ({ gateway, entered, left, now, until }) =>
    answer(() => {
      for (const [id, noted] of presence) if (id !== gateway && noted.until <= now) presence.delete(id);
      const members = presence.get(gateway)?.members ?? new Set();
      const isKnown = presence.has(gateway);
      for (const id of entered) members.add(id);
      for (const id of left) members.delete(id);
      presence.set(gateway, { members, until });
      return isKnown;
    }),
  online: (memberIds, now, asking) =>
    answer(() => {
      const others = [...presence].flatMap(([gateway, { members, until }]) => (gateway === asking || until <= now ? [] : [members]));
      return memberIds.map((id) => others.some((members) => members.has(id)));
    }),
  leave: (gateway) =>
    answer(() => {
      presence.delete(gateway);
    }),
});
