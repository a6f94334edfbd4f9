import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { createPostgresStore } from '../../../src/stores/postgres/postgres-store.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../../support/postgres-of-file.ts';
import { aMessage, aSending, created, sent, stored } from '../../support/store-fixtures.ts';

const waiting = `SELECT count(*) AS waiting FROM pg_stat_activity WHERE application_name = 'parley' AND wait_event_type = 'Lock'`;

describe.skipIf(postgresIsMissing)(`retention beside other gateways${needsPostgres}`, () => {
  const server = postgresOfFile();

  it('deletes messages behind a commit that clears them, and holds none of them up meanwhile', async () => {
    const url = await server.freshUrl();
    await using store = await createPostgresStore({ url });
    const { id } = await created(store);
    await sent(store, id, [{}, {}, {}]);
    const other = new Client({ connectionString: url });
    await other.connect();
    try {
      // A commit that clears and sends, step by step.
      await other.query('BEGIN');
      await other.query('UPDATE sessions SET seq = seq + 1, message_count = 1, files = 5 WHERE id = $1', [id]);
      const deleting = store.retention.deleteThrough('messages', id, 3);
      await expect.poll(async () => await server.execute(waiting, url)).toEqual([{ waiting: '1' }]);
      // Were they locked already, the two would wait for each other.
      const { rowCount } = await other.query('SELECT 1 FROM messages WHERE session_id = $1 FOR UPDATE SKIP LOCKED', [id]);
      expect(rowCount).toBe(3);
      await other.query('DELETE FROM messages WHERE session_id = $1', [id]);
      await other.query(
        `INSERT INTO messages (id, session_id, seq, role, content, attachments, metadata, options, created_at)
          VALUES ('msg_new', $1, 4, 'USER', 'new', '[]', '{}', '{}', 0)`,
        [id],
      );
      await other.query('COMMIT');
      expect(await deleting).toBe(0);
    } finally {
      await other.end();
    }
    expect(await stored(store, id)).toMatchObject({ files: 5, seq: 4 });
    const [page] = await store.messages.list([{ sessionId: id, page: { limit: 1 } }]);
    expect(page).toMatchObject({ items: [{ id: 'msg_new' }], totalCount: 1 });
  });

  it('counts right while another gateway goes on sending', async () => {
    const url = await server.freshUrl();
    await using store = await createPostgresStore({ url });
    const { id } = await created(store);
    await sent(store, id, [{}, {}, {}]);
    await using newer = await createPostgresStore({ url });
    await Promise.all([
      newer.retention.deleteThrough('events', id, 2),
      newer.retention.deleteThrough('messages', id, 2),
      ...Array.from({ length: 20 }, () => store.commit(aSending(id, [aMessage(id)]))),
    ]);
    expect(await store.timeline.read(id, 0, 100)).toMatchObject({ oldest: 3, head: 23 });
    const [page] = await store.messages.list([{ sessionId: id, page: { limit: 1 } }]);
    expect(page?.totalCount).toBe(21);
  });
});
