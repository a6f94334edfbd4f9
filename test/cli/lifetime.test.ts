import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const lifetime = fileURLToPath(new URL('../../src/cli/lifetime.ts', import.meta.url));

/** A process whose end never comes by itself. */
const endless = `
  const { watchLifetime } = await import(${JSON.stringify(lifetime)});
  const life = watchLifetime(200);
  setInterval(() => {}, 1_000);
  console.log('ready');
  console.log('told by a ' + (await life.end));
  await new Promise(() => {});
`;

test.each(['SIGTERM', 'SIGINT'] as const)(
  'a process that is told to stop by %s and cannot ends all the same, and says so',
  async (signal) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', endless], { stdio: ['ignore', 'pipe', 'pipe'] });
    const said = text(child.stderr);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await once(child.stdout, 'data');
    child.kill(signal);
    const [code] = (await once(child, 'close')) as [number | null];
    expect({ code, output }).toEqual({ code: 1, output: 'ready\ntold by a signal\n' });
    expect(await said).toBe('The gateway has not come to its end within 0.2 s: it is ended as it is.\n');
  },
);
