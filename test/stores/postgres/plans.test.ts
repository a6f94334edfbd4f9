import { Client } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import type { MessageId, SessionId } from '../../../src/core/ids.ts';
import type { Query } from '../../../src/stores/postgres/database.ts';
import { createPostgresStore } from '../../../src/stores/postgres/postgres-store.ts';
import { createMemberReader } from '../../../src/stores/postgres/read-members.ts';
import { createMessageReader } from '../../../src/stores/postgres/read-messages.ts';
import { createRetentionStore } from '../../../src/stores/postgres/retention.ts';
import { createSessionReader } from '../../../src/stores/postgres/read-sessions.ts';
import { createTimelineReader } from '../../../src/stores/postgres/read-timeline.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../../support/postgres-of-file.ts';

const filled = `
  INSERT INTO sessions (id, backend, handle, visibility, status, created_at, updated_at, last_activity_at, expires_at, due_at, renewal_count,
      rules, owners, defaults, metadata, created_by, active_members, files, file_bytes, version, seq, message_count)
    SELECT 's' || n, 'local', 's' || n, CASE n % 3 WHEN 0 THEN 'PRIVATE' ELSE 'PUBLIC' END, 'ACTIVE', n, n, n, n + 1000000, n + 1000000, 0,
      '{}', '[]', '{}', '{}', 'user' || n % 1000, 10, 0, 0, 1, 48, 48
    FROM generate_series(1, 20000) AS n;
  INSERT INTO messages (id, session_id, seq, role, content, channel, attachments, metadata, options, created_at)
    SELECT 'm' || n, 's' || n % 20000 + 1, n / 20000 + 1, 'USER', 'hello', CASE n % 2 WHEN 0 THEN 'c' END, '[]', '{}', '{}', n
    FROM generate_series(0, 949999) AS n;
  INSERT INTO messages (id, session_id, seq, role, content, channel, attachments, metadata, options, created_at)
    SELECT 'b' || n, 'big', n, 'USER', 'hello', 'c' || n / 100, '[]', '{}', '{}', n FROM generate_series(1, 50000) AS n;
  INSERT INTO events (session_id, seq, at, body, mark)
    SELECT session_id, seq, created_at, json_build_object('type', 'MESSAGE_ADDED', 'messageId', id), 1 FROM messages;
  INSERT INTO members (id, session_id, name, role, status, joined_at, principal, banned)
    SELECT 'p' || n, 's' || n % 20000 + 1, 'Ann', 'MEMBER', 'ACTIVE', n, 'user' || n % 5000, false FROM generate_series(0, 99999) AS n;
  INSERT INTO idempotency (scope, key, input_hash, result, created_at) SELECT 'user' || n % 100, 'k' || n, 'h', '{}', n
    FROM generate_series(1, 20000) AS n;
  INSERT INTO challenges (id, payload, expires_at) SELECT 'c' || n, 'p', n FROM generate_series(1, 20000) AS n;
  INSERT INTO sessions (id, backend, handle, visibility, status, created_at, updated_at, last_activity_at, renewal_count,
      rules, owners, defaults, metadata, active_members, files, file_bytes, version, seq, message_count)
    SELECT name, 'local', name, 'PUBLIC', CASE name WHEN 'over' THEN 'ENDED' ELSE 'ACTIVE' END, 0, 0, 0, 0, '{}', '[]', '{}', '{}', 0, 0, 0, 1,
      50000, 50000
    FROM unnest(ARRAY['big', 'over']) AS name;
  INSERT INTO members (id, session_id, name, role, status, joined_at, banned)
    SELECT 'o' || n, 'over', 'Ann', 'MEMBER', 'LEFT', n, false FROM generate_series(1, 400) AS n;
  ANALYZE;`;

