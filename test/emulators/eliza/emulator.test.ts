import { type Socket, io } from 'socket.io-client';
import { afterEach, describe, expect, test } from 'vitest';
import { type ElizaEmulator, type ElizaEmulatorOptions, createElizaEmulator, echoAgent } from './emulator.ts';

const user = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const minute = 60_000;
let emulator: ElizaEmulator;
let now = Date.UTC(2030, 0, 1);
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect();
  await emulator[Symbol.asyncDispose]();
});

const start = async (options: ElizaEmulatorOptions = {}): Promise<void> => {
  emulator = await createElizaEmulator({ now: () => now, ...options });
};

async function call(
  line: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; json: any; text: string }> {
  const [method = '', path = ''] = line.split(' ');
  const response = await fetch(`${emulator.url}/api/messaging/sessions${path}`, {
    method,
    headers: { connection: 'close', ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, json: text.startsWith('{') ? JSON.parse(text) : null, text };
}

/** What comes with the next event of that name. */
const next = (socket: Socket, event: string): Promise<any[]> =>
  new Promise((resolve) => socket.once(event, (...all: unknown[]) => resolve(all)));

const connect = (auth: object = { entityId: user }): Socket => {
  const socket = io(emulator.url, { auth, transports: ['websocket'], reconnection: false });
  sockets.push(socket);
  return socket;
};

async function inRoom(channelId: string): Promise<Socket> {
  const socket = connect();
  const joined = next(socket, 'channel_joined');
  socket.emit('1', { channelId });
  await joined;
  return socket;
}

describe('sessions', () => {
  test('are gone by 410 once and by 404 ever after', async () => {
    await start();
    const { id } = emulator.createSession();
    now += 30 * minute;
    expect([(await call(`GET /${id}`)).status, (await call(`GET /${id}`)).status, (await call(`POST /${id}/renew`)).status]).toEqual([
      410, 404, 404,
    ]);
  });

  test('that were swept, or that a restart forgot, are unknown at once, and their messages stay', async () => {
    await start();
    const [swept, lost] = [emulator.createSession(), emulator.createSession()];
    emulator.userSays(lost.id, 'hello');
    emulator.expire(swept.id);
    emulator.sweep();
    expect((await call(`GET /${swept.id}`)).status).toBe(404);
    expect((await call(`GET /${lost.id}`)).status).toBe(200);
    await emulator.restart();
    expect((await call(`GET /${lost.id}`)).status).toBe(404);
    expect(emulator.state.messages.map(({ content }) => content)).toContain('hello');
  });

  test('are clamped when they are made, refused when they are changed, and reset in what the change leaves out', async () => {
    await start();
    const config = { timeoutMinutes: 2, maxDurationMinutes: 90, warningThresholdMinutes: 50 };
    const { id } = emulator.createSession({ timeoutConfig: config });
    expect((await call(`GET /${id}`)).json.timeoutConfig).toEqual({ ...config, timeoutMinutes: 5, autoRenew: true });
    expect((await call(`PATCH /${id}/timeout`, { timeoutMinutes: 2 })).status).toBe(400);
    expect((await call(`PATCH /${id}/timeout`, { timeoutMinutes: 5.5 })).json.timeoutConfig).toEqual({
      timeoutMinutes: 5.5,
      autoRenew: true,
      maxDurationMinutes: 720,
      warningThresholdMinutes: 5,
    });
    // What the service itself refuses breaks the spec; fractions of minutes do not.
    expect(emulator.violations.map(({ problem }) => problem)).toEqual(['body /timeoutMinutes must be >= 5']);
    expect(emulator.replyViolations).toEqual([]);
  });

  test('are not carried past their maximum, and a heartbeat alone does not renew those that do not renew themselves', async () => {
    await start();
    const madeAt = now;
    const { id } = emulator.createSession({ timeoutConfig: { timeoutMinutes: 10, autoRenew: false, maxDurationMinutes: 15 } });
    now += 8 * minute;
    const beat = (await call(`POST /${id}/heartbeat`)).json;
    expect([beat.renewalCount, Date.parse(beat.expiresAt), Date.parse(beat.lastActivity)]).toEqual([0, madeAt + 10 * minute, now]);
    const renewed = (await call(`POST /${id}/renew`)).json;
    expect([renewed.renewalCount, Date.parse(renewed.expiresAt)]).toEqual([1, madeAt + 15 * minute]);
  });

  test('refusals carry a stack, and a key is asked for where there is one', async () => {
    await start({ apiKey: 'secret', rateLimit: 2 });
    expect(await call('GET')).toMatchObject({ status: 401, json: { error: 'API key required' } });
    const refused = await call(`GET /${user}`, undefined, { 'x-api-key': 'secret' });
    expect(refused.json.error.stack).toMatch(/\n +at /);
    expect(await call('GET', undefined, { 'x-api-key': 'secret' })).toMatchObject({
      status: 429,
      json: { success: false, error: { code: 'RATE_LIMIT_EXCEEDED' } },
    });
  });
});

describe('messages', () => {
  test('only of the websocket transport are replied to in the history', async () => {
    await start();
    const { id } = emulator.createSession();
    expect((await call(`POST /${id}/messages`, { content: 'one', transport: 'http' })).json.agentResponse.text).toBe('You said: one');
    emulator.script.push({ kind: 'reply', chunks: ['a', 'b'] });
    const { text } = await call(`POST /${id}/messages`, { content: 'two', transport: 'sse' });
    expect(text.match(/^event: .*$/gm)).toEqual(['event: user_message', 'event: chunk', 'event: chunk', 'event: done']);
    await call(`POST /${id}/messages`, { content: 'three' });
    await expect.poll(() => emulator.state.messages.length).toBe(4);
    const { messages } = (await call(`GET /${id}/messages`)).json;
    expect(messages.map(({ content }: { content: string }) => content).sort()).toEqual(['You said: three', 'one', 'three', 'two']);
  });

  test('are on the socket under their ids, but for those of REST', async () => {
    await start();
    const { id, channelId } = emulator.createSession();
    const socket = await inRoom(channelId);
    const heard: [string, any][] = [];
    socket.onAny((event: string, payload: unknown) => heard.push([event, payload]));
    const last = next(socket, 'channelCleared');
    emulator.script.push({ kind: 'reply', chunks: ['a', 'b'] });
    emulator.userSays(id, 'psst');
    await expect.poll(() => emulator.state.messages.length).toBe(2);
    emulator.clearChannel(id);
    await last;
    expect(heard.map(([event]) => event)).toEqual(['messageStreamChunk', 'messageStreamChunk', 'messageBroadcast', 'channelCleared']);
    expect(new Set(heard.slice(0, 3).map(([, payload]) => payload.messageId ?? payload.id)).size).toBe(1);
    expect(heard[2]?.[1]).toMatchObject({ text: 'ab', source: 'agent_response', roomId: channelId, senderId: echoAgent.id });
  });

  test('sent by a socket are echoed and acknowledged', async () => {
    await start({ act: () => ({ kind: 'silence' }) });
    const { channelId } = emulator.createSession();
    const [one, other] = [await inRoom(channelId), await inRoom(channelId)];
    const echo = next(other, 'messageBroadcast');
    const ack = next(one, 'messageAck');
    one.emit('2', { channelId, senderId: user, senderName: 'Bob', message: 'hi', messageServerId: user, messageId: 'mine' });
    const [[heard], [acknowledged]] = [await echo, await ack];
    expect(heard).toMatchObject({ text: 'hi', channelId, senderName: 'Bob' });
    expect(acknowledged).toMatchObject({ clientMessageId: 'mine', messageId: heard.id });
  });
});

describe('sockets', () => {
  test.each([
    [{}, 'Invalid or missing API Key'],
    [{ apiKey: 'socket' }, 'Valid entityId required'],
    [{ apiKey: 'socket', entityId: 'me' }, 'Valid entityId required'],
  ])('are refused with %o', async (auth, message) => {
    await start({ socketApiKey: 'socket' });
    const [error] = await next(connect(auth), 'connect_error');
    expect(error.message).toBe(message);
  });

  test('are let into rooms, unless participation is asked for', async () => {
    await start({ socketApiKey: 'socket' });
    const socket = connect({ apiKey: 'socket', entityId: user });
    await next(socket, 'connection_established');
    socket.emit('message', { type: 1, payload: { channelId: user } });
    expect(await next(socket, 'room_joined')).toMatchObject([{ channelId: user }]);
    emulator.state.open = false;
    socket.emit('1', { channelId: user });
    expect(await next(socket, 'messageError')).toMatchObject([{ error: expect.stringMatching(/^Access denied/) }]);
  });
});
