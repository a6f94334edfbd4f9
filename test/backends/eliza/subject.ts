import { type BackendSubject, featureTable } from '../../conformance/backend-subject.ts';
import { createElizaEmulator, echoAgent } from '../../emulators/eliza/emulator.ts';

const apiKey = 'the-gateway-at-eliza';
const socketApiKey = 'its-sockets-at-eliza';

export const eliza: BackendSubject = {
  kind: 'ELIZA',
  features: featureTable('UPSTREAM', {
    GATEWAY: ['UPDATE', 'REPLACE', 'JOIN', 'KICK', 'PASSWORD', 'ALLOWLIST', 'CAPACITY', 'DEFAULTS'],
    UNAVAILABLE: ['SUGGESTIONS'],
  }),
  others: { create: true, say: true },
  base: { agentId: echoAgent.id },
  gone: 'EXPIRED',
  // Five minutes are the least there: how a session ends by the service's clock is tried with a turned clock, by the connector's tests.
  short: null,
  callsPerPage: 1,
  async open({ pollMs = 5_000 } = {}) {
    const emulator = await createElizaEmulator({ apiKey, socketApiKey, rateLimit: 100_000 });
    return {
      config: { kind: 'ELIZA', url: emulator.url, apiKey, socketApiKey, agentId: echoAgent.id, pollMs },
      emulator,
      at: {
        create: async () => emulator.createSession().id,
        say: async (handle, content) => void emulator.userSays(handle, content),
        remove: async (handle) => emulator.remove(handle),
        has: (handle) => emulator.state.sessions.has(handle),
        reply: (chunks) => void emulator.script.push({ kind: 'reply', chunks }),
      },
      secrets: () => [apiKey, socketApiKey],
      person: async () => ({}),
      [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
    };
  },
};
