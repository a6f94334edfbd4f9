import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { expect, test } from 'vitest';
import { createEmulator } from './emulator.ts';

test('sockets that are attached to it are cut off by a stop and taken again after a start', async () => {
  const emulator = await createEmulator({ name: 'sockets', routes: (app) => void app.get('/', () => ({})) });
  const sockets = new Server(emulator.server);
  const client = io(emulator.url, { transports: ['websocket'], reconnectionDelay: 1, reconnectionDelayMax: 1 });
  const [socket] = (await once(sockets, 'connection')) as [{ id: string }];
  expect((await fetch(emulator.url)).status).toBe(200);
  const again = once(sockets, 'connection');
  await emulator.stop();
  await emulator.start();
  const [next] = (await again) as [{ id: string }];
  expect(next.id).not.toBe(socket.id);
  client.close();
  sockets.engine.close();
  await emulator[Symbol.asyncDispose]();
});

test('it runs as a process of its own until it is told to end', async () => {
  const folder = JSON.stringify(new URL('.', import.meta.url).href);
  const script = `
    const { createEmulator } = await import(${folder} + 'emulator.ts');
    const { runStandalone } = await import(${folder} + 'standalone.ts');
    const spec = { document: { openapi: '3.0.0', paths: {} } };
    await runStandalone('alone', () => createEmulator({ name: 'alone', spec, routes: (app) => app.get('/', () => ({ here: true })) }));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const [name, url = ''] = String(line).trim().split(' ');
  expect(name).toBe('alone');
  expect(await (await fetch(url)).json()).toEqual({ here: true });
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});
