import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Gateway, createGateway } from '../../src/gateway.ts';
import type { BackendConfig } from '../../src/config/config.ts';
import { subjects } from '../backends/subjects.ts';
import type { OpenedService } from '../conformance/backend-subject.ts';
import type { Fault } from '../emulators/shared/faults.ts';
import { type Admitted, createSession, mutate, post, query } from '../support/graphql-client.ts';
import { allEvents, follow, ofType } from '../support/live-client.ts';

type ServiceConfig = Exclude<BackendConfig, { readonly kind: 'LOCAL' }>;

const name = 'far';
const timeoutMs = 400;
/** An attempt, its repetition and the pause between them, with what a loaded machine adds. */
const boundMs = 8_000;

interface Case {
  readonly title: string;
  readonly fault: Fault;
  /** What reading a session answers meanwhile. */
  readonly code: readonly string[];
}

const cases: readonly Case[] = [
  {
    title: 'a burst of 500',
    fault: { kind: 'status', status: 500, body: { oops: 'at Object.<anonymous> (/srv/app.js:1:1)' } },
    code: ['UPSTREAM_FAILED'],
  },
  { title: 'a burst of 503', fault: { kind: 'status', status: 503, body: {} }, code: ['UPSTREAM_FAILED', 'UPSTREAM_UNAVAILABLE'] },
  { title: 'no answer', fault: { kind: 'hang' }, code: ['UPSTREAM_TIMEOUT'] },
  { title: 'connections that are reset', fault: { kind: 'reset' }, code: ['UPSTREAM_UNAVAILABLE', 'UPSTREAM_FAILED'] },
  { title: 'half a body', fault: { kind: 'half' }, code: ['UPSTREAM_FAILED'] },
  { title: 'a page in HTML', fault: { kind: 'html' }, code: ['UPSTREAM_FAILED'] },
  { title: 'JSON that stops', fault: { kind: 'truncated-json' }, code: ['UPSTREAM_FAILED'] },
  { title: 'JSON of something else', fault: { kind: 'nonsense' }, code: ['UPSTREAM_FAILED'] },
  { title: 'more than anybody would read', fault: { kind: 'flood' }, code: ['UPSTREAM_FAILED', 'UPSTREAM_TIMEOUT'] },
  {
    title: 'a 429 with Retry-After',
    fault: { kind: 'status', status: 429, body: {}, headers: { 'retry-after': '60' } },
    code: ['RATE_LIMITED'],
  },
];

