import { posix } from 'node:path';

/** A source file by its path from the project's root. */
export interface Source {
  readonly path: string;
  readonly source: string;
}

export interface Import {
  readonly specifier: string;
  /** Whether nothing of it is left at run time. */
  readonly typeOnly: boolean;
  /** What is taken by name. */
  readonly names: readonly string[];
}

// The formatter puts each statement at the start of a line, and the linter keeps quotes single.
const fromStatement = /^(?:import|export)\s+(type\s+)?([^;'"]*?)\s*from\s*'([^']+)'/gm;
const bareStatement = /^import\s+'([^']+)'/gm;
const dynamicImport = /\bimport\(\s*'([^']+)'\s*\)/g;
const workerFile = /\bnew URL\(\s*'(\.[^']+\.[cm]?tsx?)',\s*import\.meta\.url\s*\)/g;
const anyFrom = /\bfrom\s*['"`]/g;

/** The code without its comments: whole lines and blocks of them, and what follows code behind two slashes. */
export const withoutComments = (source: string): string =>
  source.replaceAll(/^\s*\/\*[\s\S]*?\*\//gm, '').replaceAll(/(?:^|\s)\/\/.*$/gm, '');

/** What a module imports. Throws where an import is written in a way that this does not read. */
export function importsOf({ path, source }: Source): readonly Import[] {
  const code = withoutComments(source);
  const statements = [...code.matchAll(fromStatement)];
  const expected = code.match(anyFrom)?.length ?? 0;
  if (statements.length !== expected) {
    throw new Error(
      `Expected ${expected} imports and re-exports in ${path}, one for each \`from\` before a quote, read ${statements.length}.`,
    );
  }
  return [
    ...statements.map(([, type, clause = '', specifier = '']): Import => {
      const names = [...clause.matchAll(/(type\s+)?([\w$*]+)(?:\s+as\s+[\w$]+)?/g)];
      return {
        specifier,
        typeOnly: type !== undefined || (names.length > 0 && names.every(([, prefix]) => prefix !== undefined)),
        names: names.filter(([, prefix]) => prefix === undefined).map(([, , name = '']) => name),
      };
    }),
    ...[bareStatement, dynamicImport, workerFile].flatMap((shape) =>
      [...code.matchAll(shape)].map(([, specifier = '']): Import => ({ specifier, typeOnly: false, names: [] })),
    ),
  ];
}

/** The layer of a module: its folder below `src`, or its own name where it lies in `src` itself. */
const layerOf = (path: string): string => path.split('/')[1] ?? '';

const outer = ['auth', 'backends', 'buses', 'config', 'graphql', 'live', 'observability', 'stores', 'transport'];

/** Which layers each layer may know, besides itself. */
const mayKnow: Readonly<Record<string, readonly string[]>> = {
  core: [],
  auth: ['core'],
  backends: ['core'],
  buses: ['core'],
  config: ['core'],
  observability: ['core'],
  stores: ['core'],
  graphql: ['core'],
  live: ['core', 'graphql'],
  transport: ['core', 'graphql', 'live', 'auth'],
  'gateway.ts': ['core', ...outer],
  cli: ['core', 'gateway.ts', 'auth', 'backends', 'config', 'graphql', 'stores'],
  'index.ts': ['core', 'config', 'gateway.ts'],
  // In the browser: what the server knows it learns over the wire.
  graphiql: [],
};

/** Where each package is used at run time. What is in no list may be used anywhere but in core. */
const homes: Readonly<Record<string, readonly string[]>> = {
  graphql: ['graphql'],
  'graphql-jit': ['graphql'],
  '@graphql-tools/schema': ['graphql'],
  dataloader: ['graphql'],
  '@apollo/server': ['transport'],
  '@fastify/cors': ['transport'],
  fastify: ['transport'],
  ws: ['transport'],
  'graphql-ws': ['transport', 'graphiql'],
  'graphql-sse': ['transport'],
  jose: ['auth'],
  viem: ['auth'],
  '@node-rs/argon2': ['auth'],
  'rate-limiter-flexible': ['auth'],
  pino: ['observability'],
  'prom-client': ['observability'],
  '@opentelemetry/api': ['observability'],
  zod: ['config', 'backends'],
  commander: ['cli'],
  'node:sqlite': ['stores'],
  pg: ['buses', 'stores'],
  ioredis: ['buses'],
  '@nats-io/transport-node': ['buses'],
  react: ['graphiql'],
  'react-dom': ['graphiql'],
  graphiql: ['graphiql'],
  '@graphiql/react': ['graphiql'],
  '@graphiql/toolkit': ['graphiql'],
};

/** What of a package is taken outside its home all the same: an error to throw is part of the protocol that these speak. */
const exceptions: readonly { readonly layers: readonly string[]; readonly specifier: string; readonly names: readonly string[] }[] = [
  { layers: ['live', 'transport'], specifier: 'graphql', names: ['GraphQLError'] },
];

const registries: ReadonlySet<string> = new Set(['backends', 'buses', 'stores']);

/** The package or built-in module of a specifier that is not relative. */
const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

function faultsOfPackage(path: string, { specifier, typeOnly, names }: Import): readonly string[] {
  const layer = layerOf(path);
  const used = packageOf(specifier);
  if (layer === 'core') {
    const allowed = specifier.startsWith('node:') ? homes[specifier] === undefined : used === 'uuid' && path === 'src/core/ids.ts';
    return allowed ? [] : [`${path} imports ${specifier}: core knows nothing but itself, node: and, in ids.ts, uuid`];
  }
  const home = homes[used];
  if (typeOnly || home === undefined || home.includes(layer)) return [];
  const excepted = exceptions.some(
    (exception) =>
      exception.specifier === specifier &&
      exception.layers.includes(layer) &&
      names.length > 0 &&
      names.every((name) => exception.names.includes(name)),
  );
  return excepted ? [] : [`${path} imports ${specifier}, which is used in ${home.join(' and ')} alone`];
}

/** The driver that a module belongs to: `stores/sqlite` of `src/stores/sqlite/page.ts` and of `src/stores/sqlite.ts`. */
function driverOf(path: string): string | null {
  const [, layer = '', name = ''] = path.split('/');
  const driver = name.replace(/\.ts$/, '');
  return registries.has(layer) && driver !== 'registry' && driver !== 'shared' ? `${layer}/${driver}` : null;
}

function faultsOfModule(path: string, specifier: string, paths: ReadonlySet<string>): readonly string[] {
  const target = posix.join(posix.dirname(path), specifier);
  // Descriptions and other files that are no code.
  if (!/\.tsx?$/.test(target)) return [];
  if (!paths.has(target)) return [`${path} imports ${target}, which is not there`];
  const [from, to] = [layerOf(path), layerOf(target)];
  const driver = driverOf(target);
  return [
    ...(from === to || mayKnow[from]?.includes(to) === true ? [] : [`${path} imports ${target}: ${from} does not know ${to}`]),
    ...(driver === null || driver === driverOf(path) || path === `src/${to}/registry.ts`
      ? []
      : [`${path} imports ${target}: only src/${to}/registry.ts knows the drivers`]),
  ];
}

const faultsOfText = ({ path, source }: Source): readonly string[] => {
  const code = withoutComments(source);
  return [
    ...(/\bprocess\s*(?:\.|\?\.|\[\s*['"])\s*env\b/.test(code) && path !== 'src/config/env.ts'
      ? [`${path} reads process.env: only src/config/env.ts does`]
      : []),
    ...(/\brequire\(|\bcreateRequire\b/.test(code) ? [`${path} requires: modules are imported`] : []),
    // What is imported by a name made at run time cannot be held to a layer. A configuration file is what it is for.
    ...(/\bimport\((?!\s*')/.test(code) && path !== 'src/config/config-file.ts'
      ? [`${path} imports by a name that is not written down`]
      : []),
  ];
};

/** The first way round from a module to itself by what is imported at run time, for each module that has one. */
function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const begin = trail.indexOf(path);
    if (begin >= 0) {
      found.push(`A cycle of imports: ${[...trail.slice(begin), path].join(' -> ')}`);
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}

/** Where the modules do not keep to the layers, in words. Empty = they do. */
export function faultsIn(modules: readonly Source[]): readonly string[] {
  const paths = new Set(modules.map(({ path }) => path));
  const graph = new Map<string, readonly string[]>();
  const faults = modules.flatMap((module) => {
    const { path } = module;
    const imports = importsOf(module);
    const relative = imports.filter(({ specifier }) => specifier.startsWith('.'));
    graph.set(
      path,
      relative.filter(({ typeOnly }) => !typeOnly).map(({ specifier }) => posix.join(posix.dirname(path), specifier)),
    );
    const unknown = mayKnow[layerOf(path)] === undefined ? [`${path} is in no layer`] : [];
    return [
      ...unknown,
      ...faultsOfText(module),
      ...relative.flatMap(({ specifier }) => faultsOfModule(path, specifier, paths)),
      ...imports.filter(({ specifier }) => !specifier.startsWith('.')).flatMap((each) => faultsOfPackage(path, each)),
    ];
  });
  return [...faults, ...cyclesIn(graph)];
}
