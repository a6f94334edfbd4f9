import { type BackendSubject, featureTable } from '../../conformance/backend-subject.ts';

export const local: BackendSubject = {
  kind: 'LOCAL',
  features: featureTable('GATEWAY', {
    UNAVAILABLE: ['AGENT_REPLY', 'REPLY_STREAM', 'SUGGESTIONS'],
  }),
  others: { create: false, say: false },
  base: {},
  gone: null,
  short: { timeout: { timeoutSeconds: 2, autoRenew: false, warningSeconds: 1 } },
  callsPerPage: 0,
  open: async () => ({
    config: { kind: 'LOCAL' },
    emulator: null,
    at: null,
    secrets: () => [],
    person: async () => ({}),
    [Symbol.asyncDispose]: async () => {},
  }),
};