describe.skipIf(postgresIsMissing)(`plans over a million messages${needsPostgres}`, () => {
  const server = postgresOfFile();
  let url = '';

  beforeAll(async () => {
    url = await server.freshUrl();
    await using store = await createPostgresStore({ url });
    await store.check();
    await server.execute(filled, url);
  }, 180_000);

  /** The plans of the statements by which the work is done, as the server would choose them for any values. */
  async function plansOf(work: (query: Query) => Promise<unknown>): Promise<readonly string[]> {
    const client = new Client({ connectionString: url });
    await client.connect();
    const plans: string[] = [];
    try {
      await work(async (sql, values = []) => {
        const explained = await client.query<[string]>({ text: `EXPLAIN ${sql}`, values: [...values], rowMode: 'array' });
        plans.push(explained.rows.map(([line]) => line).join('\n'));
        const { rows } = await client.query<never[]>({ text: sql, values: [...values], rowMode: 'array' });
        return rows;
      });
    } finally {
      await client.end();
    }
    return plans;
  }

  const ids = Array.from({ length: 20 }, (_, index) => `s${index + 1}` as SessionId);
  const audience = { public: true, principal: null, sessionId: null };
  const works: Readonly<Record<string, (query: Query) => Promise<unknown>>> = {
    'sessions by id': (query) => createSessionReader(query).byIds(ids),
    'sessions by handle': (query) => createSessionReader(query).byHandles([{ backend: 'local', handle: 's7' }]),
    'what is due': (query) => createSessionReader(query).due(1_000_100, 100),
    'an idempotency key': (query) => createSessionReader(query).idempotency('s', 'k'),
    'messages by id': (query) => createMessageReader(query).byIds(['m1' as MessageId, 'm2' as MessageId]),
    'last messages of sessions': (query) =>
      createMessageReader(query).list(ids.map((sessionId) => ({ sessionId, page: { limit: 5, fromEnd: true } }))),
    'messages after a place': (query) =>
      createMessageReader(query).list(ids.map((sessionId) => ({ sessionId, page: { limit: 5, after: 3 } }))),
    'messages of a channel': (query) =>
      createMessageReader(query).list([{ sessionId: 'big' as SessionId, channel: 'c400', page: { limit: 5 } }]),
    'members of sessions': (query) => createMemberReader(query).list(ids.map((sessionId) => ({ sessionId, page: { limit: 3 } }))),
    'active members of sessions': (query) =>
      createMemberReader(query).list(ids.map((sessionId) => ({ sessionId, status: 'ACTIVE', page: { limit: 3 } }))),
    'memberships of a principal': (query) => createMemberReader(query).ofPrincipal('user1', ids),
    'sessions of a principal': (query) => createMemberReader(query).sessionsOf('user1', 50),
    bans: (query) => createMemberReader(query).banned('s1' as SessionId, { principal: 'user1', address: '0x1', name: 'Ann' }),
    'a timeline': (query) => createTimelineReader(query).read('s1' as SessionId, 4, 100),
    heads: (query) => createTimelineReader(query).heads(ids),
    'what sessions hold': (query) => createRetentionStore(query).survey('s5' as SessionId, 200),
    'the oldest events': (query) => createRetentionStore(query).oldest('events', 'big' as SessionId, 500),
    'the oldest messages': (query) => createRetentionStore(query).oldest('messages', 'big' as SessionId, 500),
  };

  it.each(Object.entries(works))('reads %s by indexes', async (_, work) => {
    for (const plan of await plansOf(work)) expect(plan).not.toContain('Seq Scan');
  });

  const removals: Readonly<Record<string, (query: Query) => Promise<unknown>>> = {
    'the oldest events': (query) => createRetentionStore(query).deleteThrough('events', 'big' as SessionId, 500),
    'the oldest messages': (query) => createRetentionStore(query).deleteThrough('messages', 'big' as SessionId, 500),
    'a session that is over': (query) => createRetentionStore(query).removeSession('over' as SessionId, 500),
    'records of requests and challenges': (query) => createRetentionStore(query).prune({ idempotency: 1_500, challenges: 1_500 }),
  };

  it.each(Object.entries(removals))('deletes %s by indexes', async (_, work) => {
    const plans = await plansOf(work);
    expect(plans.join('\n')).toContain('Delete on');
    for (const plan of plans) expect(plan).not.toContain('Seq Scan');
  });

  it('has deleted what there was to delete', async () => {
    expect(
      await server.execute(
        `SELECT (SELECT count(*) FROM events WHERE session_id = 'big') AS events, (SELECT count(*) FROM messages WHERE session_id = 'big') AS messages,
          (SELECT count(*) FROM sessions WHERE id = 'over') AS sessions, (SELECT count(*) FROM idempotency) AS records,
          (SELECT count(*) FROM challenges) AS challenges`,
        url,
      ),
    ).toEqual([{ events: '49500', messages: '49500', sessions: '0', records: '18501', challenges: '18501' }]);
  });

  it('reads messages of a channel by the index that has it', async () => {
    const [page] = await plansOf(works['messages of a channel'] ?? (() => Promise.resolve()));
    expect(page).toContain('messages_of_channel');
  });

  it('reads a page of public sessions in their order, without sorting all', async () => {
    const [page] = await plansOf((query) => createSessionReader(query).list({ page: { limit: 20 }, audience, now: 0 }));
    expect(page).not.toMatch(/Seq Scan|Sort/);
  });

  it('finds a plan that reads everything', async () => {
    const [plan] = await plansOf((query) => query('SELECT count(content) FROM messages'));
    expect(plan).toContain('Seq Scan');
  });
});
