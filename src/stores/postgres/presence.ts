import type { PresenceStore } from '../../core/ports.ts';
import type { Database } from './database.ts';

// The row of the gateway is counted up rather than looked for: another gateway may be deleting it at this moment.
const note = `
  WITH over AS (DELETE FROM gateways WHERE until <= $2 AND id <> $1),
  noted AS (
    INSERT INTO gateways (id, until, notes) VALUES ($1, $3, 1)
    ON CONFLICT (id) DO UPDATE SET until = excluded.until, notes = gateways.notes + 1 RETURNING notes),
  entered AS (
    INSERT INTO presence (member_id, gateway_id) SELECT member_id, $1 FROM unnest($4::text[]) AS entered (member_id)
    ON CONFLICT DO NOTHING),
  gone AS (DELETE FROM presence WHERE gateway_id = $1 AND member_id = ANY ($5::text[]))
  SELECT notes > 1 FROM noted`;

const online = `
  SELECT DISTINCT member_id FROM presence JOIN gateways ON gateways.id = presence.gateway_id
  WHERE member_id = ANY ($1::text[]) AND until > $2 AND gateway_id <> $3`;

/** What the gateways of one database note. */
export const createPostgresPresence = ({ query, once }: Database): PresenceStore => ({
  note: async ({ gateway, entered, left, now, until }) => {
    const [[isKnown = false] = []] = await once(note, [gateway, now, until, entered, left]);
    return isKnown === true;
  },
  online: async (memberIds, now, asking) => {
    const found = new Set((await query(online, [memberIds, now, asking])).map(([id]) => id));
    return memberIds.map((id) => found.has(id));
  },
  leave: async (gateway) => {
    await query('DELETE FROM gateways WHERE id = $1', [gateway]);
  },
});
