import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type SipherEmulator, createSipherEmulator, sipherKeys } from './emulator.ts';

interface Recorded {
  readonly name: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: { readonly success: boolean };
}

const recorded = JSON.parse(readFileSync(new URL('../recorded/sipher.json', import.meta.url), 'utf8')) as readonly Recorded[];

let emulator: SipherEmulator;
/** The session that most of the replies are about; recorded ones name another. */
let own = '';
beforeAll(async () => {
  emulator = await createSipherEmulator({ rateLimit: { max: 100_000, windowMs: 60_000 } });
});
afterAll(() => emulator[Symbol.asyncDispose]());

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
const { pro, otherPro, free, admin } = sipherKeys;
const one = (): string => `/v1/sessions/${own}`;
const create = (body: unknown, parts: Partial<Asked> = {}): Asked => ({ method: 'POST', path: '/v1/sessions', body, ...parts });
const patch = (body: unknown, parts: Partial<Asked> = {}): Asked => ({ method: 'PATCH', path: one(), body, ...parts });
const generate = (body: unknown, session: string, key = pro): Asked => ({
  method: 'POST',
  path: '/v1/stealth/generate',
  key,
  headers: { 'x-session-id': session },
  body,
});

/** How each reply was asked for, in the order of the recording: later ones depend on earlier ones. */
const requests: Readonly<Record<string, () => Asked>> = {
  'admin: create pro key': () => ({ method: 'POST', path: '/v1/admin/keys', key: admin, body: { tier: 'pro', name: 'p' } }),
  'create without key': () => create({ defaults: {} }, { key: null }),
  'create with bad key': () => create({ defaults: {} }, { key: 'nonsense' }),
  'create with free key': () => create({ defaults: {} }, { key: free }),
  'create (pro)': () => create({ defaults: { chain: 'ethereum', privacyLevel: 'shielded' }, ttlSeconds: 120 }),
  'create: missing defaults': () => create({}),
  'create: bad enum + ttl too small': () => create({ defaults: { chain: 'doge', defaultViewingKey: 'xyz' }, ttlSeconds: 5 }),
  'create: unknown keys are stripped': () => create({ defaults: { color: 'red' } }),
  'create: default ttl, empty defaults, Bearer auth': () =>
    create({ defaults: {} }, { key: null, headers: { authorization: `Bearer ${pro}` } }),
  'create: null default value': () => create({ defaults: { chain: null } }),
  'create: malformed JSON': () => create('{"defaults":'),
  get: () => ({ method: 'GET', path: one() }),
  'get: other pro key (ownership)': () => ({ method: 'GET', path: one(), key: otherPro }),
  'get: free key': () => ({ method: 'GET', path: one(), key: free }),
  'get: bad id format': () => ({ method: 'GET', path: '/v1/sessions/sess_nope' }),
  'get: unknown id': () => ({ method: 'GET', path: `/v1/sessions/sess_${'0'.repeat(64)}` }),
  'patch: merge': () => patch({ defaults: { rpcProvider: 'helius' } }),
  'patch: empty defaults': () => patch({ defaults: {}, ttlSeconds: 3_600 }),
  'patch: no defaults': () => patch({}),
  'patch with X-Session-Id of itself, body without key chain': () =>
    patch({ defaults: { backend: 'sip-native' } }, { headers: { 'x-session-id': own } }),
  'X-Session-Id merge: stealth/generate without chain (session chain=ethereum)': () => generate({ label: 'x' }, own),
  'X-Session-Id merge: request wins (chain=solana)': () => generate({ chain: 'solana' }, own),
  'X-Session-Id of other owner silently ignored': () => generate({}, own, otherPro),
  'X-Session-Id garbage silently ignored': () => generate({}, 'garbage'),
  'idempotency-key on create (ignored: not mounted)': () =>
    create({ defaults: {} }, { headers: { 'idempotency-key': 'a3c6c1f2-6b1f-4b8e-9b55-5b3a6f0f8c11' } }),
  'list sessions (no such route)': () => ({ method: 'GET', path: '/v1/sessions' }),
  'billing usage': () => ({ method: 'GET', path: '/v1/billing/usage' }),
  'delete: other owner': () => ({ method: 'DELETE', path: one(), key: otherPro }),
  delete: () => ({ method: 'DELETE', path: one() }),
  'delete again': () => ({ method: 'DELETE', path: one() }),
  'get after delete': () => ({ method: 'GET', path: one() }),
  health: () => ({ method: 'GET', path: '/v1/health', key: null }),
  tiers: () => ({ method: 'GET', path: '/v1/admin/tiers', key: admin }),
};

async function ask({ method, path, key = pro, headers = {}, body }: Asked): Promise<Response> {
  const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(`${emulator.url}${path}`, {
    method,
    headers: { ...(key !== null && { 'x-api-key': key }), ...(text !== null && { 'content-type': 'application/json' }), ...headers },
    body: text,
  });
}

/** Its keys, and the kinds of its values. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shapeOf(each)]));
}

const sessionIds = /sess_[0-9a-f]{64}/g;
/** What a refusal says to the letter; nothing of another reply. */
const refusalIn = (body: object): unknown => ('error' in body ? JSON.parse(JSON.stringify(body).replaceAll(sessionIds, 'sess')) : null);

test.each(recorded.map((each) => [each.name, each] as const))('recorded: %s', async (name, { status, body, headers = {} }) => {
  const request = requests[name];
  if (request === undefined) throw new Error(`Nothing says how "${name}" was asked for.`);
  const response = await ask(request());
  const got = (await response.json()) as { readonly data?: { readonly sessionId?: string } };
  if (name === 'create (pro)') own = got.data?.sessionId ?? '';
  expect([name, response.status]).toEqual([name, status]);
  expect(shapeOf(got)).toEqual(shapeOf(body));
  expect(refusalIn(got)).toEqual(refusalIn(body));
  for (const each of Object.keys(headers)) expect(response.headers.get(each)).toMatch(/\d/);
  expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
});

test('each recorded reply was compared, and all replies fit the spec but for its known exceptions', () => {
  expect(Object.keys(requests)).toEqual(recorded.map(({ name }) => name));
  expect(emulator.replyViolations).toEqual([]);
});
