import { readFile, readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Source, faultsIn, importsOf, withoutComments } from './support/core-layers.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

async function readSources(): Promise<readonly Source[]> {
  const entries = await readdir(join(root, 'src'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name));
  return Promise.all(
    files.map(async ({ parentPath, name }) => {
      const file = join(parentPath, name);
      return { path: relative(root, file).split(sep).join('/'), source: await readFile(file, 'utf8') };
    }),
  );
}

test('the modules keep to their layers', async () => {
  const sources = await readSources();
  // What has been read is what is there: an empty reading would find no fault either.
  expect(sources.length).toBeGreaterThan(100);
  for (const layer of [
    'core',
    'auth',
    'backends',
    'buses',
    'config',
    'graphql',
    'live',
    'observability',
    'stores',
    'transport',
    'cli',
    'graphiql',
  ]) {
    expect(sources.map(({ path }) => path)).toContainEqual(expect.stringContaining(`src/${layer}/`));
  }
  const imports = sources.flatMap(importsOf);
  expect(imports.length).toBeGreaterThan(4 * sources.length);
  expect(imports.map(({ specifier }) => specifier)).toContain('graphql');
  expect(faultsIn(sources)).toEqual([]);
});

test('core is what everything rests on, and is pure but for what it says', async () => {
  const core = (await readSources()).filter(({ path }) => path.startsWith('src/core/'));
  const outside = new Set(core.flatMap(importsOf).flatMap(({ specifier }) => (specifier.startsWith('.') ? [] : [specifier])));
  expect([...outside].sort()).toEqual(['node:buffer', 'uuid']);
  // Decisions have neither a clock nor chance, and wait for nothing.
  const impure = /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\brandomUUID\b|\basync\b|\bawait\b|\bPromise\b/;
  const decisions = core.filter(({ path }) => path.startsWith('src/core/decide/'));
  expect(decisions.length).toBeGreaterThan(4);
  expect(decisions.filter(({ source }) => impure.test(withoutComments(source)))).toEqual([]);
});

