import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestWallet } from '../emulators/quicksync/test-wallet.ts';
import { browserMissing, findChromium, launchBrowser } from '../support/browser.ts';
import { freePort } from '../support/gateway-process.ts';
import { bearer, type Credentials, joinSession, mutate, query } from '../support/graphql-client.ts';
import { allEvents, follow, ofType } from '../support/live-client.ts';
import { openGraphiql } from './graphiql-page.ts';

const chromium = findChromium();
if (chromium === null) console.error(browserMissing);

const names = ['local', 'quicksync', 'sipher', 'machani', 'eliza', 'julep'];
const script = join(import.meta.dirname, '../../scripts/demo.ts');
const linePrefix = 'Parley demo: ';

interface Demo {
  readonly child: ChildProcess;
  /** What it has written so far. */
  readonly output: { readonly stdout: string; readonly stderr: string };
  readonly exited: Promise<number | null>;
}

function spawnDemo(port: string): Demo {
  const own = Object.entries(process.env).filter(([name]) => !/^(?:PARLEY_|VITEST|NODE_ENV$|NODE_OPTIONS$|HOST$|npm_)/.test(name));
  const child = spawn(process.execPath, [script], { env: { ...Object.fromEntries(own), PORT: port }, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (chunk: Buffer) => (output[name] += chunk.toString()));
  return { child, output, exited: once(child, 'close').then(([code]) => code as number | null) };
}

/** The line that it prints when it is ready. */
async function line({ child, output, exited }: Demo): Promise<string> {
  const ended = exited.then((code) => {
    throw new Error(`The demo ended with ${code}: ${output.stderr}`);
  });
  while (!output.stdout.includes('\n')) await Promise.race([child.stdout === null ? ended : once(child.stdout, 'data'), ended]);
  ended.catch(() => undefined);
  return output.stdout;
}

/** The bearer of a wallet that QuickSync has seen the proof of. */
async function walletAt(url: string, backend: string): Promise<Credentials> {
  const wallet = createTestWallet();
  const challenge = await mutate(
    url,
    'requestWalletChallenge',
    { address: wallet.address, backend },
    '... on WalletChallenge { id message }',
  );
  const signature = await wallet.signMessage({ message: challenge.message });
  const { token } = await mutate(url, 'verifyWallet', { challengeId: challenge.id, signature }, '... on Credentials { token }');
  return bearer(token);
}

const overview = `{
  backends { name kind health { status circuit } agents { name } }
  sessions(first: 50) {
    nodes { id title status visibility backend { name } rules { passwordProtected } members { totalCount } }
    problems { code detail }
  }
}`;

describe('the demo', { timeout: 60_000 }, () => {
  let demo: Demo;
  let url: string;
  beforeAll(async () => {
    demo = spawnDemo(String(await freePort()));
    url = (await line(demo)).trim().slice(linePrefix.length);
  }, 60_000);
  afterAll(() => void demo.child.kill('SIGKILL'));

  /** The newest session at a backend that somebody of the gateway's made. */
  const sessionAt = async (name: string): Promise<string> => {
    const { sessions } = await query(url, overview);
    const found = sessions.nodes.find(
      (each: any) => each.backend.name === name && each.members.totalCount > 0 && each.title !== null && !each.rules.passwordProtected,
    );
    if (found === undefined) throw new Error(`Nobody has a session at ${name}`);
    return found.id;
  };

  test('prints one line with its address', () => {
    expect(demo.output.stdout).toMatch(/^Parley demo: http:\/\/127\.0\.0\.1:\d+\n$/);
    expect(demo.output.stderr).toBe('');
  });

  test('one query shows six backends, all up, each with a session, and no problem', async () => {
    const { backends, sessions } = await query(url, overview);
    expect(backends.map(({ name, health }: any) => [name, health.status, health.circuit])).toEqual(
      names.map((name) => [name, 'UP', 'CLOSED']),
    );
    expect(sessions.problems).toEqual([]);
    expect(new Set(sessions.nodes.map(({ backend }: any) => backend.name))).toEqual(new Set(names));
    // What was made at the services themselves is there as well.
    for (const name of ['machani', 'eliza', 'julep']) {
      const own = sessions.nodes.filter(({ backend }: any) => backend.name === name);
      expect(own.length).toBeGreaterThanOrEqual(2);
    }
    const talkative = backends.filter(({ agents }: any) => agents.length > 0);
    expect(talkative.map(({ name }: any) => name)).toEqual(['eliza', 'julep']);
  });

  test.for(names)('a session at %s is joined, followed and spoken in', async (name) => {
    const credentials = name === 'quicksync' ? await walletAt(url, name) : {};
    const guest = await joinSession(url, { sessionId: await sessionAt(name), identity: { name: 'Guest' } }, credentials);
    const following = follow(url, allEvents, { sessionId: guest.sessionId }, guest.credentials);
    await following.until(ofType('StreamOpened'));
    const sent = await mutate(
      url,
      'sendMessage',
      { content: 'I am new here.' },
      '... on MessageDelivery { message { id } }',
      guest.credentials,
    );
    const { message } = await following.until((event) => event.message?.id === sent.message.id);
    expect(message).toMatchObject({ content: 'I am new here.', author: { name: expect.stringContaining('Guest') } });
    await following.stop();
  });

  test.for(['eliza', 'julep'])('the agent at %s answers, piece by piece for those who follow', async (name) => {
    const guest = await joinSession(url, { sessionId: await sessionAt(name), identity: { name: 'Asker' } });
    const deltas =
      'subscription { sessionEvents { __typename ... on ReplyDelta { messageId text } ... on MessageAdded { message { id content } } } }';
    const following = follow(url, deltas, {}, guest.credentials);
    await following.until(ofType('StreamOpened'));
    const input = { content: 'I need a compiler.', awaitReply: true };
    const { reply } = await mutate(url, 'sendMessage', input, '... on MessageDelivery { reply { id role content } }', guest.credentials);
    expect(reply).toMatchObject({ role: 'ASSISTANT', content: 'What would it mean to you to have a compiler?' });
    await following.until((event) => event.message?.id === reply.id);
    const pieces = following.events.filter((event) => event.messageId === reply.id);
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.map(({ text }) => text).join('')).toBe(reply.content);
    await following.stop();
  });

  test.skipIf(chromium === null)(
    'a person who plays the tab Backends sees six of them, and Ask explains that LOCAL has no agent',
    async () => {
      await using browser = await launchBrowser(chromium ?? '');
      const window = await openGraphiql(browser, `${url}/`);
      await window.openTab('Backends');
      await window.play();
      // Of a long answer the editor draws what is in view.
      const seen = new Set<string>();
      await window.response.getByText('"backends"').waitFor();
      await window.response.hover();
      await expect
        .poll(
          async () => {
            for (const [, kind = ''] of ((await window.response.textContent()) ?? '').matchAll(/"kind":\s*"(\w+)"/g)) seen.add(kind);
            await window.page.mouse.wheel(0, 200);
            return [...seen].toSorted();
          },
          { timeout: 30_000, interval: 50 },
        )
        .toEqual(names.map((name) => name.toUpperCase()).toSorted());

      await window.openTab('Create');
      await window.play();
      await window.response.getByText('"SessionAdmission"').waitFor();
      await window.takeToken();
      await window.openTab('Ask');
      await window.play();
      await window.response.getByText('Backend local has no AGENT_REPLY').waitFor();
      expect(window.complaints).toEqual([]);
      await window.close();
    },
  );

  test('ends with code 0 at SIGTERM, having printed nothing else', async () => {
    // A client that stays does not keep it.
    const following = follow(url, allEvents, { sessionId: await sessionAt('local') });
    await following.until(ofType('StreamOpened'));
    demo.child.kill('SIGTERM');
    expect(await demo.exited).toBe(0);
    expect(demo.output.stdout.split('\n')).toHaveLength(2);
    expect(demo.output.stderr).toBe('');
    await following.stop();
  });
});

describe('a demo that cannot be started', () => {
  test('says that its port is taken, on standard error, and ends with code 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const demo = spawnDemo(String(port));
    expect(await demo.exited).toBe(1);
    expect(demo.output).toMatchObject({ stdout: '', stderr: expect.stringContaining(`Port ${port} of 127.0.0.1 is in use`) });
    taken.close();
  });

  test('says what a port is', async () => {
    const demo = spawnDemo('many');
    expect(await demo.exited).toBe(1);
    expect(demo.output).toEqual({
      stdout: '',
      stderr: 'The demo cannot be started: Expected PORT to be a whole number from 0 to 65535, got many\n',
    });
  });

  test('ends with code 0 at a signal that comes before it is ready', async () => {
    const port = await freePort();
    const demo = spawnDemo(String(port));
    // It listens, and is still making what there is to look at.
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${port}/health/live`).catch(() => null);
      if (answer?.ok === true) break;
    }
    demo.child.kill('SIGINT');
    expect(await demo.exited).toBe(0);
    expect(demo.output.stderr).toBe('');
  });
});
