import { type BackendSubject, featureTable } from '../../conformance/backend-subject.ts';
import { createSipherEmulator, sipherKeys } from '../../emulators/sipher/emulator.ts';

/** Far more than a suite asks for in a minute. */
const many = 100_000;

export const sipher: BackendSubject = {
  kind: 'SIPHER',
  features: featureTable('GATEWAY', {
    UPSTREAM: ['UPDATE', 'REPLACE', 'EXPIRY', 'DEFAULTS'],
    UNAVAILABLE: ['AGENT_REPLY', 'REPLY_STREAM', 'SUGGESTIONS'],
  }),
  others: { create: true, say: false },
  base: {},
  gone: 'EXPIRED',
  short: { timeout: { timeoutSeconds: 2, autoRenew: false, warningSeconds: 1 } },
  defaults: { chain: 'ethereum', privacyLevel: 'shielded', tone: 'dry' },
  callsPerPage: 50,
  async open({ pollMs = 5_000 } = {}) {
    const emulator = await createSipherEmulator({ rateLimit: { max: many, windowMs: 60_000 } });
    return {
      config: { kind: 'SIPHER', url: emulator.url, apiKey: sipherKeys.pro, requestsPerMinute: many, pollMs },
      emulator,
      at: {
        create: async () => emulator.open({ defaults: { chain: 'solana' } }).id,
        remove: async (handle) => emulator.remove(handle),
        has: (handle) => emulator.state.sessions.has(handle),
      },
      secrets: () => [sipherKeys.pro],
      person: async () => ({}),
      [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
    };
  },
};
