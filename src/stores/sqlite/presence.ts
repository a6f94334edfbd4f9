import type { PresenceStore } from '../../core/ports.ts';
import type { Jobs } from './jobs.ts';
import type { Prepare } from './statements.ts';
import type { WriteQueue } from './write-queue.ts';

const online = `
  SELECT 1 FROM presence JOIN gateways ON gateways.id = presence.gateway_id WHERE member_id = ? AND until > ? AND gateway_id <> ? LIMIT 1`;

/** What the gateways of one file note. */
export const createSqlitePresence = (prepare: Prepare, writes: WriteQueue): PresenceStore => ({
  note: (note) => writes.submit({ kind: 'notePresence', ...note }),
  online: async (memberIds, now, asking) => memberIds.map((id) => prepare(online).get(id, now, asking) !== undefined),
  leave: async (gateway) => {
    await writes.submit({ kind: 'leavePresence', gateway });
  },
});

const noteGateway = `
  INSERT INTO gateways (id, until, notes) VALUES (?, ?, 1)
  ON CONFLICT (id) DO UPDATE SET until = excluded.until, notes = notes + 1 RETURNING notes`;

/** In the writer. */
export function notePresence(prepare: Prepare, { gateway, entered, left, now, until }: Jobs['notePresence']['job']): boolean {
  prepare('DELETE FROM gateways WHERE until <= ? AND id <> ?').run(now, gateway);
  const [notes] = prepare(noteGateway).get(gateway, until) ?? [];
  for (const id of entered) prepare('INSERT OR IGNORE INTO presence (member_id, gateway_id) VALUES (?, ?)').run(id, gateway);
  for (const id of left) prepare('DELETE FROM presence WHERE member_id = ? AND gateway_id = ?').run(id, gateway);
  return Number(notes) > 1;
}
