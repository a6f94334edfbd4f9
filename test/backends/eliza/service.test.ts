import { afterEach, describe, expect, test } from 'vitest';
import type { ElizaOptions } from '../../../src/backends/eliza/options.ts';
import { timeoutOf } from '../../../src/backends/eliza/timeout.ts';
import { noRules } from '../../../src/core/rules.ts';
import type { Rules, Session, TimeoutPolicy } from '../../../src/core/session.ts';
import { type ElizaEmulatorOptions, echoAgent } from '../../emulators/eliza/emulator.ts';
import { usualBounds } from '../../emulators/eliza/sessions.ts';
import { expectProblem } from '../../support/core-fixtures.ts';
import { type World, at, createWorld, done, open, recordOf, request } from './world.ts';

const user = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
let world: World;
afterEach(() => world[Symbol.asyncDispose]());

let now = Date.UTC(2030, 0, 1);
const start = async (options: Partial<ElizaOptions> = {}, server: ElizaEmulatorOptions = {}): Promise<void> => {
  world = await createWorld(options, { now: () => now, ...server });
};
const sliding = (timeoutSeconds: number, parts: Partial<TimeoutPolicy> = {}): TimeoutPolicy => ({
  timeoutSeconds,
  autoRenew: true,
  maxDurationSeconds: null,
  warningSeconds: null,
  ...parts,
});
const rulesOf = (parts: Partial<Rules>): Rules => ({ ...noRules, ...parts });

