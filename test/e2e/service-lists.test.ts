import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Gateway, createGateway } from '../../src/gateway.ts';
import { subjects } from '../backends/subjects.ts';
import type { OpenedService } from '../conformance/backend-subject.ts';
import { titleOf } from '../support/far-world.ts';
import { type Credentials, createSession, query } from '../support/graphql-client.ts';

const timeoutMs = 1_500;
/** What a page may take where one service does not answer: two calls, one after the other, and what a loaded machine adds. */
const boundMs = 8_000;
const perBackend = 4;

const names = subjects.map((subject) =>
  titleOf(subject)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-'),
);
const services = new Map<string, OpenedService>();
/** The sessions by their backends, in the order of their making. */
const made = new Map<string, string[]>();
let gateway: Gateway;
let url: string;
let credentials: Credentials = {};

beforeAll(async () => {
  for (const [index, subject] of subjects.entries()) services.set(names[index] ?? '', await subject.open({ pollMs: 60_000 }));
  gateway = await createGateway({
    server: { port: 0, trustProxy: true },
    store: { driver: 'memory' },
    log: { level: 'silent' },
    backends: {
      local: { kind: 'LOCAL' },
      ...Object.fromEntries(
        [...services].map(([name, { config }]) => [name, { ...config, timeoutMs, retries: 0, breaker: { failures: 1_000, openMs: 300 } }]),
      ),
    },
  });
  ({ url } = await gateway.start());
  for (let round = 0; round < perBackend; round += 1) {
    for (const [index, name] of [...names, 'local'].entries()) {
      const person = (await services.get(name)?.person(url, name)) ?? {};
      const base = { backend: name, visibility: 'PUBLIC', identity: { name: 'Ada' }, ...subjects[index]?.base };
      const { sessionId, credentials: own } = await createSession(url, base, person);
      credentials = own;
      made.set(name, [...(made.get(name) ?? []), sessionId]);
    }
  }
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await Promise.all([...services.values()].map((service) => service[Symbol.asyncDispose]()));
});

interface Page {
  readonly ids: readonly (string | null)[];
  readonly problems: readonly { readonly code: string; readonly backend: { readonly name: string } | null }[];
  readonly cursor: string | null;
  readonly ms: number;
}

async function page(first: number, after: string | null): Promise<Page> {
  const source = `query ($first: Int, $after: String) { sessions(first: $first, after: $after) {
    nodes { id status } problems { code backend { name } } pageInfo { hasNextPage endCursor } } }`;
  const startedAt = performance.now();
  const { sessions } = await query(url, source, { first, after }, credentials);
  return {
    ids: sessions.nodes.map((node: any) => node?.id ?? null),
    problems: sessions.problems,
    cursor: sessions.pageInfo.hasNextPage ? sessions.pageInfo.endCursor : null,
    ms: performance.now() - startedAt,
  };
}

const all = (): string[] => [...made.values()].flat();

test('all are listed, and nothing is the matter', async () => {
  const { ids, problems } = await page(100, null);
  expect(problems).toEqual([]);
  expect(new Set(ids)).toEqual(new Set(all()));
  expect(ids).toHaveLength(all().length);
});

describe.each(names)('%s', (name) => {
  test('where it hangs, the page comes in time with one problem, and the rows of the others', async () => {
    using placed = services.get(name)?.emulator?.fault({ kind: 'hang' });
    const { ids, problems, ms } = await page(100, null);
    expect(ms).toBeLessThan(boundMs);
    expect(placed?.hits).toBeGreaterThan(0);
    expect(problems).toEqual([{ code: 'UPSTREAM_TIMEOUT', backend: { name } }]);
    const others = [...made].flatMap(([backend, sessions]) => (backend === name ? [] : sessions));
    expect(ids.filter((id): id is string => id !== null && others.includes(id)).toSorted()).toEqual(others.toSorted());
  });

  test('where it fails and recovers between pages, nothing of the others is doubled or left out', async () => {
    const ids: (string | null)[] = [];
    let cursor: string | null = null;
    let pages = 0;
    const problemsWhenWell: Page['problems'][number][] = [];
    do {
      using _ = pages % 2 === 0 ? services.get(name)?.emulator?.fault({ kind: 'status', status: 500, body: {} }) : undefined;
      const next: Page = await page(5, cursor);
      ids.push(...next.ids);
      for (const { backend } of next.problems) expect(backend).toEqual({ name });
      expect(next.problems.length).toBeLessThanOrEqual(1);
      if (pages % 2 === 1) problemsWhenWell.push(...next.problems);
      ({ cursor } = next);
      pages += 1;
    } while (cursor !== null);
    expect(problemsWhenWell).toEqual([]);
    const shown = ids.filter((id) => id !== null);
    expect(new Set(shown).size).toBe(shown.length);
    const others = [...made].flatMap(([backend, sessions]) => (backend === name ? [] : sessions));
    expect(shown.filter((id) => others.includes(id)).toSorted()).toEqual(others.toSorted());
    // Every second page is of a time when all is well: its own are among the rows there.
    expect(shown.some((id) => made.get(name)?.includes(id) === true)).toBe(true);
    expect(new Set((await page(100, null)).ids)).toEqual(new Set(all()));
  });
});

test('readiness tells of the services that are gone, and of those that are back, and the gateway is ready all the while', async () => {
  const ready = async (): Promise<{ readonly status: number; readonly backends: Readonly<Record<string, string>> }> => {
    const answer = await fetch(`${url}/health/ready`);
    const { backends } = (await answer.json()) as { backends: Record<string, string> };
    return { status: answer.status, backends };
  };
  const gone = names.slice(0, 3);
  const being = (status: string): object => ({
    status: 200,
    backends: Object.fromEntries(names.map((name) => [name, gone.includes(name) ? status : 'UP'])),
  });
  await Promise.all(gone.map(async (name) => services.get(name)?.emulator?.stop()));
  await expect.poll(ready, { timeout: 10_000, interval: 100 }).toEqual(being('DOWN'));
  await Promise.all(gone.map(async (name) => services.get(name)?.emulator?.start()));
  await expect.poll(ready, { timeout: 10_000, interval: 100 }).toEqual(being('UP'));
});
