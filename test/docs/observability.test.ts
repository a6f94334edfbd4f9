import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createGateway } from '../../src/gateway.ts';
import { sipher } from '../backends/sipher/subject.ts';
import { farWorld } from '../support/far-world.ts';
import { createSession, post } from '../support/graphql-client.ts';
import { type MetricsPage, scrape } from '../support/metrics-page.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../support/postgres-of-file.ts';

const read = (file: string): Promise<string> => readFile(new URL(`../../docs/${file}`, import.meta.url), 'utf8');
const page = await read('observability.md');

interface Documented {
  readonly type: string;
  readonly labels: readonly string[];
  readonly meaning: string;
}

const codesIn = (cell: string): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
const documented = new Map<string, Documented>(
  [...page.matchAll(/^\| `([a-z_\d]+)` \| (counter|gauge|histogram) \|([^|]*)\|([^|]*)\|$/gm)].map(
    ([, name = '', type = '', labels = '', meaning = '']) => [name, { type, labels: codesIn(labels), meaning: meaning.trim() }] as const,
  ),
);
const onlyIn = (driver: string): readonly string[] =>
  [...documented].filter(([, { meaning }]) => meaning.startsWith(`\`${driver}\` only`)).map(([name]) => name);

/** The metric that a series belongs to. */
function metricOf(name: string): Documented | undefined {
  const [, base = ''] = /^(.*)_(?:bucket|sum|count)$/.exec(name) ?? [];
  const histogram = documented.get(base);
  if (histogram?.type === 'histogram') return histogram;
  const metric = documented.get(name);
  return metric?.type === 'histogram' ? undefined : metric;
}

/** What of a page is not as it is documented. */
function* strayIn({ types, names, series }: MetricsPage): Generator<string> {
  for (const [name, type] of types) if (documented.get(name)?.type !== type) yield `${name} is a ${type}`;
  for (const name of names) {
    for (const { labels } of series(name)) {
      const own = Object.keys(labels).filter((label) => label !== 'le');
      if (own.toSorted().join() !== metricOf(name)?.labels.toSorted().join()) yield `${name} has labels ${own.join()}`;
    }
  }
}

describe('with sqlite and a service', () => {
  let metrics: MetricsPage;
  let dataDir: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'parley-docs-'));
    await using far = await farWorld(sipher, { gateway: { server: { port: 0 }, store: { driver: 'sqlite' }, dataDir } });
    await far.open();
    await post(far.url, '{ nothing }');
    // Until garbage has been collected, so that its series is there.
    await vi.waitFor(
      async () => {
        Array.from({ length: 200 }, () => Buffer.alloc(100_000).toString('hex'));
        metrics = await scrape(`${far.url}/metrics`);
        expect([...metrics.names]).toContain('nodejs_gc_duration_seconds_count');
      },
      { timeout: 20_000 },
    );
  });
  afterAll(() => rm(dataDir, { recursive: true, force: true }));

  test('every metric is documented with its type and its labels', () => {
    expect([...strayIn(metrics)]).toEqual([]);
    expect(metrics.types.size).toBeGreaterThan(50);
  });

  test('every documented metric is there, and has been looked at', () => {
    const elsewhere = onlyIn('postgres');
    expect(elsewhere.length).toBe(2);
    expect([...documented.keys()].filter((name) => !metrics.types.has(name) && !elsewhere.includes(name))).toEqual([]);
    const silent = [...documented.keys()].filter((name) => !metrics.names.has(name) && !metrics.names.has(`${name}_count`));
    // Of these there are none while nothing is asked of the system.
    expect(silent.filter((name) => !elsewhere.includes(name) && name !== 'nodejs_active_requests')).toEqual([]);
  });
});