describe('opening', () => {
  test('gives the session the defaults of the service, and says so', async () => {
    await start();
    const { handle, facts, member } = done(
      await world.service.open(request({ input: { metadata: { platform: 'web', level: 3, deep: { a: 1 } } } })),
    );
    const made = world.emulator.state.sessions.get(handle);
    expect(facts).toEqual({
      agentId: echoAgent.id,
      createdAt: now,
      lastActivityAt: now,
      renewalCount: 0,
      expiresAt: now + 1_800_000,
      rules: { timeout: { timeoutSeconds: 1_800, autoRenew: true, maxDurationSeconds: 43_200, warningSeconds: 300 } },
      data: { channelId: made?.channelId, userId: made?.userId },
    });
    expect(member).toEqual({ id: made?.userId, secret: null });
    expect(made?.metadata).toEqual({ platform: 'web', level: 3, parleySession: true });
    expect(world.emulator.violations).toEqual([]);
  });

  test('takes the user that was named, else one and the same for each caller', async () => {
    await start();
    const userOf = async (parts: Parameters<typeof request>[0]): Promise<unknown> =>
      done(await world.service.open(request(parts))).facts.data?.['userId'];
    expect(await userOf({ options: { userId: user } })).toBe(user);
    const [one, again] = [await userOf({}), await userOf({})];
    expect(one).toBe(again);
    const anonymous = { ...request().creator, principal: null };
    expect(await userOf({ creator: anonymous })).not.toBe(one);
    expect(await userOf({ creator: anonymous })).toBe(await userOf({ creator: anonymous }));
    expectProblem(await world.service.open(request({ options: { userId: 'ada' } })), 'BAD_INPUT', ['options', 'eliza', 'userId']);
  });

  test.each([
    [{ agentId: null }, {}],
    [{}, { agentId: 'echo' }],
    [{}, { agentId: user }],
  ])('without an agent that runs there is refused, with those that do: %o %o', async (options, input) => {
    await start(options);
    const refusal = expectProblem(await world.service.open(request({ input })), 'BAD_INPUT', ['agentId']);
    expect(refusal.detail).toContain(`Echo (${echoAgent.id})`);
  });

  test.each<readonly [Partial<Rules>, object, number]>([
    [{ timeout: sliding(301) }, { timeoutMinutes: 301 / 60, autoRenew: true, maxDurationMinutes: 720 }, 301],
    [{ timeout: sliding(86_400) }, { timeoutMinutes: 1_440, maxDurationMinutes: 2_880 }, 86_400],
    [{ timeout: sliding(300) }, { timeoutMinutes: 5, warningThresholdMinutes: 1 }, 300],
    [
      { timeout: sliding(600, { autoRenew: false, maxDurationSeconds: 900, warningSeconds: 90 }) },
      { timeoutMinutes: 10, autoRenew: false, maxDurationMinutes: 15, warningThresholdMinutes: 1.5 },
      600,
    ],
    [{ lifetimeSeconds: 3_600 }, { timeoutMinutes: 60, autoRenew: false, maxDurationMinutes: 60 }, 3_600],
    [{ lifetimeSeconds: 3_600, timeout: sliding(7_200) }, { timeoutMinutes: 60, autoRenew: false, maxDurationMinutes: 60 }, 3_600],
    [{ lifetimeSeconds: 7_200, timeout: sliding(3_600) }, { timeoutMinutes: 60, autoRenew: true, maxDurationMinutes: 120 }, 3_600],
  ])('with rules %o tells the service %o', async (rules, config, seconds) => {
    await start();
    const { handle, facts } = done(await world.service.open(request({ rules: rulesOf(rules) })));
    expect(world.emulator.state.sessions.get(handle)?.timeoutConfig).toMatchObject(config);
    expect(facts.expiresAt).toBe(now + seconds * 1_000);
    expect(facts.rules?.timeout?.timeoutSeconds).toBe(seconds);
  });

  test.each<readonly [Partial<Rules>, readonly string[], string]>([
    [{ timeout: sliding(299) }, ['rules', 'timeout', 'timeoutSeconds'], '300 to 86400 seconds'],
    [{ timeout: sliding(86_401) }, ['rules', 'timeout', 'timeoutSeconds'], '300 to 86400 seconds'],
    [{ timeout: sliding(600, { maxDurationSeconds: 172_801 }) }, ['rules', 'timeout', 'maxDurationSeconds'], '600 to 172800 seconds'],
    [{ timeout: sliding(600, { warningSeconds: 59 }) }, ['rules', 'timeout', 'warningSeconds'], '60 to 600 seconds'],
    [{ lifetimeSeconds: 299 }, ['rules', 'lifetimeSeconds'], '300 to 86400 seconds'],
    [{ lifetimeSeconds: 90_000 }, ['rules', 'lifetimeSeconds'], '300 to 86400 seconds'],
  ])('with rules %o is refused: the service would make something else of them', async (rules, path, range) => {
    await start();
    const refusal = expectProblem(await world.service.open(request({ rules: rulesOf(rules) })), 'BAD_INPUT', path);
    expect(refusal.detail).toContain(range);
    expect(world.emulator.count()).toBe(0);
  });

  test('at a server that keeps to narrower bounds is undone', async () => {
    await start({}, { bounds: { ...usualBounds, minMinutes: 20 } });
    const refusal = expectProblem(await world.service.open(request({ rules: rulesOf({ timeout: sliding(600) }) })), 'BAD_INPUT', [
      'rules',
      'timeout',
      'timeoutSeconds',
    ]);
    expect(refusal.detail).toContain('1200 seconds');
    expect(world.emulator.state.sessions.size).toBe(0);
  });

  test('under a handle of one`s own is not possible', async () => {
    await start();
    expectProblem(await world.service.open(request({ handle: 'mine' })), 'UNSUPPORTED', ['handle']);
  });
});