describe('a module that does not keep to them is found', () => {
  const tree: readonly Source[] = [
    { path: 'src/core/ids.ts', source: "import { v7 } from 'uuid';\n" },
    { path: 'src/core/ports.ts', source: "import { Buffer } from 'node:buffer';\nimport type { Id } from './ids.ts';\n" },
    { path: 'src/auth/jwt.ts', source: "import { jwtVerify } from 'jose/jwt/verify';\n" },
    { path: 'src/stores/registry.ts', source: "import { createSqlite } from './sqlite/store.ts';\n" },
    { path: 'src/stores/sqlite/store.ts', source: "import { page } from './page.ts';\nimport { DatabaseSync } from 'node:sqlite';\n" },
    { path: 'src/stores/sqlite/page.ts', source: "import { epoch } from '../shared/epoch.ts';\n" },
    { path: 'src/stores/shared/epoch.ts', source: '' },
    { path: 'src/stores/memory.ts', source: '' },
    { path: 'src/backends/local/index.ts', source: '' },
    { path: 'src/graphql/schema.ts', source: "import { buildSchema } from 'graphql';\n" },
    { path: 'src/live/hub.ts', source: "import { schema } from '../graphql/schema.ts';\n" },
    {
      path: 'src/transport/ws.ts',
      source: "import { GraphQLError, type ExecutionArgs } from 'graphql';\nimport { hub } from '../live/hub.ts';\n",
    },
    { path: 'src/config/env.ts', source: 'export const port = process.env;\n' },
    { path: 'src/gateway.ts', source: "import { open } from './stores/registry.ts';\nimport { ws } from './transport/ws.ts';\n" },
    { path: 'src/cli/main.ts', source: "const { createGateway } = await import('../gateway.ts');\n" },
    { path: 'src/graphiql/main.tsx', source: "import { useState } from 'react';\n" },
  ];

  test('a tree without a fault has none', () => {
    expect(faultsIn(tree)).toEqual([]);
  });

  test.each<readonly [string, string, string, string]>([
    ['core knows the stores', 'src/core/ports.ts', "import { open } from '../stores/registry.ts';", 'core does not know stores'],
    [
      'core knows the types of the stores',
      'src/core/ports.ts',
      "import type { Open } from '../stores/registry.ts';",
      'core does not know stores',
    ],
    ['core uses a package', 'src/core/ports.ts', "import { z } from 'zod';", 'imports zod'],
    ['core uses the types of a package', 'src/core/ports.ts', "import type { GraphQLError } from 'graphql';", 'imports graphql'],
    ['core uses a database', 'src/core/ports.ts', "import { DatabaseSync } from 'node:sqlite';", 'imports node:sqlite'],
    ['core makes ids in two places', 'src/core/ports.ts', "import { v7 } from 'uuid';", 'imports uuid'],
    ['auth knows the transport', 'src/auth/jwt.ts', "import { ws } from '../transport/ws.ts';", 'auth does not know transport'],
    [
      'the transport opens a store',
      'src/transport/ws.ts',
      "import { open } from '../stores/registry.ts';",
      'transport does not know stores',
    ],
    [
      'the transport knows its maker',
      'src/transport/ws.ts',
      "import { createGateway } from '../gateway.ts';",
      'transport does not know gateway.ts',
    ],
    [
      'a backend knows another layer',
      'src/backends/local/index.ts',
      "import { jwt } from '../../auth/jwt.ts';",
      'backends does not know auth',
    ],
    [
      'the gateway knows a driver',
      'src/gateway.ts',
      "import { createSqlite } from './stores/sqlite/store.ts';",
      'only src/stores/registry.ts',
    ],
    ['the gateway imports one later', 'src/gateway.ts', "await import('./stores/memory.ts');", 'only src/stores/registry.ts'],
    ['a driver knows another one', 'src/stores/memory.ts', "import { page } from './sqlite/page.ts';", 'only src/stores/registry.ts'],
    [
      'a driver starts a worker of another one',
      'src/stores/memory.ts',
      "new URL('./sqlite/page.ts', import.meta.url);",
      'only src/stores/registry.ts',
    ],
    ['live executes', 'src/live/hub.ts', "import { execute } from 'graphql';", 'imports graphql'],
    ['live executes, among types', 'src/live/hub.ts', "import { type DocumentNode, execute } from 'graphql';", 'imports graphql'],
    [
      'the transport takes more than an error',
      'src/transport/ws.ts',
      "import {\n  GraphQLError,\n  parse,\n} from 'graphql';",
      'imports graphql',
    ],
    ['the transport takes all there is', 'src/transport/ws.ts', "export * from 'graphql';", 'imports graphql'],
    ['the transport takes it for its effects', 'src/transport/ws.ts', "import 'graphql';", 'imports graphql'],
    ['the transport takes it later', 'src/transport/ws.ts', "await import('graphql');", 'imports graphql'],
    ['auth listens', 'src/auth/jwt.ts', "import { fastify } from 'fastify';", 'imports fastify'],
    ['the page knows the server', 'src/graphiql/main.tsx', "import type { Id } from '../core/ids.ts';", 'graphiql does not know core'],
    [
      'the server knows the page',
      'src/transport/ws.ts',
      "import { page } from '../graphiql/main.tsx';",
      'transport does not know graphiql',
    ],
    ['the environment is read elsewhere', 'src/auth/jwt.ts', 'const secret = process.env.SECRET;', 'reads process.env'],
    ['the environment is read by another name', 'src/auth/jwt.ts', "const secret = process['env'];", 'reads process.env'],
    ['something is required', 'src/auth/jwt.ts', "const jose = require('jose');", 'requires'],
    ['an import has no name', 'src/auth/jwt.ts', 'await import(name);', 'not written down'],
    ['an import leads nowhere', 'src/auth/jwt.ts', "import { gone } from './gone.ts';", 'not there'],
    ['a cycle', 'src/stores/shared/epoch.ts', "import { page } from '../sqlite/page.ts';", 'A cycle of imports'],
  ])('%s', (_, path, line, fault) => {
    const planted = tree.map((module) => (module.path === path ? { path, source: `${module.source}${line}\n` } : module));
    expect(faultsIn(planted).join('\n')).toContain(fault);
  });

  test('a new folder has to be given its place', () => {
    expect(faultsIn([...tree, { path: 'src/misc/helpers.ts', source: '' }])).toEqual(['src/misc/helpers.ts is in no layer']);
  });

  test('a comment is no code', () => {
    const source = "/** As in `process.env`. */\nconst one = 1; // not import('x') or process.env\n/*\nimport { a } from 'zod';\n*/\n";
    expect(faultsIn([...tree, { path: 'src/core/notes.ts', source }])).toEqual([]);
  });

  test('an import that is written in a way that nobody reads is said, not passed over', () => {
    for (const source of ["import { a } from '' + '';", "export { a,\n'b' as c } from 'zod';"]) {
      expect(() => importsOf({ path: 'src/core/odd.ts', source })).toThrow('src/core/odd.ts');
    }
  });
});
