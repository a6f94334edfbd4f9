import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { firstAnswer, freePort } from '../gateway/gateway.ts';
import { packageRoot, startChild, type Child } from '../harness/child.ts';

const folder = 'bench/mesh';
const compose = `${folder}/node_modules/@graphql-mesh/compose-cli/esm/bin.js`;
const serve = `${folder}/node_modules/@graphql-hive/gateway/dist/bin.js`;

/** How to install it; null where it is installed. */
export const meshMissing = (): string | null =>
  [compose, serve].every((entry) => existsSync(join(packageRoot, entry)))
    ? null
    : `GraphQL Mesh and Hive Gateway are no dependencies of the project. Install them with \`npm ci --prefix ${folder}\`.`;

export interface MeshOptions {
  /** The service's OpenAPI document, relative to the root of the package. */
  readonly document: string;
  /** The service's base URL. */
  readonly url: string;
  readonly apiKey: string;
  /** A folder of its own. */
  readonly directory: string;
}

export interface Mesh extends AsyncDisposable {
  readonly url: string;
  readonly process: Child;
}

/** Settings of this process that would have it report to, or read from, somewhere else. */
const remote = /^(?:HIVE_|APOLLO_|OPENTELEMETRY|OTEL_|FORK$|JIT$|CONFIG_PATH$|POLLING$)/;

/** Composes a supergraph of the service's document and serves it, in production mode on the loopback address. */
export async function startMesh({ document, url, apiKey, directory }: MeshOptions): Promise<Mesh> {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !remote.test(name)));
  const env = { ...own, NODE_ENV: 'production' };
  const supergraph = join(directory, 'supergraph.graphql');
  await promisify(execFile)(
    process.execPath,
    [join(packageRoot, compose), '--config-path', join(packageRoot, folder, 'mesh.config.js'), '--output', supergraph],
    {
      cwd: directory,
      env: { ...env, BENCH_SERVICE_DOCUMENT: join(packageRoot, document), BENCH_SERVICE_URL: url, BENCH_SERVICE_KEY: apiKey },
    },
  );
  const port = await freePort();
  const child = startChild({
    entry: serve,
    args: ['supergraph', supergraph, '--host', '127.0.0.1', '--port', `${port}`],
    env,
    workingDirectory: directory,
    logFile: join(directory, 'mesh.log'),
  });
  const graphql = `http://127.0.0.1:${port}/graphql`;
  try {
    await firstAnswer(child, { url: graphql, headers: {}, body: JSON.stringify({ query: '{ __typename }' }) }, 50);
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
  return { url: graphql, process: child, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}
