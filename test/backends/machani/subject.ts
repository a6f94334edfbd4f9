import { type BackendSubject, featureTable } from '../../conformance/backend-subject.ts';
import { createMachaniEmulator } from '../../emulators/machani/emulator.ts';

const authorization = 'Bearer the-gateway-at-machani';

export const machani: BackendSubject = {
  kind: 'MACHANI',
  features: featureTable('GATEWAY', {
    UPSTREAM: ['LIST', 'UPDATE', 'REPLACE', 'JOIN', 'KICK', 'MESSAGES', 'LIVE_EVENTS'],
    UNAVAILABLE: ['AGENT_REPLY', 'REPLY_STREAM', 'SUGGESTIONS'],
  }),
  others: { create: true, say: true },
  base: {},
  gone: 'ENDED',
  short: { timeout: { timeoutSeconds: 2, autoRenew: false, warningSeconds: 1 } },
  // The list, and those of its rows that are private there.
  callsPerPage: 50,
  async open({ pollMs = 5_000 } = {}) {
    const emulator = await createMachaniEmulator({ authorization });
    return {
      config: { kind: 'MACHANI', url: emulator.url, authorization, pollMs },
      emulator,
      at: {
        create: async () => emulator.createSession().id,
        say: async (handle, content) =>
          emulator.publish(handle, { id: `their-${content.replaceAll(' ', '-')}`, name: 'stranger', content }),
        followed: async (handle) => (emulator.streamCount(handle) > 0 ? undefined : emulator.streamOpened(handle)),
        remove: async (handle) => emulator.deleteSession(handle),
        has: (handle) => emulator.state.sessions.has(handle),
      },
      secrets: () => [authorization],
      person: async () => ({}),
      [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
    };
  },
};
