import { readFile } from 'node:fs/promises';
import { type Emulator, createEmulator } from '../shared/emulator.ts';
import { chatRoutes } from './chat-routes.ts';
import { type EmulatedHub, createHub } from './hub.ts';
import { type QuicksyncEmulatorOptions, settingsOf } from './options.ts';
import { sessionRoutes } from './session-routes.ts';
import { type Announce, type EmulatorState, createState } from './state.ts';
import { walletRoutes } from './wallet-routes.ts';

/** QuickSync's Session API, wallet proof, chats and session hub, as far as their documentation goes. */
export interface QuicksyncEmulator extends Emulator {
  /** With the version: what the connector's `url` is. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** What the service holds, and what may be done there past the gateway. It is kept through restarts. */
  readonly state: EmulatorState;
  readonly hub: EmulatedHub;
  /** Tells the session's clients of something, as the hub does. */
  readonly announce: Announce;
}

// How often it looks for sessions that have run out. With a clock of the test's own, `state.sweep` does it at once.
const sweepMs = 500;

export async function createQuicksyncEmulator(options: QuicksyncEmulatorOptions = {}): Promise<QuicksyncEmulator> {
  const settings = settingsOf(options);
  const announce: Announce = (session, eventType, data, gone) => {
    const envelope = { sessionId: session.id, eventType, data };
    hub.invoke(session, settings.hubMethod ?? eventType, [envelope]);
    if (gone !== undefined) hub.sendAway(session, gone);
  };
  const state = createState(settings, announce);
  const hub = createHub(state);
  const document: unknown = JSON.parse(await readFile(new URL('../specs/quicksync.json', import.meta.url), 'utf8'));
  const emulator = await createEmulator({
    name: 'quicksync',
    port: settings.port,
    spec: {
      document,
      exceptions: [{ operation: 'POST /session', problem: 'status 401', reason: 'Documented for joining, by the same bearer.' }],
    },
    routes(app) {
      sessionRoutes(app, state, settings);
      walletRoutes(app, state);
      chatRoutes(app, state, settings);
      hub.routes(app);
    },
  });
  emulator.server.on('upgrade', (request, socket, head) => hub.upgrade(request, socket, head));
  const sweeping = setInterval(() => state.sweep(), sweepMs).unref();
  return Object.defineProperties({} as QuicksyncEmulator, {
    ...Object.getOwnPropertyDescriptors(emulator),
    baseUrl: { get: () => `${emulator.url}/v1`, enumerable: true },
    apiKey: { value: settings.apiKey, enumerable: true },
    state: { value: state, enumerable: true },
    hub: { value: hub, enumerable: true },
    announce: { value: announce, enumerable: true },
    [Symbol.asyncDispose]: {
      async value() {
        clearInterval(sweeping);
        hub.close();
        await emulator[Symbol.asyncDispose]();
      },
    },
  });
}
