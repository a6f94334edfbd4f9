import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { type ComposeService, readCompose, readDeployed, readKubernetes } from '../support/deployment.ts';
import { only, parseDockerfile } from '../support/dockerfile.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const given = { PARLEY_SECRET: 'a-secret-of-the-tests-that-is-long-enough', POSTGRES_PASSWORD: 'abc' };
const stages = parseDockerfile(await readDeployed('Dockerfile'));
const imagePort = only(stages.at(-1) ?? { name: '', image: '', instructions: [] }, 'EXPOSE');
const seconds = (text: string): number => Number(/^(\d+)s$/.exec(text)?.[1]);

/** What the gateway makes of such an environment: a mistake in it is thrown. */
const configOf = async (environ: Readonly<Record<string, string>>) =>
  (await loadConfig({ environ: { NODE_ENV: 'production', ...environ } })).config;

const networksOf = ({ networks }: ComposeService): readonly string[] =>
  Array.isArray(networks) ? (networks as readonly string[]) : Object.keys(networks);

// What closing takes beyond the answers in flight.
const closingSeconds = 5;

describe('compose.yaml', () => {
  test.each(['PARLEY_SECRET', 'POSTGRES_PASSWORD'])('does nothing without %s', async (name) => {
    await expect(readCompose({ ...given, [name]: '' })).rejects.toThrow(`${name}: copy .env.example to .env`);
  });

  test('has no secret in it, and .env.example names all that are asked for', async () => {
    const [compose, example] = await Promise.all([readDeployed('compose.yaml'), readDeployed('.env.example')]);
    const variables = new Set([...compose.matchAll(/\$\{(\w+)/g)].map(([, name]) => name));
    expect([...example.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value])).toEqual(
      [...variables].map((name) => [name, '']),
    );
    expect(await readDeployed('.gitignore')).toMatch(/^\.env$/m);
  });

  test('sets what a gateway knows, and two of them alike', async () => {
    const { services } = await readCompose(given);
    expect(services['gateway-2']).toEqual(services['gateway-1']);
    const config = await configOf(services['gateway-1']?.environment ?? {});
    expect(config).toMatchObject({
      store: { driver: 'postgres', url: 'postgres://parley:abc@postgres:5432/parley' },
      bus: { driver: 'nats', url: 'nats://nats:4222' },
      secret: given.PARLEY_SECRET,
    });
    expect(`${config.server.port}`).toBe(imagePort);
    expect(seconds(services['gateway-1']?.stop_grace_period ?? '')).toBeGreaterThan(
      config.server.drainDelaySeconds + config.server.drainSeconds + closingSeconds,
    );
    expect(services['postgres']?.environment).toEqual({ POSTGRES_USER: 'parley', POSTGRES_DB: 'parley', POSTGRES_PASSWORD: 'abc' });
  });

  test('takes what .env.example suggests', async () => {
    const suggested = [...(await readDeployed('.env.example')).matchAll(/^# (PARLEY_\w+)=(.+)$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ]);
    expect(suggested.length).toBeGreaterThan(0);
    await configOf({ ...given, POSTGRES_PASSWORD: '', ...Object.fromEntries(suggested) });
  });

  test('names services, networks, volumes and files that there are', async () => {
    const { services, networks, volumes } = await readCompose(given);
    const all = Object.values(services);
    const conditions = all.flatMap(({ depends_on = {} }) => Object.entries(depends_on));
    expect(Object.keys(services)).toEqual(expect.arrayContaining(conditions.map(([name]) => name)));
    const waitedFor = conditions.filter(([, { condition }]) => condition === 'service_healthy').map(([name]) => name);
    for (const name of waitedFor) expect(services[name]).toHaveProperty('healthcheck');
    const joined = all.flatMap((service) => networksOf(service));
    expect(Object.keys(networks)).toEqual(expect.arrayContaining(joined));
    const sources = all.flatMap(({ volumes: mounted = [] }) => mounted.map((volume) => volume.split(':', 1)[0] ?? ''));
    expect(Object.keys(volumes)).toEqual(sources.filter((source) => !source.startsWith('./')));
    for (const file of sources.filter((source) => source.startsWith('./'))) await access(`${root}${file}`);
    // A colon in a text without quotes makes something else of it.
    for (const word of all.flatMap(({ healthcheck }) => healthcheck?.test ?? [])) expect(word).toBeTypeOf('string');
  });

  test('opens one port to the world, and nginx and the gateways agree on theirs', async () => {
    const [{ services, networks }, nginx] = await Promise.all([readCompose(given), readDeployed('deploy/nginx.conf')]);
    expect(Object.entries(services).flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]))).toEqual([
      ['balancer', '8080:8080'],
    ]);
    expect(nginx).toContain('listen 8080;');
    const aliases = Object.values(services['gateway-1']?.networks ?? {}).flatMap((network) =>
      typeof network === 'string' ? [] : (network.aliases ?? []),
    );
    expect(nginx).toContain(`set $gateways ${aliases.join()}:${imagePort};`);
    expect(networks['back']).toEqual({ internal: true });
    expect([services['postgres']?.networks, services['nats']?.networks, services['balancer']?.networks]).toEqual([
      ['back'],
      ['back'],
      ['front'],
    ]);
  });

  test('nginx waits longer than the gateway is quiet, and takes bodies as large as it does', async () => {
    const [{ server, live }, nginx] = await Promise.all([configOf(given), readDeployed('deploy/nginx.conf')]);
    for (const name of ['proxy_read_timeout', 'proxy_send_timeout']) {
      expect(Number(new RegExp(`${name} (\\d+)s;`).exec(nginx)?.[1]) * 1_000).toBeGreaterThan(3 * live.keepAliveMs);
    }
    expect(Number(/client_max_body_size (\d+)m;/.exec(nginx)?.[1]) * 1_048_576).toBe(server.bodyLimitBytes);
  });
});