describe.each(subjects.map((subject) => [`${subject.kind} ${subject.variant ?? ''}`.trim(), subject] as const))('%s', (_, subject) => {
  let service: OpenedService;
  let gateway: Gateway;
  let url: string;
  let host: Admitted;
  let local: Admitted;

  beforeAll(async () => {
    service = await subject.open({ pollMs: 200 });
    gateway = await createGateway({
      server: { port: 0 },
      store: { driver: 'memory' },
      log: { level: 'silent' },
      backends: {
        local: { kind: 'LOCAL' },
        // A breaker that opens is a case of its own, below.
        [name]: { ...(service.config as ServiceConfig), timeoutMs, retries: 1, breaker: { failures: 1_000, openMs: 300 } },
      },
    });
    ({ url } = await gateway.start());
    host = await createSession(url, { backend: name, identity: { name: 'Ada' }, ...subject.base }, await service.person(url, name));
    local = await createSession(url, { backend: 'local', title: 'here' });
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  const read = (who: Admitted) => post(url, 'query ($id: ID!) { session(id: $id) { id status } }', { id: who.sessionId }, who.credentials);
  const isFine = async (): Promise<void> => {
    const { data } = await read(host);
    expect(data).toEqual({ session: { id: host.sessionId, status: 'ACTIVE' } });
  };

  test.each(cases)('$title: the right problem in time, and nobody else notices', async ({ fault, code }) => {
    {
      // HTTP only: what follows sockets is tried below.
      using placed = service.emulator?.fault(fault, { match: ({ url: path }) => !/hubs|socket\.io|\/events/.test(path) });
      const startedAt = performance.now();
      const [far, near] = await Promise.all([read(host), read(local)]);
      expect(performance.now() - startedAt).toBeLessThan(boundMs);
      expect(placed?.hits).toBeGreaterThan(0);
      expect(code).toContain(far.errors?.[0]?.extensions?.['code']);
      expect(far.errors?.[0]?.extensions?.['backend']).toBe(name);
      expect(JSON.stringify(far)).not.toMatch(/srv\/app|<html|oops/i);
      expect(near.data).toEqual({ session: { id: local.sessionId, status: 'ACTIVE' } });
      const { sessions } = await query(
        url,
        '{ sessions(first: 20, filter: { mine: true }) { problems { code backend { name } } } }',
        {},
        host.credentials,
      );
      for (const problem of sessions.problems) expect(problem.backend).toEqual({ name });
    }
    await isFine();
  });

  test('a page with status 200 is no sign that a change was made', async () => {
    const asked = { backend: name, ...subject.base };
    const { credentials, sessionId } = await createSession(url, asked, await service.person(url, name));
    const change = async (operation: string, input: object): Promise<string> => {
      using placed = service.emulator?.fault({ kind: 'html' }, { match: ({ method }) => method !== 'GET' });
      const { __typename, code } = await mutate(url, operation, input, '__typename', credentials);
      // What the gateway keeps by itself is done whatever the service answers.
      return (placed?.hits ?? 0) === 0 ? 'not asked' : (code ?? __typename);
    };
    expect(['UPSTREAM_FAILED', 'not asked']).toContain(await change('sendMessage', { content: 'is it there?' }));
    expect(['UPSTREAM_FAILED', 'not asked']).toContain(await change('endSession', {}));
    const { session } = await query(url, 'query ($id: ID!) { session(id: $id) { status } }', { id: sessionId }, credentials);
    expect(session).toEqual({ status: 'ACTIVE' });
  });

  test('a service that is not there, and comes back', async () => {
    const stream = follow(url, allEvents, {}, host.credentials);
    await stream.until(ofType('StreamOpened'));
    await service.emulator?.stop();
    const { errors } = await read(host);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', backend: name });
    const { backends } = await query(url, '{ backends { name health { status } } }');
    expect(backends.find((backend: any) => backend.name === name).health.status).toBe('DOWN');
    expect((await read(local)).errors).toBeUndefined();
    const other = await service.emulator
      ?.start()
      .then(async () => createSession(url, { backend: name, ...subject.base }, await service.person(url, name)));
    expect(other?.sessionId).toMatch(/^ses_/);
    await stream.stop();
  });
});

describe.each(subjects.map((subject) => [`${subject.kind} ${subject.variant ?? ''}`.trim(), subject] as const))('%s', (_, subject) => {
  test('the breaker opens, is seen, spares the service, and closes', async () => {
    await using service = await subject.open();
    await using gateway = await createGateway({
      server: { port: 0 },
      store: { driver: 'memory' },
      log: { level: 'silent' },
      backends: { [name]: { ...(service.config as ServiceConfig), timeoutMs, retries: 0, breaker: { failures: 3, openMs: 500 } } },
      defaultBackend: name,
    });
    const { url } = await gateway.start();
    const host = await createSession(url, subject.base, await service.person(url, name));
    const read = () => post(url, 'query ($id: ID!) { session(id: $id) { status } }', { id: host.sessionId }, host.credentials);
    const circuit = async (): Promise<string> => (await query(url, '{ backends { health { circuit } } }')).backends[0].health.circuit;
    expect(await circuit()).toBe('CLOSED');
    {
      using _ = service.emulator?.fault({ kind: 'status', status: 500, body: {} });
      for (let tries = 0; tries < 3; tries += 1) expect((await read()).errors?.[0]?.extensions?.['code']).toBe('UPSTREAM_FAILED');
      const asked = service.emulator?.requests.length ?? 0;
      expect((await read()).errors?.[0]?.extensions).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
      expect(service.emulator?.requests.length).toBe(asked);
    }
    // It is tried again by itself, once the time is over: the first that succeeds closes it.
    await expect.poll(async () => (await read()).data?.session?.status ?? null, { timeout: 5_000, interval: 100 }).toBe('ACTIVE');
    expect((await mutate(url, 'sendMessage', { content: 'on we go' }, '__typename', host.credentials)).__typename).toBe('MessageDelivery');
    await expect.poll(circuit, { timeout: 5_000, interval: 100 }).toBe('CLOSED');
  });
});
