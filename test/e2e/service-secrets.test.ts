import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { subjects } from '../backends/subjects.ts';
import { runParley } from '../cli/parley-process.ts';
import type { OpenedService } from '../conformance/backend-subject.ts';
import type { MachaniEmulator } from '../emulators/machani/emulator.ts';
import type { Fault } from '../emulators/shared/faults.ts';
import { titleOf } from '../support/far-world.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { type Admitted, createSession, joinSession, mutate, post } from '../support/graphql-client.ts';
import { allEvents, follow, ofType } from '../support/live-client.ts';

const backendOf = (title: string): string => title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
const backends = subjects.map((subject) => ({ subject, name: backendOf(titleOf(subject)) }));

/** What only clients have, or the services: each is found nowhere else. */
const planted = {
  password: 'planted-password-4f1c9a',
  otherPassword: 'planted-password-77be02',
  viewingKey: '0xfade5d2e0badcafe11',
  otherViewingKey: '0xfade9a410badcafe22',
  machaniKey: 'planted-secret-key-of-room-31',
  // Said as a message, so it is to be found: that the search works.
  canary: 'planted-canary-c0ffee',
};

let home: string;
let dataDir: string;
const services = new Map<string, OpenedService>();
let gateway: GatewayProcess;
/** The services' own, among them tokens that are taken back later. */
const seen = new Map<string, string>();
/** What the gateway has answered and told. */
const said: string[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'parley-secrets-'));
  dataDir = await mkdtemp(join(tmpdir(), 'parley-secrets-data-'));
  for (const { subject, name } of backends) services.set(name, await subject.open({ pollMs: 200 }));
  const settings = Object.fromEntries(
    [...services].map(([name, { config }]) => [
      name,
      { ...config, timeoutMs: 3_000, retries: 0, breaker: { failures: 1_000, openMs: 300 } },
    ]),
  );
  const config = { backends: { local: { kind: 'LOCAL' }, ...settings }, server: { trustProxy: true }, log: { level: 'trace' } };
  await writeFile(join(home, 'parley.config.mjs'), `export default ${JSON.stringify(config)};`);
  gateway = await startGatewayProcess({ dataDir, env: { PARLEY_CONFIG: join(home, 'parley.config.mjs') } });
  const real = globalThis.fetch;
  vi.stubGlobal('fetch', async (...request: Parameters<typeof fetch>) => {
    const response = await real(...request);
    if (typeof request[0] === 'string' && request[0].startsWith(gateway.url)) said.push(await response.clone().text());
    return response;
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await Promise.all([...services.values()].map((service) => service[Symbol.asyncDispose]()));
  await Promise.all([home, dataDir].map((folder) => rm(folder, { recursive: true, force: true })));
});

async function filesIn(folder: string): Promise<readonly (readonly [name: string, text: string])[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => [name, (await readFile(join(parentPath, name))).toString('latin1')] as const),
  );
}

/** Where which of the texts is found. */
const found = (texts: ReadonlyMap<string, string>, sources: readonly (readonly [name: string, text: string])[]): readonly string[] =>
  sources.flatMap(([source, text]) => [...texts].filter(([, secret]) => text.includes(secret)).map(([name]) => `${name} in ${source}`));

/** Refusals and failures that quote what a service should keep to itself. */
const quoting = (secrets: string): readonly Fault[] => [
  ...[400, 401, 403, 404, 409, 422, 500, 503].map((status): Fault => ({
    kind: 'status',
    status,
    body: { title: secrets, detail: secrets, message: secrets, error: { code: 'ODD', message: secrets, details: { secrets } } },
  })),
  { kind: 'status', status: 400, body: `Refused: ${secrets}` },
  { kind: 'nonsense', body: { id: secrets, secrets: [secrets] } },
];

