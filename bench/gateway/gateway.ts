import { execFile } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { lastLines, packageRoot, startChild, type Child } from '../harness/child.ts';
import type { HttpRequest } from '../load/http-connection.ts';

/** Where a gateway is reached, and by whom. */
export interface GatewayAddress {
  readonly url: string;
  readonly webSocketUrl: string;
  readonly port: number;
}
export interface Gateway extends GatewayAddress, AsyncDisposable {
  readonly process: Child;
  readonly apiKey: string;
}

const entry = 'src/cli/main.ts';
const secret = 'a secret of the bench, which guards nothing at all';

/** How long a gateway may take to answer, milliseconds. */
const patienceMs = 30_000;

/** What else an operator sets: environment variables by name. */
export type GatewaySettings = Readonly<Record<string, string>>;

/** What the operator of a gateway would set, and nothing else: everything that is measured runs on the defaults of production. */
function gatewayEnvironment(dataDirectory: string, port: number, settings: GatewaySettings): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(?:PARLEY_|VITEST)/.test(name));
  return {
    ...Object.fromEntries(own),
    NODE_ENV: 'production',
    PARLEY_SECRET: secret,
    PARLEY_DATA_DIR: dataDirectory,
    HOST: '127.0.0.1',
    PORT: String(port),
    ...settings,
  };
}

/** A port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<number>();
  server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  const port = await promise;
  await new Promise((closed) => server.close(closed));
  return port;
}

export const addressOf = (port: number): GatewayAddress => ({
  url: `http://127.0.0.1:${port}/graphql`,
  webSocketUrl: `ws://127.0.0.1:${port}/graphql`,
  port,
});

/** Makes an API key by the CLI, as an operator does. The gateway need not run. */
async function createApiKey(dataDirectory: string, settings: GatewaySettings): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(packageRoot, entry), 'keys', 'create', '--name', 'bench', '--tier', 'enterprise'],
    { cwd: dataDirectory, env: gatewayEnvironment(dataDirectory, 0, settings) },
  );
  const key = /\bpk_[0-9a-f]{16}_[\w-]{43}/.exec(stdout)?.[0];
  if (key === undefined) throw new Error(`Expected \`parley keys create\` to print a key, got: ${stdout}`);
  return key;
}

/** Starts `parley start` in a process of its own, without waiting for it. */
export const spawnGateway = (dataDirectory: string, port: number, probed: boolean, settings: GatewaySettings = {}): Child =>
  startChild({
    entry,
    args: ['start'],
    env: gatewayEnvironment(dataDirectory, port, settings),
    // Nobody's parley.config.ts is found here.
    workingDirectory: dataDirectory,
    logFile: join(dataDirectory, 'gateway.log'),
    probed,
  });

/** Asks until the gateway answers 200, and returns that answer. Throws when its process ends before. */
export async function firstAnswer(process: Child, request: HttpRequest, everyMs: number): Promise<string> {
  const ended = process.ended.then((outcome): never => {
    throw new Error(`The gateway ended (${outcome}) before it answered`);
  });
  const ask = async (): Promise<string> => {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const response = await fetch(request.url, {
        method: request.body === null ? 'GET' : 'POST',
        headers: { 'content-type': 'application/json', ...request.headers },
        body: request.body,
      }).catch(() => null);
      if (response?.status === 200) return await response.text();
      if (performance.now() > deadline)
        throw new Error(`The gateway did not answer 200 within ${patienceMs} ms, at last ${response?.status}`);
      await response?.arrayBuffer();
      await sleep(everyMs);
    }
  };
  return await Promise.race([ask(), ended]);
}

export interface GatewayOptions {
  readonly settings?: GatewaySettings;
  /** One that its store has. @default a new one */
  readonly apiKey?: string;
}

/** Starts a gateway on a new data directory and waits until it answers. */
export async function startGateway(dataDirectory: string, { settings = {}, apiKey: known }: GatewayOptions = {}): Promise<Gateway> {
  const apiKey = known ?? (await createApiKey(dataDirectory, settings));
  const address = addressOf(await freePort());
  const process = spawnGateway(dataDirectory, address.port, true, settings);
  try {
    const body = JSON.stringify({ query: '{ viewer { kind } }' });
    const answer = await firstAnswer(process, { url: address.url, headers: { 'x-api-key': apiKey }, body }, 20);
    if (!answer.includes('API_KEY')) throw new Error(`Expected the viewer to be an API key, got ${answer}`);
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw new Error(`The gateway did not start:\n${lastLines(join(dataDirectory, 'gateway.log'))}`, { cause: error });
  }
  return { ...address, apiKey, process, [Symbol.asyncDispose]: () => process[Symbol.asyncDispose]() };
}