describe('a session', () => {
  test('is read, renewed and kept alive by the clock of the service', async () => {
    await start();
    const session = await open(world.service, { rules: rulesOf({ timeout: sliding(600, { autoRenew: false }) }) });
    const madeAt = now;
    now += 60_000;
    const { effects, read } = world.service;
    expect(await effects.heartbeat?.(session)).toMatchObject({ lastActivityAt: now, renewalCount: 0, expiresAt: madeAt + 600_000 });
    expect(await effects.renew?.(session)).toMatchObject({ renewalCount: 1, expiresAt: now + 600_000 });
    expect(await read(session)).toMatchObject({ renewalCount: 1, expiresAt: now + 600_000 });
  });

  test('that is gone is EXPIRED, by 410 and by 404, after a restart as well', async () => {
    await start({ retries: 1 });
    const { effects, read } = world.service;
    const [one, other] = [await open(world.service), await open(world.service)];
    world.emulator.expire(one.session.handle);
    expect([await read(one), await read(one)]).toEqual([{ status: 'EXPIRED' }, { status: 'EXPIRED' }]);
    await world.emulator.restart();
    // The connections of before are dead, and reads alone are repeated where one of them was taken.
    expect(await read(other)).toEqual({ status: 'EXPIRED' });
    expectProblem(await effects.renew?.(other), 'EXPIRED');
    expectProblem(await effects.heartbeat?.(other), 'EXPIRED');
    expectProblem(await world.service.history(other, null), 'EXPIRED');
    expect(await effects.end?.(other)).toEqual({ status: 'ENDED' });
  });

  test.each([
    { kind: 'nonsense', body: { success: false, message: 'No.' } },
    { kind: 'nonsense', body: {} },
    { kind: 'status', status: 200, body: '' },
    { kind: 'html' },
  ] as const)('is not ended by another answer than that it is: %o', async (fault) => {
    await start();
    const session = await open(world.service);
    world.emulator.fault(fault, { times: 1 });
    expectProblem(await world.service.effects.end?.(session), 'UPSTREAM_FAILED');
    expect(await world.service.effects.end?.(session)).toEqual({ status: 'ENDED' });
  });

  test('is ended, once and again', async () => {
    await start();
    const session = await open(world.service);
    expect(await world.service.effects.end?.(session)).toEqual({ status: 'ENDED' });
    expect(world.emulator.state.sessions.size).toBe(0);
    expect(await world.service.effects.end?.(session)).toEqual({ status: 'ENDED' });
  });
});

