import { readFileSync } from 'node:fs';
import { GraphQLError } from 'graphql';
import { describe, expect, it } from 'vitest';
import { openBackends } from '../../src/backends/registry.ts';
import type { Backend } from '../../src/core/backend.ts';
import { ProblemError, problem, problemTable } from '../../src/core/problem.ts';
import { createFormatError, errorCodes } from '../../src/graphql/errors.ts';
import { createWorld } from './world.ts';

function failing(error: unknown): ReturnType<typeof createWorld> {
  const backends = new Map<string, Backend>();
  for (const [name, backend] of openBackends({ local: { kind: 'LOCAL' } })) {
    const health = async (): Promise<never> => {
      // Whatever it is: services and drivers throw what they like.
      throw error;
    };
    backends.set(name, { ...backend, health });
  }
  return createWorld({ backends });
}
const health = '{ backends { health { status } } }';

describe('an unexpected error', () => {
  it('is masked, and reported under the id that the client is told', async () => {
    const cause = new Error('connect ECONNREFUSED 10.0.0.7:5432');
    const world = failing(cause);
    const { data, errors } = await world.ask(health);
    expect(data).toBeNull();
    const [error] = errors ?? [];
    expect(error?.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', correlationId: expect.stringMatching(/^[\da-f-]{36}$/) });
    expect(error?.path).toEqual(['backends', 0, 'health']);
    expect(error?.message).toContain(String(error?.extensions?.['correlationId']));
    expect(JSON.stringify(errors)).not.toContain('10.0.0.7');
    expect(world.reports).toEqual([{ error: cause, correlationId: error?.extensions?.['correlationId'] }]);
  });

  it.each([
    ['a string'],
    [null],
    [new GraphQLError('inner', { originalError: new Error('secret') })],
    [new GraphQLError('secret without a code')],
  ])('is masked also where it is %s', async (cause) => {
    const world = failing(cause);
    const { errors } = await world.ask(health);
    expect(errors?.[0]?.extensions?.['code']).toBe('INTERNAL_SERVER_ERROR');
    expect(JSON.stringify(errors)).not.toMatch(/secret|a string/);
    expect(world.reports).toHaveLength(1);
  });
});

describe('an expected error', () => {
  it('carries the fields of its problem', async () => {
    const cause = problem('RATE_LIMITED', 'Too many attempts: wait a minute.', {
      path: ['password'],
      retryAfterSeconds: 60,
      backend: 'local',
    });
    const world = failing(new ProblemError(cause));
    const { errors } = await world.ask(health);
    expect(errors).toEqual([
      {
        message: 'Too many attempts: wait a minute.',
        locations: [{ line: 1, column: 14 }],
        path: ['backends', 0, 'health'],
        extensions: {
          code: 'RATE_LIMITED',
          status: 429,
          title: 'Too many attempts',
          detail: cause.detail,
          path: ['password'],
          retryAfterSeconds: 60,
          backend: 'local',
        },
      },
    ]);
    expect(world.reports).toEqual([]);
  });

  it('is not reported where the request was cancelled', async () => {
    const world = failing(AbortSignal.abort().reason);
    expect((await world.ask(health)).errors).toMatchObject([{ extensions: { code: 'ABORTED' } }]);
    expect(world.reports).toEqual([]);
  });
});

describe('errors that a server has formatted already', () => {
  const reports: unknown[] = [];
  const formatError = createFormatError((error) => reports.push(error));

  it('lose their stack, and keep their code', () => {
    const original = new GraphQLError('bad');
    const formatted = { message: 'bad', extensions: { code: 'GRAPHQL_VALIDATION_FAILED', stacktrace: ['at secret'] } };
    expect(formatError(formatted, original)).toEqual({ message: 'bad', extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });
  });

  it('show a problem that was wrapped', () => {
    const original = new GraphQLError('wrapped', { originalError: new ProblemError(problem('NOT_FOUND', 'There is none.')) });
    expect(formatError({ message: 'wrapped', path: ['a'], extensions: { code: 'INTERNAL_SERVER_ERROR' } }, original)).toMatchObject({
      message: 'There is none.',
      path: ['a'],
      extensions: { code: 'NOT_FOUND' },
    });
  });

  it('are masked where they are nobody’s', () => {
    const masked = formatError({ message: 'secret', extensions: { code: 'INTERNAL_SERVER_ERROR' } }, new TypeError('secret'));
    expect(JSON.stringify(masked)).not.toContain('secret');
    expect(reports).toEqual([new TypeError('secret')]);
  });
});

describe('requests that are wrong as such', () => {
  it.each([
    ['GRAPHQL_PARSE_FAILED', '{ viewer {', {}],
    ['GRAPHQL_VALIDATION_FAILED', '{ nothing }', {}],
    ['BAD_USER_INPUT', 'query ($id: ID!) { session(id: $id) { id } }', {}],
    ['BAD_USER_INPUT', 'query ($id: ID = "ses_0") { session(id: $id) { id } }', { id: null }],
    ['BAD_USER_INPUT', 'query ($m: JSONObject) { sessions(filter: { metadata: $m }) { totalCount } }', { m: [1] }],
    ['GRAPHQL_VALIDATION_FAILED', '{ sessions(filter: { metadata: [1] }) { totalCount } }', {}],
    ['OPERATION_RESOLUTION_FAILURE', 'subscription { memberKicked { cursor } }', {}],
    ['OPERATION_RESOLUTION_FAILURE', 'query A { viewer { kind } } query B { viewer { kind } }', {}],
    ['OPERATION_RESOLUTION_FAILURE', 'fragment F on Viewer { kind } query A { viewer { ...F } } query B { viewer { ...F } }', {}],
  ])('are %s: %s', async (code, source, variables) => {
    const world = createWorld();
    for (let round = 0; round < 3; round++) {
      expect((await world.ask(source, variables)).errors?.[0]?.extensions?.['code']).toBe(code);
    }
    expect(world.reports).toEqual([]);
  });

  it('name the operation that there is not', () => {
    const { engine } = createWorld();
    expect(engine.prepare('query A { viewer { kind } }', 'B')).toMatchObject([{ message: 'Unknown operation named "B".' }]);
    expect(engine.prepare('query A { viewer { kind } } query B { backends { name } }', 'B')).toMatchObject({
      name: 'B',
      kind: 'query',
      field: 'backends',
    });
  });
});

describe('docs/problems.md', () => {
  const text = readFileSync(new URL('../../docs/problems.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `(?<code>[A-Z_]+)` \| (?<second>[^|]+) \| (?<when>[^|]+) \| (?<what>[^|]+) \|$/gm)].map(
    ({ groups = {} }) => groups,
  );
  const documented = (codes: readonly string[]): readonly (string | undefined)[] =>
    rows.map(({ code = '' }) => code).filter((code) => codes.includes(code));

  it('names every code once, and no other', () => {
    const all = [...Object.keys(problemTable), ...errorCodes];
    expect(rows.map(({ code = '' }) => code).toSorted()).toEqual(all.toSorted());
    expect(documented(Object.keys(problemTable))).toEqual(Object.keys(problemTable));
  });

  it('gives each problem its status, and says when it comes and what to do', () => {
    for (const [code, { status }] of Object.entries(problemTable)) {
      expect(rows.find((row) => row['code'] === code)?.['second']?.trim()).toBe(`${status}`);
    }
    for (const row of rows) expect([row['when'], row['what']].every((cell) => (cell?.trim().length ?? 0) > 10)).toBe(true);
  });
});
