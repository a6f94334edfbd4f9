import type { Backend, Feature, FeatureProvider } from '../../core/backend.ts';
import type { Service } from '../../core/service.ts';
import { systemClock } from '../../core/system-clock.ts';
import { type Problem, isProblem } from '../../core/problem.ts';
import { createServiceHealth } from '../shared/service-health.ts';
import { refused } from './problems.ts';
import { isRefusal } from './refusal.ts';
import { createAdapter } from './adapter.ts';
import { createChats } from './chats.ts';
import { createQuicksyncClient } from './client.ts';
import type { QuicksyncOptions } from './options.ts';
import { type ServiceDeps, createSessions } from './service.ts';
import { createWalletRelay } from './wallet-relay.ts';
import { createWatches } from './watch.ts';

const featuresOf = (chats: boolean): Readonly<Record<Feature, FeatureProvider>> => ({
  // A session is always the current one of a token: the service lists none and changes none.
  LIST: 'GATEWAY',
  UPDATE: 'GATEWAY',
  REPLACE: 'GATEWAY',
  JOIN: 'UPSTREAM',
  KICK: 'UPSTREAM',
  PASSWORD: 'UPSTREAM',
  ALLOWLIST: 'UPSTREAM',
  CAPACITY: 'UPSTREAM',
  EXPIRY: 'UPSTREAM',
  RENEWAL: 'GATEWAY',
  HEARTBEAT: 'GATEWAY',
  DEFAULTS: 'GATEWAY',
  MESSAGES: chats ? 'UPSTREAM' : 'GATEWAY',
  HISTORY: chats ? 'UPSTREAM' : 'GATEWAY',
  AGENT_REPLY: 'UNAVAILABLE',
  REPLY_STREAM: 'UNAVAILABLE',
  SUGGESTIONS: 'UNAVAILABLE',
  LIVE_EVENTS: 'UPSTREAM',
});

/** Sessions at QuickSync: groups of wallets, each member with a token of its own. Nothing is connected before it is needed. */
export function createQuicksyncBackend(options: QuicksyncOptions): Backend & AsyncDisposable {
  const { name, minimumTier, onExpiry, foreignVisibility, pollMs, chats = true, clock = systemClock } = options;
  const client = createQuicksyncClient(options);
  const deps: ServiceDeps = { name, client, adapter: createAdapter(options), clock };
  const sessions = createSessions(deps);
  const watches = createWatches(deps, { url: options.url, timeoutMs: options.timeoutMs, pollMs: chats ? pollMs : null });
  const close = async (): Promise<void> => {
    await watches[Symbol.asyncDispose]();
    await client[Symbol.asyncDispose]();
  };
  const service: Service = {
    perMember: true,
    secretDefaults: [],
    // Whether sending is answered with the id that history has is not documented.
    matchesByContent: chats,
    open: sessions.open,
    read: sessions.read,
    effects: sessions.effects,
    ...(chats && createChats(deps, sessions)),
    watch: watches.watch,
    wallet: createWalletRelay(deps),
    [Symbol.asyncDispose]: close,
  };
  /** A nonce is given without credentials. The key goes along with creating and joining alone, which takes a wallet: it cannot be tried. */
  const probe = async (): Promise<Problem | string | null> => {
    const said = await client.nonce();
    if (isProblem(said)) return said;
    return isRefusal(said) ? refused(name, 'give a nonce', said) : sessions.keyRefusal();
  };
  return {
    name,
    kind: 'QUICKSYNC',
    minimumTier,
    features: featuresOf(chats),
    health: createServiceHealth({ probe, circuit: () => client.circuit(), clock }),
    agents: async () => [],
    service,
    onExpiry,
    foreignVisibility,
    pollMs,
    [Symbol.asyncDispose]: close,
  };
}
