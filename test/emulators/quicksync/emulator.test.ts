import { HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type QuicksyncEmulator, createQuicksyncEmulator } from './emulator.ts';
import type { QuicksyncEmulatorOptions } from './options.ts';
import { type TestWallet, createTestWallet, obtainProof } from './test-wallet.ts';

let emulator: QuicksyncEmulator;
let now: number;

async function start(options: QuicksyncEmulatorOptions = {}): Promise<void> {
  emulator = await createQuicksyncEmulator({ now: () => now, ...options });
}

beforeEach(() => {
  now = Date.UTC(2030, 0, 1);
});
afterEach(async () => {
  const { replyViolations } = emulator;
  await emulator[Symbol.asyncDispose]();
  if (replyViolations.length > 0) throw new Error(JSON.stringify(replyViolations));
});

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

async function ask(line: string, token: string | null = null, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  const [method = '', path] = line.split(' ');
  const reply = await fetch(`${emulator.baseUrl}${path}`, {
    method,
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await reply.text();
  return { status: reply.status, headers: reply.headers, body: text === '' ? null : JSON.parse(text) };
}

const prove = (wallet: TestWallet = createTestWallet()): Promise<string> => obtainProof(emulator.baseUrl, wallet);
const create = async (rules: object = {}, proof?: string): Promise<Reply> =>
  ask('POST /session', proof ?? (await prove()), { rules }, { 'x-api-key': emulator.apiKey });
const details = (status: number, detail: unknown = expect.any(String)) => ({
  status,
  body: expect.objectContaining({ status, detail, title: expect.any(String) }),
});

describe('wallet proof', () => {
  test('checks the signature, and takes a nonce once', async () => {
    await start();
    const [wallet, another] = [createTestWallet(), createTestWallet()];
    const { body: given } = await ask('GET /wallet-proof/nonce');
    expect(given).toEqual({ nonce: expect.any(Number), message: expect.stringContaining(String(given.nonce)) });
    const answer = { walletAddress: wallet.address, message: given.message };
    const forged = await another.signMessage({ message: given.message });
    expect(await ask('POST /wallet-proof/verify', null, { ...answer, signature: forged })).toMatchObject(details(400));
    const signature = await wallet.signMessage({ message: given.message });
    // The nonce has been used up by the failure.
    expect(await ask('POST /wallet-proof/verify', null, { ...answer, signature })).toMatchObject(details(400));
    expect(await ask('POST /wallet-proof/verify?chain=Solana', null, { ...answer, signature })).toMatchObject(details(400));
    expect(await ask('POST /wallet-proof/verify', null, {})).toMatchObject(details(400));
    expect(await prove(wallet)).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  });
});

describe('creating', () => {
  test('wants the key and a proof that is still good, both', async () => {
    await start({ walletProofSeconds: 10 });
    const proof = await prove();
    expect(await ask('POST /session', proof, {})).toMatchObject(details(401, expect.stringMatching(/API key/)));
    const forged = await ask('POST /session', 'forged', {}, { 'x-api-key': emulator.apiKey });
    expect([forged.status, forged.body, forged.headers.get('www-authenticate')]).toEqual([401, null, 'Bearer error="invalid_token"']);
    expect((await create({}, proof)).status).toBe(200);
    now += 10_000;
    expect((await create({}, proof)).status).toBe(401);
  });

  test('answers credentials with nested rules, as in the spec', async () => {
    await start();
    const { body } = await create({ userCapacity: 2, expiryDurationInSeconds: 60, password: 'x', whiteListAddresses: ['0x1'] });
    expect(body).toEqual({
      sessionId: expect.any(String),
      expiresIn: 60,
      credentials: { token: expect.any(String), id: expect.any(String), pseudonym: expect.any(String), role: 'Host' },
      rules: { expiry: 60, maxFiles: 20, maxUsers: 2, maxTotalMegaBytes: 100, passwordProtected: true, whiteListAddresses: ['0x1'] },
    });
    expect(emulator.violations).toEqual([]);
    await create({ more: 1 });
    expect(emulator.violations).toHaveLength(1);
  });

  test.each([
    [{ userCapacity: 0 }, 'Rules.UserCapacity'],
    [{ expiryDurationInSeconds: 0 }, 'Rules.ExpiryDurationInSeconds'],
    [{ whiteListAddresses: [{ address: '0x1' }] }, 'Rules.WhiteListAddresses'],
  ])('refuses %o', async (rules, field) => {
    await start();
    const { status, body } = await create(rules);
    expect([status, Object.keys(body.errors)]).toEqual([422, [field]]);
  });
});

describe('joining', () => {
  const join = async (sessionId: string, password?: string, wallet?: TestWallet): Promise<Reply> =>
    ask('POST /session/join', await prove(wallet), { sessionId, password });

  test('asks for the password, the list and a seat', async () => {
    await start();
    const listed = createTestWallet();
    const { body } = await create({
      userCapacity: 2,
      password: 'x',
      allowOnlyWhitelistedAddresses: true,
      whiteListAddresses: [listed.address.toLowerCase()],
    });
    expect(await join('nope')).toMatchObject(details(404));
    expect(await join(body.sessionId, 'y', listed)).toMatchObject(details(401, 'Wrong password.'));
    expect(await join(body.sessionId, 'x')).toMatchObject(details(422, 'The address is not whitelisted.'));
    const joined = await join(body.sessionId, 'x', listed);
    expect(joined.body).toMatchObject({ sessionId: body.sessionId, credentials: { role: 'Client' } });
    expect(joined.body.rules).not.toHaveProperty('expiry');
    expect(joined.body.users).toHaveLength(2);
    expect(await join(body.sessionId, 'x', listed)).toMatchObject(details(422, 'The session is full.'));
  });
});

describe('the current session', () => {
  test('is flat, of the token alone, and only for those who are in it', async () => {
    await start();
    const { body } = await create();
    const { token, id } = body.credentials;
    const current = await ask('GET /session/current', token);
    expect(current.body).toMatchObject({ id: body.sessionId, creatorId: id, maxUsers: 10, users: [{ id, role: 'Host' }] });
    expect(current.body).not.toHaveProperty('rules');
    expect((await ask('GET /session/current')).status).toBe(401);
    expect((await ask('POST /session/disconnect', token)).body).toBeNull();
    expect((await ask('GET /session/current', token)).status).toBe(401);
  });

  test.each([404, 401] as const)('that has run out is answered %d', async (expiredStatus) => {
    await start({ expiredStatus });
    const { body } = await create({ expiryDurationInSeconds: 60 });
    now += 59_999;
    expect((await ask('GET /session/current', body.credentials.token)).status).toBe(200);
    now += 1;
    expect((await ask('GET /session/current', body.credentials.token)).status).toBe(expiredStatus);
    expect((await ask('POST /session/join', await prove(), { sessionId: body.sessionId })).status).toBe(404);
  });

  test('is the host’s to clear and to delete', async () => {
    await start();
    const { body } = await create();
    const host = body.credentials.token;
    const session = emulator.state.sessions.get(body.sessionId);
    if (session === undefined) throw new Error('Expected a session');
    const { user } = emulator.state.join(session, '0x2');
    const kick = (token: string, userId: unknown): Promise<Reply> => ask('POST /session/current/kick', token, { userId });
    expect(await kick(user.token, body.credentials.id)).toMatchObject(details(403));
    expect(await ask('DELETE /session/current', user.token)).toMatchObject(details(403));
    expect(await kick(host, 'nobody')).toMatchObject(details(404));
    expect(await kick(host, undefined)).toMatchObject(details(422));
    expect(await kick(host, body.credentials.id)).toMatchObject(details(422));
    expect((await kick(host, user.id)).status).toBe(200);
    expect((await ask('GET /session/current', user.token)).status).toBe(401);
    expect((await ask('DELETE /session/current', host)).status).toBe(200);
    expect(await ask('GET /session/current', host)).toMatchObject(details(404));
  });

  test('is there still after a restart', async () => {
    await start();
    const { body } = await create();
    await emulator.stop();
    await emulator.start();
    // The first attempt may meet a connection that was cut off.
    const status = (): Promise<number> =>
      ask('GET /session/current', body.credentials.token).then(
        (reply) => reply.status,
        () => 0,
      );
    await expect.poll(status).toBe(200);
  });
});

describe('chats', () => {
  test('come in pages of at most 20, of at most 280 characters', async () => {
    await start();
    const { token } = (await create()).body.credentials;
    for (const message of ['one', 'two', 'x'.repeat(280)]) {
      now += 1;
      expect((await ask('POST /chats', token, { message })).status).toBe(200);
    }
    for (const message of ['', 'x'.repeat(281), 5]) expect(await ask('POST /chats', token, { message })).toMatchObject(details(422));
    const all = (await ask('GET /chats', token)).body;
    expect(all.totalCount).toBe(3);
    expect(all.messages[0]).toMatchObject({ chatId: expect.any(String), message: 'one', createdAt: '2030-01-01T00:00:00.0010000Z' });
    const last = (await ask('GET /chats?Skip=1&Take=1&Ascending=false', token)).body;
    expect(last.messages.map((each: { message: string }) => each.message)).toEqual(['two']);
    for (const query of ['Take=21', 'Take=0', 'Skip=-1']) expect(await ask(`GET /chats?${query}`, token)).toMatchObject(details(422));
  });

  test('are for partners', async () => {
    await start({ chats: false });
    const { token } = (await create()).body.credentials;
    expect(await ask('GET /chats', token)).toMatchObject(details(403));
  });
});

describe('the hub', () => {
  test('speaks to the real client, as it comes', async () => {
    await start();
    const { body } = await create();
    const { token } = body.credentials;
    const connection = new HubConnectionBuilder()
      .withUrl(`${emulator.baseUrl}/hubs/session?access_token=${token}`)
      .configureLogging(LogLevel.None)
      .build();
    const added = new Promise((resolve) => connection.on('UserAdded', resolve));
    const destroyed = new Promise((resolve) => connection.on('SessionDestroyed', resolve));
    const closed = new Promise<void>((resolve) => connection.onclose(() => resolve()));
    await connection.start();
    const { session } = await emulator.hub.connected();
    await expect(connection.invoke('Nothing')).rejects.toThrow("Unknown hub method 'Nothing'");
    const { user } = emulator.state.join(session, '0x2', 'Grace');
    const data = { id: user.id, role: 'Client', name: 'Grace', address: '0x2' };
    expect(await added).toEqual({ sessionId: session.id, eventType: 'UserAdded', data });
    await ask('DELETE /session/current', token);
    expect(await destroyed).toMatchObject({ eventType: 'SessionDestroyed' });
    await closed;
    await expect.poll(() => emulator.hub.count()).toBe(0);
  });

  test.each([
    ['forged', 401],
    ['', 401],
  ])('negotiates with no token like "%s"', async (token, status) => {
    await start();
    expect((await ask(`POST /hubs/session/negotiate?negotiateVersion=1&access_token=${token}`)).status).toBe(status);
  });

  test('takes the token of a socket from the query alone', async () => {
    await start();
    const { token } = (await create()).body.credentials;
    const connection = new HubConnectionBuilder()
      .withUrl(`${emulator.baseUrl}/hubs/session`, { accessTokenFactory: () => token })
      .configureLogging(LogLevel.None)
      .build();
    await expect(connection.start()).rejects.toThrow('WebSocket failed to connect');
    expect(emulator.hub.count()).toBe(0);
  });
});
