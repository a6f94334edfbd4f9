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