async function useAll(name: string, subject: (typeof subjects)[number], service: OpenedService): Promise<void> {
  const { url } = gateway;
  const person = await service.person(url, name);
  const base = { backend: name, identity: { name: 'Ada' }, ...subject.base };
  const host = await createSession(
    url,
    {
      ...base,
      rules: { password: planted.password },
      ...(subject.defaults && { defaults: { chain: 'solana', defaultViewingKey: planted.viewingKey } }),
    },
    person,
  );
  const stream = follow(url, allEvents, { after: host.cursor }, host.credentials);
  await stream.until(ofType('StreamOpened'));
  const guest: Admitted = await joinSession(
    url,
    { sessionId: host.sessionId, identity: { name: 'Grace' }, password: planted.password },
    await service.person(url, name),
  );
  const work = async (secrets: string | null): Promise<void> => {
    const faults = secrets === null ? [null] : quoting(secrets);
    for (const fault of faults) {
      using _ =
        fault === null ? undefined : service.emulator?.fault(fault, { match: ({ url: path }) => !/hubs|socket\.io|\/events/.test(path) });
      // By the gateway, which takes its time for it: once is enough.
      const isHashed = fault !== null && subject.features.PASSWORD === 'GATEWAY';
      const own = '... on Problem { code title detail path }';
      await Promise.all([
        mutate(
          url,
          'sendMessage',
          { content: planted.canary },
          '... on MessageDelivery { message { content options metadata } }',
          host.credentials,
        ),
        mutate(
          url,
          'updateSession',
          {
            title: 'new',
            metadata: { a: 1 },
            ...(subject.defaults && { defaults: { chain: 'near', defaultViewingKey: planted.otherViewingKey } }),
          },
          own,
          host.credentials,
        ),
        isHashed ? null : mutate(url, 'joinSession', { sessionId: host.sessionId, password: planted.otherPassword }, own, person),
        mutate(url, 'createSession', { ...base, ...(!isHashed && { rules: { password: planted.otherPassword } }) }, own, person),
        mutate(url, 'renewSession', {}, own, host.credentials),
        post(
          url,
          'query ($id: ID!) { session(id: $id) { handle title metadata defaults rules { passwordProtected } members { nodes { name address } } messages { nodes { content options metadata } } suggestions { nodes { content } } } }',
          { id: host.sessionId },
          host.credentials,
        ),
        post(url, '{ sessions(first: 50) { nodes { handle title metadata defaults } problems { code detail } } }', {}, host.credentials),
        post(url, '{ backends { name features { feature } health { status message } agents { nodes { name } } } }'),
        fetch(`${url}/health/ready`),
      ]);
    }
  };
  const machani = service.emulator as unknown as MachaniEmulator;
  if (subject.kind === 'MACHANI') machani.createSession({ secretKey: planted.machaniKey, displayName: 'Theirs' });
  await work(null);
  // What the service was told: some quote it where they refuse.
  const told = [
    ...service.secrets(),
    ...(subject.features.PASSWORD === 'UPSTREAM' ? [planted.password, planted.otherPassword] : []),
    ...(subject.kind === 'MACHANI' ? [planted.machaniKey] : []),
    ...(subject.defaults === undefined ? [] : [planted.viewingKey, planted.otherViewingKey]),
  ];
  await work(told.join(' and '));
  await work(null);
  for (const [index, secret] of service.secrets().entries()) seen.set(`${name} ${index}`, secret);
  await mutate(url, 'kickMember', { memberId: guest.memberId }, '__typename', host.credentials);
  await mutate(url, 'endSession', {}, '__typename', host.credentials);
  await stream.stop();
  said.push(JSON.stringify(stream.events));
}

test('no secret of a service, and none that it was given, is told, logged or kept in clear', { timeout: 90_000 }, async () => {
  await Promise.all(backends.map(({ subject, name }) => useAll(name, subject, services.get(name) as OpenedService)));
  const check = await runParley(['check'], {
    cwd: home,
    env: { PARLEY_DATA_DIR: dataDir, PARLEY_CONFIG: join(home, 'parley.config.mjs') },
  });
  const running = await filesIn(dataDir);
  await gateway.end('SIGTERM');
  const sources = [
    ...said.map((text, index) => [`answer ${index}`, text] as const),
    ['the log', gateway.output()] as const,
    ['parley check', `${check.stdout}${check.stderr}`] as const,
    ...running,
    ...(await filesIn(dataDir)).map(([name, text]) => [`${name} after the end`, text] as const),
  ];
  const { canary, ...rest } = planted;
  const secrets = new Map([...Object.entries<string>(rest), ...seen]);
  expect(secrets.size).toBeGreaterThan(15);
  // What is kept in clear is found, in answers, events and files.
  const canaries = found(new Map([['canary', canary]]), sources);
  expect(canaries.some((place) => place.includes('answer'))).toBe(true);
  expect(canaries.some((place) => /parley.*sqlite|\.db/.test(place))).toBe(true);
  expect(found(secrets, sources)).toEqual([]);
});
