import { once } from 'node:events';
import { access, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createFolder } from './folder.ts';
import { runParley, startParley } from './parley-process.ts';

const ask = async (url: string, query = '{ viewer { kind } }'): Promise<unknown> => {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return response.json();
};

/** A request whose body never ends: it is in flight for as long as its socket is open. */
async function endlessRequest(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const expectation = [
    'POST /graphql HTTP/1.1',
    'Host: parley',
    'Content-Type: application/json',
    'Content-Length: 100',
    'Expect: 100-continue',
  ];
  socket.write(`${expectation.join('\r\n')}\r\n\r\n`);
  // The server has the request once it asks for its body.
  await once(socket, 'data');
  return socket;
}

/** Resolves once nobody listens there. */
async function closedForNew(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  for (;;) {
    const socket = connect(Number(port), hostname);
    const refused = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(false)).once('error', () => resolve(true));
    });
    socket.destroy();
    if (refused) return;
  }
}

test.each(['SIGTERM', 'SIGINT'] as const)('runs until %s and ends with 0', async (signal) => {
  await using folder = await createFolder();
  await using parley = await startParley(['start', '--port', '0', '--data-dir', 'records'], { cwd: folder.path });
  expect(parley.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(await ask(parley.url)).toEqual({ data: { viewer: { kind: 'ANONYMOUS' } } });
  await access(path.join(folder.path, 'records'));
  parley.signal(signal);
  const { code, stdout, stderr } = await parley.finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  // Nothing but the log where no terminal reads along.
  const lines = stdout.trimEnd().split('\n');
  expect(lines.map((line) => typeof JSON.parse(line))).toEqual(lines.map(() => 'object'));
});

test('is what parley does without a command, too', async () => {
  await using folder = await createFolder();
  await using parley = await startParley(['--port', '0', '--store-driver', 'memory'], { cwd: folder.path });
  expect(await ask(parley.url)).toMatchObject({ data: {} });
});

test('makes a secret for development and uses it again', async () => {
  await using folder = await createFolder();
  const file = path.join(folder.path, 'data', 'secret');
  const startedOnce = async (): Promise<string> => {
    await using parley = await startParley(['--port', '0'], { cwd: folder.path });
    parley.signal('SIGTERM');
    await parley.finished;
    return readFile(file, 'utf8');
  };
  const secret = await startedOnce();
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await startedOnce()).toBe(secret);
});

test('production is closed unless asked', async () => {
  await using folder = await createFolder();
  const env = { NODE_ENV: 'production', PARLEY_SECRET: 's'.repeat(32), HOST: '127.0.0.1', PORT: '0' };
  const create = 'mutation { createSession(input: {}) { __typename ... on Problem { code } } }';
  await using parley = await startParley([], { cwd: folder.path, env });
  expect(await ask(parley.url, create)).toMatchObject({ data: { createSession: { __typename: 'Problem', code: 'UNAUTHENTICATED' } } });
  expect(await ask(parley.url, '{ __schema { queryType { name } } }')).not.toHaveProperty('data.__schema');
  expect((await fetch(`${parley.url}/`)).status).toBe(404);

  await using asked = await startParley([], {
    cwd: folder.path,
    env: { ...env, PARLEY_AUTH_ANONYMOUS: 'true', PARLEY_INTROSPECTION: 'true', PARLEY_GRAPHIQL: 'true' },
  });
  expect(await ask(asked.url, create)).toMatchObject({ data: { createSession: { __typename: 'SessionAdmission' } } });
  expect(await ask(asked.url, '{ __schema { queryType { name } } }')).toHaveProperty('data.__schema');
  expect((await fetch(`${asked.url}/`)).headers.get('content-type')).toContain('text/html');
});

test('a port in use is named', async () => {
  await using folder = await createFolder();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { code, stderr } = await runParley(['start', '--port', String(port)], { cwd: folder.path });
  server.close();
  expect(code).toBe(1);
  expect(stderr).toBe(`Port ${port} of 127.0.0.1 is in use: end what listens there, or choose another one with --port or PORT\n`);
});

test('a port of metrics that is in use is named as that', async () => {
  await using folder = await createFolder();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { code, stderr } = await runParley(['start', '--port', '0'], { cwd: folder.path, env: { PARLEY_METRICS_PORT: String(port) } });
  server.close();
  expect(code).toBe(1);
  expect(stderr).toBe(`Port ${port} of 127.0.0.1 is in use: end what listens there, or choose another one with PARLEY_METRICS_PORT\n`);
});

test('an address of another machine is named', async () => {
  await using folder = await createFolder();
  const { code, stderr } = await runParley(['start', '--port', '0', '--host', '192.0.2.1'], { cwd: folder.path });
  expect(code).toBe(1);
  expect(stderr).toBe('192.0.2.1 is no address of this machine: choose one with --host or HOST\n');
});

test('a store that cannot be opened is named once, with the reason', async () => {
  await using folder = await createFolder();
  const env = { PARLEY_STORE_DRIVER: 'postgres', PARLEY_STORE_URL: 'postgres://127.0.0.1:1/parley' };
  const { code, stderr } = await runParley(['start', '--port', '0'], { cwd: folder.path, env });
  expect(code).toBe(1);
  expect(stderr).toBe(
    'The gateway cannot be started: The PostgreSQL store at 127.0.0.1:1/parley cannot be opened: connect ECONNREFUSED 127.0.0.1:1\n',
  );
});

test('a second signal ends it at once', async () => {
  await using folder = await createFolder();
  await using parley = await startParley(['--port', '0'], { cwd: folder.path, env: { PARLEY_DRAIN_SECONDS: '3600' } });
  const socket = await endlessRequest(parley.url);
  parley.signal('SIGTERM');
  await closedForNew(parley.url);
  parley.signal('SIGTERM');
  expect(await parley.finished).toMatchObject({ code: 1 });
  socket.destroy();
});

test('an exception that nobody caught is reported, drains, and ends with 1', async () => {
  await using folder = await createFolder();
  // The configuration is a module in the same process: a way for a test to throw where nobody catches.
  await folder.write(
    'parley.config.mjs',
    "process.on('SIGUSR2', () => { throw new Error('boom'); });\nexport default { server: { port: 0 } };",
  );
  await using parley = await startParley([], { cwd: folder.path });
  parley.signal('SIGUSR2');
  const { code, stderr } = await parley.finished;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Nobody caught this exception, the gateway stops: Error: boom\n {4}at /);
});

test('a damaged store stops the start with a message that names it', async () => {
  await using folder = await createFolder();
  await folder.write('taken', '');
  const { code, stderr } = await runParley(['start', '--port', '0', '--data-dir', 'taken'], { cwd: folder.path });
  expect(code).toBe(1);
  expect(stderr).toContain('taken');
  expect(stderr).not.toContain('    at ');
});