describe('settings', () => {
  const change = async (session: Session, mode: 'UPDATE' | 'REPLACE', after: Partial<Rules>, title = session.title): Promise<unknown> => {
    const rules = { ...session.rules, ...after };
    return world.service.effects.settings?.(at(session), { mode, input: {}, after: { ...session, title, rules } });
  };

  test('that are not about the end are none of the service`s business', async () => {
    await start();
    const { session } = await open(world.service);
    world.emulator.clear();
    expect(await change(session, 'UPDATE', { maxMembers: 3 }, 'Another')).toEqual({});
    expect(world.emulator.count()).toBe(0);
  });

  test('tell the whole policy, since what is left out is reset', async () => {
    await start();
    const policy = sliding(600, { autoRenew: false, maxDurationSeconds: 5_400, warningSeconds: 120 });
    const { session } = await open(world.service, { rules: rulesOf({ timeout: policy }) });
    const facts = await change(session, 'UPDATE', { timeout: { ...policy, timeoutSeconds: 900 } });
    expect(facts).toMatchObject({ rules: { timeout: { ...policy, timeoutSeconds: 900 } }, expiresAt: now + 900_000 });
    expect(world.emulator.violations).toEqual([]);
  });

  test('are refused where the service would refuse or change them', async () => {
    await start();
    const { session } = await open(world.service);
    const path = ['rules', 'timeout'];
    expectProblem(await change(session, 'UPDATE', { timeout: sliding(60) }), 'BAD_INPUT', [...path, 'timeoutSeconds']);
    expectProblem(await change(session, 'UPDATE', { timeout: sliding(600, { warningSeconds: 0 }) }), 'BAD_INPUT', [
      ...path,
      'warningSeconds',
    ]);
    expectProblem(await change(session, 'UPDATE', { timeout: null }), 'UNSUPPORTED', path);
  });

  test('of a server with narrower bounds come back as BAD_INPUT', async () => {
    await start({}, { bounds: { ...usualBounds, maxMinutes: 60 } });
    const { session } = await open(world.service);
    const refusal = expectProblem(await change(session, 'UPDATE', { timeout: sliding(7_200) }), 'BAD_INPUT', ['rules', 'timeout']);
    expect(refusal.detail).toContain('Timeout must be between 5 and 60 minutes');
  });

  test('that a server with narrower bounds makes otherwise come back as BAD_INPUT, and what held before is put back', async () => {
    await start({}, { bounds: { ...usualBounds, maxMinutes: 60 } });
    const policy = sliding(600, { autoRenew: false, maxDurationSeconds: 5_400, warningSeconds: 120 });
    const { session } = await open(world.service, { rules: rulesOf({ timeout: policy }) });
    const path = ['rules', 'timeout', 'maxDurationSeconds'];
    const refusal = expectProblem(
      await change(session, 'UPDATE', { timeout: { ...policy, maxDurationSeconds: 172_800 } }),
      'BAD_INPUT',
      path,
    );
    expect(refusal.detail).toContain('7200 seconds');
    expect(await world.service.read(at(session))).toMatchObject({ rules: { timeout: policy }, expiresAt: now + 600_000 });
    expectProblem(
      await change(session, 'UPDATE', { lifetimeSeconds: 90_000, timeout: { ...policy, maxDurationSeconds: null } }),
      'BAD_INPUT',
      ['rules'],
    );
    expect(await world.service.read(at(session))).toMatchObject({ rules: { timeout: policy } });
    expect(world.emulator.violations).toEqual([]);
  });

  test('that are made otherwise, and cannot be put back, are refused with the word that something else holds', async () => {
    const bounds = { ...usualBounds };
    await start({}, { bounds });
    const { session } = await open(world.service, { rules: rulesOf({ timeout: sliding(7_200, { maxDurationSeconds: 172_800 }) }) });
    Object.assign(bounds, { maxMinutes: 60 });
    const refusal = await change(session, 'UPDATE', { timeout: sliding(3_600, { maxDurationSeconds: 172_800 }) });
    expect(expectProblem(refusal, 'BAD_INPUT', ['rules', 'timeout', 'maxDurationSeconds']).detail).toContain('could not be put back');
    expect(await world.service.read(at(session))).toMatchObject({
      rules: { timeout: { timeoutSeconds: 3_600, maxDurationSeconds: 7_200 } },
    });
  });

  test('are reset by a replacement', async () => {
    await start();
    const { session } = await open(world.service, { rules: rulesOf({ timeout: sliding(600) }) });
    expect(await change(session, 'REPLACE', { timeout: null })).toMatchObject({ rules: { timeout: { timeoutSeconds: 1_800 } } });
  });

  test('give a session a fixed end, and take it away with a timeout', async () => {
    await start();
    const { session } = await open(world.service);
    const facts = done((await change(session, 'UPDATE', { lifetimeSeconds: 3_600 })) as { rules: Partial<Rules> } | null);
    expect(facts.rules.timeout).toMatchObject({ timeoutSeconds: 1_800, maxDurationSeconds: 3_600 });
  });
});

