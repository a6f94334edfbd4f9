import { type BackendSubject, featureTable } from '../../conformance/backend-subject.ts';
import { createQuicksyncEmulator } from '../../emulators/quicksync/emulator.ts';
import type { EmulatedSession } from '../../emulators/quicksync/state.ts';
import { createTestWallet } from '../../emulators/quicksync/test-wallet.ts';
import { bearer, mutate } from '../../support/graphql-client.ts';

export const quicksync: BackendSubject = {
  kind: 'QUICKSYNC',
  features: featureTable('UPSTREAM', {
    GATEWAY: ['LIST', 'UPDATE', 'REPLACE', 'RENEWAL', 'HEARTBEAT', 'DEFAULTS'],
    UNAVAILABLE: ['AGENT_REPLY', 'REPLY_STREAM', 'SUGGESTIONS'],
  }),
  others: { create: false, say: true },
  base: {},
  gone: 'ENDED',
  short: { timeout: { timeoutSeconds: 2, autoRenew: false, warningSeconds: 1 } },
  // A session is read in the name of a member, each by itself.
  callsPerPage: 50,
  async open({ pollMs = 5_000 } = {}) {
    const emulator = await createQuicksyncEmulator();
    const { state } = emulator;
    const sessionOf = (handle: string): EmulatedSession => {
      const session = state.sessions.get(handle);
      if (session === undefined) throw new Error(`Expected session ${handle} to be at the emulator.`);
      return session;
    };
    return {
      config: { kind: 'QUICKSYNC', url: emulator.baseUrl, apiKey: emulator.apiKey, pollMs },
      emulator,
      at: {
        async say(handle, content) {
          const session = sessionOf(handle);
          const stranger = [...session.users.values()].find(({ name }) => name === 'Stranger');
          const seat = stranger === undefined ? state.join(session, createTestWallet().address, 'Stranger') : { session, user: stranger };
          state.chat(seat, content);
        },
        remove: async (handle) => state.destroy(sessionOf(handle)),
        has: (handle) => state.sessions.get(handle)?.over === null,
      },
      secrets: () => [
        emulator.apiKey,
        ...[...state.sessions.values()].flatMap(({ users }) => [...users.values()].map(({ token }) => token)),
        ...state.proofs.keys(),
      ],
      async person(url, backend) {
        const wallet = createTestWallet();
        // Challenges are counted by address.
        const address = { 'x-forwarded-for': `198.51.${Math.floor(Math.random() * 256)}.${Math.floor(Math.random() * 256)}` };
        const challenge = await mutate(
          url,
          'requestWalletChallenge',
          { address: wallet.address, backend },
          '... on WalletChallenge { id message }',
          address,
        );
        if (challenge.__typename !== 'WalletChallenge') throw new Error(JSON.stringify(challenge));
        const signature = await wallet.signMessage({ message: challenge.message });
        const credentials = await mutate(url, 'verifyWallet', { challengeId: challenge.id, signature }, '... on Credentials { token }');
        if (credentials.__typename !== 'Credentials') throw new Error(JSON.stringify(credentials));
        return bearer(credentials.token);
      },
      [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
    };
  },
};