describe('deploy/kubernetes.yaml', () => {
  test('sets what a gateway knows, asks what it answers, and waits until it has stopped', async () => {
    const objects = await readKubernetes();
    const of = (kind: string): any => objects.find((object) => object.kind === kind);
    const { metadata, spec } = of('Deployment').spec.template;
    const [container] = spec.containers;
    const environ = Object.fromEntries(
      container.env.map(({ name, value, valueFrom }: any) => [
        name,
        value ??
          (name === 'PARLEY_SECRET'
            ? given.PARLEY_SECRET
            : `${name.includes('BUS') ? 'nats' : 'postgres'}://${valueFrom.secretKeyRef.key}`),
      ]),
    );
    const { server } = await configOf(environ);
    const [{ name, containerPort }] = container.ports;
    expect([`${containerPort}`, `${server.port}`]).toEqual([imagePort, imagePort]);
    expect(of('Service').spec).toMatchObject({ selector: metadata.labels, ports: [{ targetPort: name }] });
    expect(of('PodDisruptionBudget').spec.selector.matchLabels).toEqual(metadata.labels);
    expect(of('Deployment').spec.selector.matchLabels).toEqual(metadata.labels);
    expect(container.readinessProbe.httpGet).toEqual({ path: '/health/ready', port: name });
    expect(container.livenessProbe.httpGet).toEqual({ path: '/health/live', port: name });
    // As long as the checks of readiness take at most, and more.
    expect(container.readinessProbe.timeoutSeconds).toBeGreaterThan(2);
    // Readiness has been asked twice, and what follows from it has reached everybody.
    const { periodSeconds, failureThreshold } = container.readinessProbe;
    expect(server.drainDelaySeconds).toBeGreaterThanOrEqual(periodSeconds * failureThreshold);
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(server.drainDelaySeconds + server.drainSeconds + closingSeconds);
  });
});
