import { afterEach, describe, expect, test } from 'vitest';
import { createTestClock } from '../../support/core-clock.ts';
import { type SipherEmulator, type SipherEmulatorOptions, createSipherEmulator, sipherKeys } from './emulator.ts';

let emulator: SipherEmulator;
afterEach(() => emulator[Symbol.asyncDispose]());

const start = async (options: SipherEmulatorOptions = {}): Promise<void> => {
  emulator = await createSipherEmulator(options);
};
const ask = (method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`${emulator.url}${path}`, {
    method,
    headers: { 'x-api-key': sipherKeys.pro, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
const codeOf = async (response: Response): Promise<string> => {
  const { error } = (await response.json()) as { readonly error: { readonly code: string } };
  return `${response.status} ${error.code}`;
};
const get = (id: string): Promise<Response> => ask('GET', `/v1/sessions/${id}`);

describe('the order of its checks', () => {
  test('the rate limit comes before the key', async () => {
    await start({ rateLimit: { max: 1, windowMs: 60_000 } });
    expect(await codeOf(await ask('POST', '/v1/sessions', '{', { 'x-api-key': 'wrong' }))).toBe('401 INVALID_API_KEY');
    const limited = await ask('POST', '/v1/sessions', '{', { 'x-api-key': 'wrong' });
    expect([limited.headers.get('ratelimit-limit'), limited.headers.get('ratelimit-remaining')]).toEqual(['1', '0']);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(50);
    expect(await limited.json()).toEqual({
      success: false,
      error: {
        code: 'RATE_LIMIT_EXCEEDED',
        message: 'Too many requests, please try again later',
        details: { retryAfter: 60, limit: 1 },
      },
    });
    // Its front page is not counted, and asks for no key.
    expect((await fetch(emulator.url)).status).toBe(200);
  });

  test.each([
    ['the key before the body', 'POST', '/v1/sessions', '{', { 'x-api-key': 'wrong' }, '401 INVALID_API_KEY'],
    ['the key before the route', 'GET', '/v1/nowhere', undefined, { 'x-api-key': '' }, '401 UNAUTHORIZED'],
    ['the tier before the body', 'POST', '/v1/sessions', '{', { 'x-api-key': sipherKeys.free }, '403 TIER_ACCESS_DENIED'],
    ['the body as JSON before its fields', 'POST', '/v1/sessions', '{', {}, '400 INVALID_JSON'],
    ['the fields before the id', 'PATCH', '/v1/sessions/nope', {}, {}, '400 VALIDATION_ERROR'],
    ['the id before its session', 'GET', '/v1/sessions/nope', undefined, {}, '400 VALIDATION_ERROR'],
    ['a body that is too large', 'POST', '/v1/sessions', { x: 'x'.repeat(1_100_000) }, {}, '500 INTERNAL_SERVER_ERROR'],
    ['a body of another type', 'POST', '/v1/sessions', 'x', { 'content-type': 'text/plain' }, '400 VALIDATION_ERROR'],
  ])('%s', async (_, method, path, body, headers, refusal) => {
    await start();
    expect(await codeOf(await ask(method, path, body, headers as Record<string, string>))).toBe(refusal);
  });

  test('X-API-Key wins over Authorization', async () => {
    await start();
    const response = await ask(
      'POST',
      '/v1/sessions',
      { defaults: {} },
      { 'x-api-key': 'wrong', authorization: `Bearer ${sipherKeys.pro}` },
    );
    expect(await codeOf(response)).toBe('401 INVALID_API_KEY');
  });
});

describe('its sessions', () => {
  test('end at an instant that nothing moves', async () => {
    const clock = createTestClock();
    await start({ now: () => clock.now() });
    const { id, expiresAt } = emulator.open({ ttlSeconds: 60 });
    await clock.advance(59_999);
    const patched = (await (await ask('PATCH', `/v1/sessions/${id}`, { defaults: {}, ttlSeconds: 600 })).json()) as { data: unknown };
    expect(patched.data).toEqual({ sessionId: id, defaults: {}, expiresAt, lastAccessedAt: clock.now() });
    await clock.advance(1);
    expect(await codeOf(await get(id))).toBe('404 SESSION_NOT_FOUND');
  });

  test('can be changed, expired and removed there', async () => {
    await start();
    const { id } = emulator.open({ defaults: { chain: 'near' } });
    emulator.change(id, { rpcProvider: 'triton' });
    expect(await (await get(id)).json()).toMatchObject({ data: { defaults: { chain: 'near', rpcProvider: 'triton' } } });
    emulator.expire(id);
    expect((await get(id)).status).toBe(404);
    const third = emulator.open();
    emulator.remove(third.id);
    expect((await get(third.id)).status).toBe(404);
    expect(() => emulator.remove(third.id)).toThrow('no session');
  });

  test.each([
    ['redis', 200],
    ['memory', 404],
  ] as const)('after a restart of a service that keeps them in %s', async (keeps, status) => {
    await start({ keeps });
    const { id } = emulator.open();
    await emulator.stop();
    await emulator.start();
    expect((await get(id)).status).toBe(status);
  });
});

describe('its keys', () => {
  test('have a quota for a day', async () => {
    const clock = createTestClock(Date.UTC(2030, 0, 1, 22));
    await start({ now: () => clock.now() });
    emulator.exhaust(sipherKeys.pro);
    const refused = await ask('POST', '/v1/sessions', { defaults: {} });
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({
      error: {
        code: 'DAILY_QUOTA_EXCEEDED',
        details: { category: 'session', limit: 2_000, resetAt: '2030-01-02T00:00:00.000Z', tier: 'pro' },
      },
    });
    await clock.advance(7_200_000);
    expect((await ask('POST', '/v1/sessions', { defaults: {} })).status).toBe(201);
  });

  test('are made and revoked with the admin key alone', async () => {
    await start();
    expect(await codeOf(await ask('GET', '/v1/admin/tiers'))).toBe('401 ADMIN_UNAUTHORIZED');
    const asAdmin = { 'x-api-key': sipherKeys.admin };
    const made = await ask('POST', '/v1/admin/keys', { tier: 'pro', name: 'p' }, asAdmin);
    const { data } = (await made.json()) as { readonly data: { readonly id: string; readonly key: string } };
    const key = { 'x-api-key': data.key };
    expect((await ask('POST', '/v1/sessions', { defaults: {} }, key)).status).toBe(201);
    expect((await ask('DELETE', `/v1/admin/keys/${data.id}`, undefined, asAdmin)).status).toBe(200);
    expect(await codeOf(await ask('POST', '/v1/sessions', { defaults: {} }, key))).toBe('401 INVALID_API_KEY');
    expect(await codeOf(await ask('DELETE', `/v1/admin/keys/${data.id}`, undefined, asAdmin))).toBe('404 KEY_NOT_FOUND');
  });
});
