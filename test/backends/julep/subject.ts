import { type BackendSubject, featureTable } from '../../conformance/backend-subject.ts';
import { createJulepEmulator } from '../../emulators/julep/emulator.ts';

const apiKey = 'the-gateway-at-julep';

const julep = (contract: 'v0.3' | 'v1'): BackendSubject => ({
  kind: 'JULEP',
  variant: contract,
  features: featureTable('UPSTREAM', {
    GATEWAY: ['JOIN', 'KICK', 'PASSWORD', 'ALLOWLIST', 'CAPACITY', 'EXPIRY', 'RENEWAL', 'HEARTBEAT', 'DEFAULTS', 'LIVE_EVENTS'],
    UNAVAILABLE: [contract === 'v1' ? 'SUGGESTIONS' : 'REPLY_STREAM'],
  }),
  others: { create: true, say: true },
  base: {},
  gone: 'ENDED',
  short: { timeout: { timeoutSeconds: 2, autoRenew: false, warningSeconds: 1 } },
  callsPerPage: 1,
  async open({ pollMs = 5_000 } = {}) {
    const emulator = await createJulepEmulator({ contract, apiKey });
    const { state, agent } = emulator;
    const { id: agentId } = state.addAgent({ name: 'Echo' });
    return {
      config: { kind: 'JULEP', contract, url: emulator.baseUrl, apiKey, agentId, pollMs },
      emulator,
      at: {
        create: async () => state.create({ agentId }).id,
        say: async (handle, content) => void state.say(handle, 'user', content),
        remove: async (handle) => void state.sessions.delete(handle),
        has: (handle) => state.sessions.has(handle),
        suggest: async (handle, content) => state.suggest(handle, { target: 'user', content }),
        reply(pieces) {
          agent.reply = () => pieces.join('');
          agent.pieces = () => pieces;
        },
      },
      secrets: () => [apiKey],
      person: async () => ({}),
      [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
    };
  },
});

export const julepV03: BackendSubject = julep('v0.3');
export const julepV1: BackendSubject = julep('v1');
