import { Client } from 'pg';
import { query } from '../support/graphql-client.ts';
import { follow } from '../support/live-client.ts';
import { inTime } from './in-time.ts';
import type { History, ListedSession, SessionRecord, Truth } from './history.ts';
import { everything, isEvent } from './workload/subscriber.ts';
import type { World } from './world.ts';

const stateQuery = `query ($id: ID!, $after: String) { session(id: $id) {
  status cursor members(first: 100) { nodes { id } }
  messages(first: 100, after: $after) { nodes { id content } pageInfo { hasNextPage endCursor } }
} }`;

/** Reads it through the API, as somebody who was not there, and from the tables. Nothing may be written any more but what time makes. */
export async function readTruth({ places, store, credentials }: World, history: History): Promise<void> {
  const urls = places.map(({ directUrl }) => directUrl);
  const client = new Client({ connectionString: store.url });
  await client.connect();
  try {
    for (const [index, session] of history.sessions.entries()) {
      const url = urls[index % urls.length] ?? '';
      await inTime(`session ${session.id} to be read`, readOne(url, session));
    }
    history.listed.push(...(await listAll(urls[0] ?? '')));
  } finally {
    await client.end();
  }

  async function readOne(url: string, session: SessionRecord): Promise<void> {
    const { id, cursor, expiresAt } = session;
    const ask = async (after: string | null): Promise<any> => (await query(url, stateQuery, { id, after }, credentials)).session;
    // Those that have an end are read until it.
    const following = follow(url, everything, { sessionId: id, after: cursor }, credentials);
    let head: string = cursor;
    if (expiresAt === null) head = (await ask(null)).cursor;
    else if ((await following.ended) !== 'complete') throw new Error(`The replay of session ${id} broke off.`);
    if (expiresAt === null && head !== cursor) await following.until((event) => event.cursor === head && isEvent(event));
    await following.stop();

    const messages: { id: string; content: string }[] = [];
    let page = await ask(null);
    messages.push(...page.messages.nodes);
    const { status, members } = page;
    while (page.messages.pageInfo.hasNextPage) {
      page = await ask(page.messages.pageInfo.endCursor);
      messages.push(...page.messages.nodes);
    }
    const truth: Truth = {
      session: id,
      events: following.events.filter(isEvent),
      messages,
      members: members.nodes.map((member: any) => member.id),
      status,
      stored: await readRows(id),
    };
    history.truths.push(truth);
  }

  async function readRows(id: string): Promise<Truth['stored']> {
    const events = await client.query<{ seq: string; type: string }>(
      `SELECT seq, body::json->>'type' AS type FROM events WHERE session_id = $1 ORDER BY seq`,
      [id],
    );
    const session = await client.query<{ seq: string; active_members: string }>('SELECT seq, active_members FROM sessions WHERE id = $1', [
      id,
    ]);
    const [row] = session.rows;
    return {
      events: events.rows.map(({ seq, type }) => ({ seq: Number(seq), type })),
      seq: Number(row?.seq),
      activeMembers: Number(row?.active_members),
    };
  }

  async function listAll(url: string): Promise<readonly ListedSession[]> {
    const source = `query ($after: String) { sessions(first: 100, after: $after, filter: { mine: true }) {
      nodes { id title } pageInfo { hasNextPage endCursor } } }`;
    const found: ListedSession[] = [];
    for (let after: string | null = null; ;) {
      const { sessions } = await query(url, source, { after }, credentials);
      found.push(...sessions.nodes);
      if (!sessions.pageInfo.hasNextPage) return found;
      after = sessions.pageInfo.endCursor;
    }
  }
}