describe('sessions of others', () => {
  test('are listed newest first, and found, with their metadata', async () => {
    await start();
    const first = world.emulator.createSession({ metadata: { platform: 'web' } });
    now += 1_000;
    const { session: own } = await open(world.service, { input: { metadata: { platform: 'app' } } });
    const page = done(await world.service.list({ limit: 10, page: null, filter: { agentId: null, metadata: null } }));
    expect(page.next).toBeNull();
    expect(page.sessions.map(({ handle }) => handle)).toEqual([own.handle, first.id]);
    // What a gateway made it keeps the metadata of, which its clients may have changed.
    expect(page.sessions.map(({ facts }) => facts.metadata)).toEqual([undefined, { platform: 'web' }]);
    const found = done(await world.service.find(own.handle));
    expect(found.facts).toMatchObject({ metadata: { platform: 'app' }, agentId: echoAgent.id, data: { channelId: expect.any(String) } });
    const none = done(await world.service.list({ limit: 10, page: null, filter: { agentId: user, metadata: null } }));
    expect(none.sessions).toEqual([]);
  });

  test('that cannot be read cost themselves, and are counted', async () => {
    await start();
    const [first, odd, last] = [1, 2, 3].map(() => world.emulator.createSession());
    world.emulator.state.odd.set(odd?.id ?? '', { expiresAt: 'soon' });
    const page = done(await world.service.list({ limit: 10, page: null, filter: { agentId: null, metadata: null } }));
    expect([page.sessions.map(({ handle }) => handle), page.unreadable]).toEqual([[last?.id, first?.id], 1]);
    expectProblem(await world.service.find(odd?.id ?? ''), 'UPSTREAM_FAILED');
  });

  test('that are not there are null', async () => {
    await start();
    expect([await world.service.find(user), await world.service.find('../agents')]).toEqual([null, null]);
    expect(world.emulator.requests.map(({ url }) => url)).toEqual([`/api/messaging/sessions/${user}`]);
  });

  test('have policies that the gateway would not make', async () => {
    await start();
    const made = world.emulator.createSession({ timeoutConfig: { timeoutMinutes: 45, warningThresholdMinutes: 50, autoRenew: 'nope' } });
    const found = done(await world.service.find(made.id));
    const session = recordOf(made.id, found.facts);
    expect(session.rules.timeout).toEqual({ timeoutSeconds: 2_700, autoRenew: true, maxDurationSeconds: 43_200, warningSeconds: 3_000 });
    const rules = { ...session.rules, timeout: { ...session.rules.timeout, autoRenew: false } as TimeoutPolicy };
    const changed = await world.service.effects.settings?.(at(session), { mode: 'UPDATE', input: {}, after: { ...session, rules } });
    expect(changed).toMatchObject({ rules: { timeout: { autoRenew: false, timeoutSeconds: 2_700 } } });
  });
});

describe('the backend', () => {
  test('says how the server is, once for all who ask at a time', async () => {
    await start();
    const { backend, emulator } = world;
    const [one] = await Promise.all([backend.health(), backend.health(), backend.health()]);
    expect(one).toMatchObject({ status: 'UP', circuit: 'CLOSED', message: null, latencyMs: expect.any(Number) });
    expect(emulator.count('GET /api/messaging/sessions/health')).toBe(1);
  });

  test.each([
    [{ kind: 'nonsense', body: { status: 'unhealthy' } }, 'DEGRADED'],
    [{ kind: 'status', status: 500, body: {} }, 'DEGRADED'],
    [{ kind: 'html' }, 'DEGRADED'],
    [{ kind: 'hang' }, 'DOWN'],
    [{ kind: 'reset' }, 'DOWN'],
  ] as const)('says that it is not well: %o', async (fault, status) => {
    await start({ timeoutMs: 100 });
    world.emulator.fault(fault);
    expect(await world.backend.health()).toMatchObject({ status, message: expect.stringMatching(/\w/) });
  });

  test.each([
    ['wrong', 'right'],
    [null, 'right'],
  ])('says that the socket does not take its key: %s', async (socketApiKey, right) => {
    await start({ socketApiKey }, { socketApiKey: right });
    const health = await world.backend.health();
    expect(health).toMatchObject({ status: 'DEGRADED', circuit: 'CLOSED', message: expect.stringContaining('Check `socketApiKey`.') });
    expect(health.message).not.toMatch(/wrong|right/);
    await expect.poll(() => world.emulator.sockets.connected).toBe(0);
  });

  test('has the socket tried with the key that is right, and not left open', async () => {
    await start({ socketApiKey: 'right' }, { socketApiKey: 'right' });
    expect(await world.backend.health()).toMatchObject({ status: 'UP', message: null });
    await expect.poll(() => world.emulator.sockets.connected).toBe(0);
    expect([world.emulator.sockets.handshakes, world.emulator.sockets.joins]).toEqual([1, []]);
  });

  test('is not kept by a socket that does not decide', async () => {
    await start({ timeoutMs: 300 });
    world.emulator.sockets.hang();
    expect(await world.backend.health()).toMatchObject({ status: 'UP', message: null });
  });

  test('names the agents that run', async () => {
    await start();
    world.emulator.state.agents.push({ ...echoAgent, id: user, name: 'Off', status: 'inactive' });
    expect(await world.backend.agents()).toEqual([{ id: echoAgent.id, name: 'Echo', description: echoAgent.bio }]);
    world.emulator.fault({ kind: 'status', status: 500, body: { success: false, error: { code: '500', message: 'x' } } });
    await expect(world.backend.agents()).rejects.toMatchObject({ problem: { code: 'UPSTREAM_FAILED', backend: 'eliza' } });
  });

  test('connects nothing before it is needed', async () => {
    await start();
    expect([world.emulator.count(), world.emulator.sockets.connected]).toEqual([0, 0]);
  });
});