describe.skipIf(postgresIsMissing)(`with PostgreSQL${needsPostgres}`, () => {
  const server = postgresIsMissing ? null : postgresOfFile();

  test('every metric is documented, and those that are documented for it are there', async () => {
    const url = (await server?.freshUrl()) ?? null;
    await using gateway = await createGateway({ server: { port: 0 }, store: { driver: 'postgres', url }, log: { level: 'silent' } });
    const { url: own, metricsUrl } = await gateway.start();
    await createSession(own, { identity: { name: 'Ada' } });
    const metrics = await scrape(metricsUrl);
    expect([...strayIn(metrics)]).toEqual([]);
    expect(onlyIn('postgres').filter((name) => !metrics.names.has(name))).toEqual([]);
  });
});

/** The series that an expression of PromQL names, each with the labels that are asked of it. */
function* seriesIn(expression: string): Generator<readonly [name: string, labels: readonly string[]]> {
  const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(',').map((name) => name.trim()));
  for (const [, name = '', matchers = ''] of expression.matchAll(/\b((?:parley|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)) {
    yield [name, [...grouped, ...[...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label)]];
  }
}

/** Those that Prometheus adds to whatever it reads. */
const added = ['job', 'instance'];

function faultsOf(expression: string): readonly string[] {
  const used = [...seriesIn(expression)];
  if (used.length === 0) return [`${expression} names no metric`];
  return used.flatMap(([name, labels]) => {
    const metric = metricOf(name);
    if (metric === undefined) return [`${name} is no series`];
    const known = [...metric.labels, ...added, ...(name.endsWith('_bucket') ? ['le'] : [])];
    return labels.filter((label) => !known.includes(label)).map((label) => `${name} has no label ${label}`);
  });
}

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[] };
}

describe('expressions', () => {
  test('of the dashboard name series that there are, and leave none of Parley out', async () => {
    const { panels, templating } = JSON.parse(await read('dashboards/parley.json')) as Dashboard;
    const rows = panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    expect(rows).toEqual(['Traffic', 'Problems', 'Live', 'Store', 'Services', 'Process']);
    const targets = panels.flatMap((panel) => panel.targets ?? []);
    expect(targets.length).toBeGreaterThan(30);
    expect(targets.flatMap(({ expr }) => faultsOf(expr))).toEqual([]);
    const variables = templating.list.flatMap(({ definition }) => definition ?? []);
    expect(variables.map((definition) => faultsOf(definition.replace(/, \w+\)$/, ')')))).toEqual([[], []]);
    const shown = new Set(targets.flatMap(({ expr }) => [...seriesIn(expr)].map(([name]) => metricOf(name))));
    expect([...documented].filter(([name, metric]) => name.startsWith('parley_') && !shown.has(metric))).toEqual([]);
  });

  test('of the dashboard ask whichever data source is chosen', async () => {
    const { panels, templating } = JSON.parse(await read('dashboards/parley.json')) as Dashboard;
    expect(templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource' });
    const asked = panels.flatMap(({ datasource, targets = [] }) => [
      ...(datasource ? [datasource] : []),
      ...targets.map((target) => target.datasource),
    ]);
    expect(new Set(asked.map(({ uid }) => uid))).toEqual(new Set(['${datasource}']));
  });

  test('of the alerts name series that there are', () => {
    const [, section = ''] = page.split('## What to alert on\n');
    const alerts = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `([^`]+)`/gm)].map(([, expression = '']) => expression);
    expect(alerts.length).toBeGreaterThan(8);
    expect(alerts.flatMap(faultsOf)).toEqual([]);
  });

  test('that name what is not there are found', () => {
    expect(faultsOf('rate(parley_nothing_total[5m])')).toEqual(['parley_nothing_total is no series']);
    expect(faultsOf('rate(parley_timeline_lag_seconds[5m])')).toEqual(['parley_timeline_lag_seconds is no series']);
    expect(faultsOf('sum by (colour) (rate(parley_problems_total{shade="x"}[5m]))')).toEqual([
      'parley_problems_total has no label colour',
      'parley_problems_total has no label shade',
    ]);
    expect(faultsOf('1')).toEqual(['1 names no metric']);
  });
});
