import { readFile } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { type ElizaEmulator, createElizaEmulator, echoAgent } from './emulator.ts';

interface Recorded {
  readonly name: string;
  readonly status: number;
  readonly body: unknown;
  readonly truncated?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

const recorded = JSON.parse(await readFile(new URL('../recorded/eliza.json', import.meta.url), 'utf8')) as readonly Recorded[];
const userId = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const sessions = '/api/messaging/sessions';
const created = { agentId: echoAgent.id, userId };

/** Values that differ each time: their form is what counts. */
const volatile =
  /^(sessionId|channelId|channel_id|id|inReplyToRootMessageId|timestamp|createdAt|created_at|updatedAt|updated_at|expiresAt|lastActivity|uptime|timeRemaining|responseId|inReplyTo|stack|activeSessions|expiringSoon|before|after|value)$/;

/** The body with what differs each time by its form, and ids within texts as one. */
function formOf(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => formOf(each));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, formOf(each, name)]));
  }
  if (!volatile.test(key)) return typeof value === 'string' ? value.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'an id') : value;
  if (typeof value !== 'string') return typeof value;
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)) return 'an instant';
  return /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(value) ? 'an id' : 'text';
}

/** Of a text: the events of a stream, else the text with what differs each time left out. */
function textFormOf(text: string): readonly unknown[] | string {
  const events = [...text.matchAll(/^event: (.*)\ndata: (.*)$/gm)].map(([, event = '', data = '']) => [event, formOf(JSON.parse(data))]);
  return events.length > 0 ? events : text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|\d{13}|\d{4}-[^"]*Z/g, '…');
}

let emulator: ElizaEmulator;
afterEach(() => emulator[Symbol.asyncDispose]());

test('the emulator answers as the server did that was recorded', async () => {
  let clock = Date.UTC(2026, 10, 22, 1, 10, 11);
  emulator = await createElizaEmulator({
    now: () => clock,
    act: () => ({ kind: 'reply', text: 'canned reply' }),
  });
  const compared: string[] = [];
  const queue = new Map<string, Recorded[]>();
  for (const each of recorded) queue.set(each.name, [...(queue.get(each.name) ?? []), each]);

  /** Sends the request, and compares the answer with the recorded one of that name. */
  async function ask(name: string, line: string, body?: unknown, init: RequestInit = {}): Promise<string> {
    clock += 100;
    const [method = '', path = ''] = line.split(' ');
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const headers = text === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(emulator.url + path, { method, headers, ...(text !== undefined && { body: text }), ...init });
    const got = await response.text();
    const expected = queue.get(name)?.shift();
    compared.push(name);
    expect(`${name}: ${response.status}`).toBe(`${name}: ${expected?.status}`);
    const headersGot = Object.keys(expected?.headers ?? {}).filter((header) => /^\d+(;w=900)?$/.test(response.headers.get(header) ?? ''));
    expect(headersGot).toEqual(Object.keys(expected?.headers ?? {}));
    if (typeof expected?.body !== 'string') {
      const parsed = JSON.parse(got) as { readonly sessionId?: unknown };
      compare(name, formOf(parsed), formOf(expected?.body));
      return String(parsed.sessionId);
    }
    // A stream, or cut off when it was recorded: then its beginning.
    const [seen, start] = [textFormOf(got), textFormOf(expected.body)];
    compare(name, typeof seen === 'string' ? seen.slice(0, start.length) : seen, start);
    return '';
  }
  const compare = (name: string, seen: unknown, wanted: unknown): void => expect({ name, seen }).toEqual({ name, seen: wanted });

  await ask('health', `GET ${sessions}/health`);
  await ask('create (defaults)', `POST ${sessions}`, created);
  const id = await ask('create (custom)', `POST ${sessions}`, {
    ...created,
    metadata: { platform: 'web', username: 'bob', level: 3 },
    timeoutConfig: { timeoutMinutes: 45, autoRenew: false, maxDurationMinutes: 90, warningThresholdMinutes: 50 },
  });
  await ask('create out of range timeouts (clamped, not rejected)', `POST ${sessions}`, {
    ...created,
    timeoutConfig: { timeoutMinutes: 1, maxDurationMinutes: 99_999, warningThresholdMinutes: 0 },
  });
  await ask('create timeoutMinutes string', `POST ${sessions}`, {
    ...created,
    timeoutConfig: { timeoutMinutes: '9999', autoRenew: 'nope' },
  });
  await ask('create timeoutMinutes NaN', `POST ${sessions}`, { ...created, timeoutConfig: { timeoutMinutes: 'many' } });
  await ask('create missing userId', `POST ${sessions}`, { agentId: echoAgent.id });
  await ask('create empty body no content type', `POST ${sessions}`);
  await ask('create bad uuid', `POST ${sessions}`, { ...created, agentId: 'nope' });
  await ask('create unknown agent', `POST ${sessions}`, { ...created, agentId: userId });
  await ask('create metadata too large', `POST ${sessions}`, { ...created, metadata: { x: 'a'.repeat(11_000) } });
  await ask('malformed json', `POST ${sessions}`, '{"agentId":');
  await ask('wrong content type', `POST ${sessions}`, 'x', { headers: { 'content-type': 'text/plain' } });
  await ask('get', `GET ${sessions}/${id}`);
  await ask('get unknown', `GET ${sessions}/${userId}`);
  await ask('get non-uuid', `GET ${sessions}/zzz`);
  await ask('list', `GET ${sessions}`);
  const messages = `${sessions}/${id}/messages`;
  const stored = emulator.state.messages;
  await ask('send (websocket default)', `POST ${messages}`, {
    content: 'hello one',
    attachments: [{ type: 'image', url: 'http://127.0.0.1/a.png', name: 'a.png' }],
    metadata: { source: 't' },
  });
  await expect.poll(() => stored.length).toBe(2);
  const channel = '/api/messaging/channels';
  await ask('channel messages limit=1', `GET ${channel}/${stored[0]?.channelId}/messages?limit=1`);
  await ask('channel messages of no channel', `GET ${channel}/nope/messages`);
  await ask('send (http)', `POST ${messages}`, { content: 'hello two', transport: 'http' });
  await ask('send (legacy mode sync)', `POST ${messages}`, { content: 'hello 2b', mode: 'sync' });
  await ask('send (sse)', `POST ${messages}`, { content: 'hello three', transport: 'sse' });
  await ask('send bad transport', `POST ${messages}`, { content: 'hello', transport: 'pigeon' });
  await ask('send empty', `POST ${messages}`, { content: '' });
  await ask('send no content', `POST ${messages}`, {});
  await ask('send 4001 chars', `POST ${messages}`, { content: 'x'.repeat(4_001) });
  await ask('messages', `GET ${messages}`);
  await ask('messages limit=2', `GET ${messages}?limit=2`);
  const [, , , two, threeB] = stored;
  expect([two?.content, threeB?.content]).toEqual(['hello 2b', 'hello three']);
  await ask('messages limit=2 before=1795309813461', `GET ${messages}?limit=2&before=${two?.createdAt}`);
  await ask('messages after=1795309813461 limit=1', `GET ${messages}?limit=1&after=${two?.createdAt}`);
  await ask('messages before=abc', `GET ${messages}?before=abc`);
  await ask('renew (autoRenew=false still renews)', `POST ${sessions}/${id}/renew`);
  await ask('heartbeat', `POST ${sessions}/${id}/heartbeat`);
  await ask('patch timeout ok', `PATCH ${sessions}/${id}/timeout`, { timeoutMinutes: 60, autoRenew: true });
  await ask('patch timeout out of range', `PATCH ${sessions}/${id}/timeout`, { timeoutMinutes: 2 });
  await ask('patch timeout bad type', `PATCH ${sessions}/${id}/timeout`, { autoRenew: 'yes' });
  await ask('heartbeat after autoRenew', `POST ${sessions}/${id}/heartbeat`);
  await ask('PATCH /sessions/:id (not a route)', `PATCH ${sessions}/${id}`, {});
  await ask('delete', `DELETE ${sessions}/${id}`);
  await ask('delete again', `DELETE ${sessions}/${id}`);
  await ask('get deleted', `GET ${sessions}/${id}`);
  await ask('health', `GET ${sessions}/health`);

  const left = [...queue.values()].flat().map(({ name }) => name);
  expect(left).toEqual(['(the end of a longer list of messages)']);
  expect(compared).toHaveLength(recorded.length - 1);
});