describe('numbers beyond reason', () => {
  test.each(['1e400', '-1e400', '1e18', '0.5'])('%s breaks nothing', async (number) => {
    await start();
    const session = await open(world.service);
    const info = await (await fetch(`${world.emulator.url}/api/messaging/sessions/${session.session.handle}`)).text();
    const body = info.replace('"renewalCount":0', `"renewalCount":${number}`).replace(':720', `:${number}`);
    world.emulator.fault({ kind: 'status', status: 200, body }, { times: 1 });
    const facts = done(await world.service.read(session));
    const { maxDurationSeconds } = facts.rules?.timeout ?? {};
    expect([facts.renewalCount, maxDurationSeconds].map(Number.isFinite)).toEqual([true, true]);
    expect(Number.isSafeInteger(maxDurationSeconds)).toBe(true);
    expect(timeoutOf({ lifetimeSeconds: null, timeout: facts.rules?.timeout ?? null })).toMatchObject({ timeoutMinutes: 30 });
  });
});

describe('failures', () => {
  test.each([
    [{ kind: 'status', status: 401, body: { error: 'API key required', message: 'Missing' } }, 'UPSTREAM_REFUSED'],
    [{ kind: 'status', status: 404, body: { success: false, error: { message: 'API endpoint not found', code: 404 } } }, 'UPSTREAM_FAILED'],
    [{ kind: 'status', status: 429, body: {}, headers: { 'ratelimit-reset': '77' } }, 'RATE_LIMITED'],
    [{ kind: 'status', status: 500, body: { success: false, error: { message: 'Unexpected end', code: 500 } } }, 'UPSTREAM_FAILED'],
    [{ kind: 'nonsense' }, 'UPSTREAM_FAILED'],
    [{ kind: 'truncated-json' }, 'UPSTREAM_FAILED'],
  ] as const)('%o', async (fault, code) => {
    await start();
    const session = await open(world.service);
    world.emulator.fault(fault);
    const refusal = expectProblem(await world.service.effects.renew?.(session), code);
    expect(refusal.backend).toBe('eliza');
    expect(refusal.retryAfterSeconds).toBe(code === 'RATE_LIMITED' ? 77 : null);
  });

  test('that the service explains are passed on without its stack', async () => {
    await start();
    const session = await open(world.service);
    const error = {
      code: 'MESSAGE_SEND_FAILED',
      message: "Failed to send message in session 'x': Failed to create message in database",
      details: { originalError: 'password authentication failed for user eliza' },
      stack: 'MessageSendError: …\n    at /srv/eliza/index.js:1:1',
    };
    world.emulator.fault({ kind: 'status', status: 500, body: { error } });
    const refusal = expectProblem(await world.service.effects.renew?.(session), 'UPSTREAM_FAILED');
    expect(refusal.detail).toContain('Failed to create message in database');
    expect(refusal.detail).not.toMatch(/srv|password/);
  });

  test('of the gateway`s own key do not show it', async () => {
    await start({ apiKey: 'wrong-key' }, { apiKey: 'right-key' });
    const refusal = expectProblem(await world.service.open(request()), 'UPSTREAM_REFUSED');
    expect(JSON.stringify(refusal)).not.toMatch(/wrong-key|right-key/);
  });
});
