import type { ParleyConfig } from '../../src/config/config.ts';
import { createElizaEmulator, type ElizaEmulator } from '../../test/emulators/eliza/emulator.ts';
import { createJulepEmulator, type JulepEmulator } from '../../test/emulators/julep/emulator.ts';
import { createMachaniEmulator, type MachaniEmulator } from '../../test/emulators/machani/emulator.ts';
import { createQuicksyncEmulator, type QuicksyncEmulator } from '../../test/emulators/quicksync/emulator.ts';
import { createSipherEmulator, type SipherEmulator, sipherKeys } from '../../test/emulators/sipher/emulator.ts';
import { inPieces, replyTo } from './agent.ts';

/** All five, on free ports of this machine. */
export interface Services extends AsyncDisposable {
  readonly quicksync: QuicksyncEmulator;
  readonly sipher: SipherEmulator;
  readonly machani: MachaniEmulator;
  readonly eliza: ElizaEmulator;
  readonly julep: JulepEmulator;
  /** How a gateway is configured for them, and for sessions of its own. */
  readonly backends: NonNullable<ParleyConfig['backends']>;
}

const daySeconds = 86_400;
const pieceMs = 80;
// What emulators note of each request is for tests.
const forgetMs = 60_000;

const elizaAgent = {
  id: 'b850bc30-45f8-0041-a00a-83df46d8555d',
  name: 'Eliza',
  bio: 'Answers questions with questions.',
  status: 'active',
} as const;

/** Starts them. What was started before one fails is stopped again. */
export async function startServices(): Promise<Services> {
  await using started = new AsyncDisposableStack();
  const own = async <T extends AsyncDisposable>(starting: Promise<T>): Promise<T> => started.use(await starting);

  const quicksync = await own(createQuicksyncEmulator({ expirySeconds: daySeconds }));
  const sipher = await own(createSipherEmulator());
  const authorization = 'Bearer the-demo-at-machani';
  const machani = await own(createMachaniEmulator({ authorization }));
  const eliza = await own(
    createElizaEmulator({
      agents: [elizaAgent],
      act: ({ content }) => ({ kind: 'reply', chunks: inPieces(replyTo(content)), delayMs: pieceMs }),
      // One page that is left open asks more often than the real one lets.
      rateLimit: 1_000_000,
    }),
  );
  const julep = await own(createJulepEmulator({ contract: 'v1' }));
  Object.assign(julep.agent, { reply: replyTo, pieces: inPieces, latencyMs: pieceMs });
  const { id: julepAgent } = julep.state.agents[0] ?? julep.state.addAgent();

  const forgetting = setInterval(() => {
    for (const emulator of [quicksync, sipher, machani, eliza, julep]) emulator.clear();
  }, forgetMs);
  started.defer(() => clearInterval(forgetting));

  const all = started.move();
  return {
    quicksync,
    sipher,
    machani,
    eliza,
    julep,
    backends: {
      local: { kind: 'LOCAL' },
      quicksync: { kind: 'QUICKSYNC', url: quicksync.baseUrl, apiKey: quicksync.apiKey },
      // As recommended for the real one: its requests are few, and shared by all.
      sipher: { kind: 'SIPHER', url: sipher.url, apiKey: sipherKeys.pro, pollMs: 30_000 },
      machani: { kind: 'MACHANI', url: machani.url, authorization },
      eliza: { kind: 'ELIZA', url: eliza.url, agentId: elizaAgent.id },
      julep: { kind: 'JULEP', contract: 'v1', url: julep.baseUrl, apiKey: julep.apiKey, agentId: julepAgent },
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
