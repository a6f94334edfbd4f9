import { describe, expect, test } from 'vitest';
import { createSipherBackend } from '../../../src/backends/sipher/index.ts';
import { features } from '../../../src/core/backend.ts';
import { sipherKeys } from '../../emulators/sipher/emulator.ts';
import { createTestClock } from '../../support/core-clock.ts';
import { expectProblem } from '../../support/core-fixtures.ts';
import { type Answer, createService, json, vacantUrl } from '../shared/service.ts';
import { answered, at, createKit, optionsFor } from './kit.ts';

describe('a backend', () => {
  test('answers for each feature, as what it can be asked for says', async () => {
    await using kit = await createKit();
    const { backend, service } = kit;
    expect(Object.keys(backend.features).toSorted()).toEqual([...features].toSorted());
    expect(features.filter((each) => backend.features[each] === 'UPSTREAM')).toEqual(['UPDATE', 'REPLACE', 'EXPIRY', 'DEFAULTS']);
    expect(Object.keys(service.effects)).toEqual(['settings', 'end']);
    expect(service).not.toHaveProperty('list');
    expect(service).not.toHaveProperty('send');
    expect(service).not.toHaveProperty('history');
    expect(service).not.toHaveProperty('watch');
    expect([backend.kind, backend.name, service.secretDefaults, await backend.agents()]).toEqual([
      'SIPHER',
      'vault',
      ['defaultViewingKey'],
      [],
    ]);
    expect(kit.emulator.count()).toBe(0);
  });

  test('sends its key and nothing of a caller', async () => {
    await using kit = await createKit();
    await kit.session();
    const headers = kit.emulator.requests[0]?.headers ?? {};
    expect(headers['x-api-key']).toBe(sipherKeys.pro);
    expect(headers).not.toHaveProperty('x-session-id');
    expect(headers).not.toHaveProperty('authorization');
  });

  test('lets a call be aborted', async () => {
    await using kit = await createKit();
    const session = await kit.session();
    kit.emulator.fault({ kind: 'hang' });
    const abort = new AbortController();
    const arrived = kit.emulator.received();
    const reading = kit.service.read(at(session), abort.signal);
    await arrived;
    abort.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });

  test('fits a service below a path, and is disposed of more than once', async () => {
    const isThere: Answer = (request, response) =>
      request.url === '/base/'
        ? json(200, { name: 'sipher' })(request, response)
        : json(404, { success: false, error: { code: 'SESSION_NOT_FOUND', message: 'Session not found' } })(request, response);
    await using raw = await createService({}, isThere);
    const backend = createSipherBackend(optionsFor(`${raw.url}/base/`));
    expect((await backend.health()).status).toBe('UP');
    expect(raw.came).toEqual(['GET /base/', `GET /base/v1/sessions/sess_${'0'.repeat(64)}`]);
    await backend[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
    expectProblem(await backend.service?.find?.(`sess_${'0'.repeat(64)}`), 'UPSTREAM_UNAVAILABLE');
  });
});

describe('rate limits', () => {
  test('of the gateway itself are kept to before the service has to', async () => {
    const clock = createTestClock();
    await using kit = await createKit({ requestsPerMinute: 2, queueMs: 1_000, clock });
    const session = await kit.session();
    await kit.service.read(at(session));
    const refusal = expectProblem(await kit.service.read(at(session)), 'RATE_LIMITED');
    expect([refusal.retryAfterSeconds, refusal.backend]).toEqual([60, 'vault']);
    expect(kit.emulator.count()).toBe(2);
    // One that would wait for no longer than it may does.
    await clock.advance(59_500);
    const waiting = kit.service.read(at(session));
    await clock.advance(500);
    expect(answered(await waiting)).toHaveProperty('endsAt');
    await kit.service.read(at(session));
    expectProblem(await kit.service.read(at(session)), 'RATE_LIMITED');
    // None of them is needed to look after its health.
    expect((await kit.backend.health()).status).toBe('UP');
  });

  test('of the service are told with the seconds to wait', async () => {
    await using kit = await createKit({}, { rateLimit: { max: 1, windowMs: 60_000 } });
    const session = await kit.session();
    const refusal = expectProblem(await kit.service.read(at(session)), 'RATE_LIMITED');
    expect(refusal.retryAfterSeconds).toBeGreaterThan(50);
    expect(kit.backend.service && (await kit.backend.health()).circuit).toBe('CLOSED');
  });

  test('of the day are told with when they end', async () => {
    await using kit = await createKit({ retries: 2 });
    const session = await kit.session();
    kit.emulator.exhaust(sipherKeys.pro);
    kit.emulator.clear();
    expect(expectProblem(await kit.service.read(at(session)), 'RATE_LIMITED').detail).toContain('quota of the day');
    expect(kit.emulator.count()).toBe(1);
  });
});

describe('a failing service', () => {
  test.each([
    [{ kind: 'status', status: 500 }, 'UPSTREAM_FAILED'],
    [{ kind: 'status', status: 503, headers: { 'retry-after': '60' } }, 'UPSTREAM_UNAVAILABLE'],
    [{ kind: 'status', status: 408 }, 'UPSTREAM_TIMEOUT'],
    [{ kind: 'reset' }, 'UPSTREAM_UNAVAILABLE'],
    [{ kind: 'half' }, 'UPSTREAM_FAILED'],
    [{ kind: 'html' }, 'UPSTREAM_FAILED'],
    [{ kind: 'truncated-json' }, 'UPSTREAM_FAILED'],
    [{ kind: 'hang' }, 'UPSTREAM_TIMEOUT'],
  ] as const)('%o', async (fault, code) => {
    await using kit = await createKit({ timeoutMs: 500 });
    const session = await kit.session();
    kit.emulator.fault(fault);
    expectProblem(await kit.service.read(at(session)), code);
    expectProblem(await kit.open(), code);
  });

  test('that answers with another shape is told by the field', async () => {
    await using kit = await createKit();
    const session = await kit.session();
    kit.emulator.fault({ kind: 'nonsense' }, { times: 1 });
    expect(expectProblem(await kit.service.read(at(session)), 'UPSTREAM_FAILED').detail).toContain('`success`');
    const data = { sessionId: session.handle, defaults: {}, expiresAt: 'soon', createdAt: 1 };
    kit.emulator.fault({ kind: 'nonsense', body: { success: true, data } }, { times: 1 });
    expect(expectProblem(await kit.service.read(at(session)), 'UPSTREAM_FAILED').detail).toContain('`data.expiresAt`');
  });

  test('is read again, and changed only once', async () => {
    await using kit = await createKit({ retries: 1 });
    const session = await kit.session();
    kit.emulator.fault({ kind: 'status', status: 502 }, { times: 1 });
    expect(answered(await kit.service.read(at(session)))).toHaveProperty('endsAt');
    kit.emulator.fault({ kind: 'status', status: 502 }, { times: 1, when: 'after' });
    expectProblem(await kit.settings(session, 'UPDATE', { defaults: { chain: 'sui' } }), 'UPSTREAM_FAILED');
    expect(kit.emulator.count('PATCH /v1/sessions/:id')).toBe(1);
  });
});

describe('health', () => {
  test('does not ask the page that fails while sessions work, and asks once in 2 s', async () => {
    const clock = createTestClock();
    await using kit = await createKit({ clock });
    const [one, other] = await Promise.all([kit.backend.health(), kit.backend.health()]);
    expect(one).toMatchObject({ status: 'UP', circuit: 'CLOSED', checkedAt: clock.now(), message: null });
    expect([other, one.latencyMs === null]).toEqual([one, false]);
    await clock.advance(1_999);
    await kit.backend.health();
    const once = ['GET / 200', 'GET /v1/sessions/{id} 404'];
    expect(kit.calls).toEqual(once);
    await clock.advance(1);
    await kit.backend.health();
    // The key has been taken: it is not tried again.
    expect(kit.calls).toEqual([...once, 'GET / 200']);
  });

  test.each(['wrong', sipherKeys.free])('is degraded where the key is of no use, from the first look on: %s', async (apiKey) => {
    const clock = createTestClock();
    await using kit = await createKit({ clock, apiKey });
    const degraded = { status: 'DEGRADED', message: expect.stringContaining("gateway's key") };
    for (let looks = 0; looks < 30; looks += 1) {
      expect(await kit.backend.health()).toMatchObject(degraded);
      await clock.advance(2_000);
    }
    // Of the few requests that the service allows health takes no more than one a minute.
    expect(kit.emulator.count('GET /v1/sessions/:id')).toBe(1);
    expect(await kit.backend.health()).toMatchObject(degraded);
    expect(kit.emulator.count('GET /v1/sessions/:id')).toBe(2);
  });

  test('tries no key that a session has shown to be good', async () => {
    await using kit = await createKit();
    await kit.session();
    expect(await kit.backend.health()).toMatchObject({ status: 'UP' });
    expect(kit.calls).toEqual(['POST /v1/sessions 201', 'GET / 200']);
  });

  test('takes a key for good that was, once it is again', async () => {
    const clock = createTestClock();
    await using kit = await createKit({ clock });
    const refused = { success: false, error: { code: 'INVALID_API_KEY', message: 'Invalid API key' } };
    kit.emulator.fault({ kind: 'status', status: 401, body: refused }, { match: 'GET /v1/sessions/:id', times: 1 });
    expect(await kit.backend.health()).toMatchObject({ status: 'DEGRADED' });
    await clock.advance(60_000);
    expect(await kit.backend.health()).toMatchObject({ status: 'UP', message: null });
  });

  test('is of the calls about sessions as well, though the page is there', async () => {
    const clock = createTestClock();
    await using kit = await createKit({ clock });
    const isOfSessions = { match: 'GET /v1/sessions/:id' } as const;
    {
      using _ = kit.emulator.fault({ kind: 'status', status: 500 }, isOfSessions);
      expect(await kit.backend.health()).toMatchObject({ status: 'DEGRADED', message: expect.stringContaining('500') });
    }
    await clock.advance(2_000);
    kit.emulator.fault({ kind: 'status', status: 429 }, isOfSessions);
    // A limit is no fault of the key.
    expect(await kit.backend.health()).toMatchObject({ status: 'UP' });
  });

  test('is degraded where it answers oddly, or takes no key', async () => {
    const clock = createTestClock();
    await using kit = await createKit({ clock, apiKey: 'wrong' });
    kit.emulator.fault({ kind: 'nonsense' }, { times: 1 });
    expect(await kit.backend.health()).toMatchObject({ status: 'DEGRADED', message: expect.stringContaining('`name`') });
    expectProblem(await kit.open(), 'UPSTREAM_REFUSED');
    await clock.advance(2_000);
    const refused = await kit.backend.health();
    expect(refused).toMatchObject({ status: 'DEGRADED', message: expect.stringContaining("gateway's key") });
    expect(JSON.stringify(refused)).not.toContain('wrong');
  });

  test('is down where nobody answers', async () => {
    await using backend = createSipherBackend(optionsFor(await vacantUrl()));
    expect(await backend.health()).toMatchObject({ status: 'DOWN', latencyMs: null, message: expect.stringContaining('ECONNREFUSED') });
  });

  test('is down without a call where sessions keep failing', async () => {
    await using kit = await createKit({ breaker: { failures: 2, openMs: 60_000 } });
    kit.emulator.fault({ kind: 'status', status: 500 }, { match: 'POST /v1/sessions' });
    await kit.open();
    await kit.open();
    expect(await kit.backend.health()).toMatchObject({ status: 'DOWN', circuit: 'OPEN', message: expect.stringContaining('500') });
    expect(kit.emulator.count('GET /')).toBe(0);
    expectProblem(await kit.open(), 'UPSTREAM_UNAVAILABLE');
    expect(kit.emulator.count()).toBe(2);
  });
});
