import { readFile } from 'node:fs/promises';
import { type Emulator, createEmulator } from '../shared/emulator.ts';
import type { SpecException } from '../shared/spec-check.ts';
import { type EmulatedAgent, createAgent } from './agent.ts';
import { type JulepEmulatorOptions, settingsOf } from './options.ts';
import { type JulepState, createState } from './state.ts';
import { v03Routes } from './v03-routes.ts';
import { v1Routes } from './v1-routes.ts';

/** Julep's sessions, by either of its APIs, with an agent that says what it is told to. */
export interface JulepEmulator extends Emulator {
  /** With the base path: what the connector's `url` is. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** What the service holds, and what may be done there past the gateway. It is kept through restarts. */
  readonly state: JulepState;
  readonly agent: EmulatedAgent;
}

const exceptions: Readonly<Record<JulepEmulatorOptions['contract'], readonly SpecException[]>> = {
  'v0.3': [
    { problem: '200 /user_id', reason: 'Sessions need no user: the code answers null.' },
    { operation: 'GET /sessions', problem: '200 /items/', reason: 'As for one session.' },
    { problem: '200 /summary', reason: 'Null until there is one.' },
    { problem: 'status 4', reason: 'The document has no refusals.' },
    { problem: 'status 5', reason: 'Nor failures.' },
  ],
  v1: [
    {
      problem: 'query.metadata_filter',
      reason: 'Required by the document, with a default by the code, which takes `metadata_filter.<key>`.',
    },
    { problem: 'status 201', reason: 'Of chat, and of making a session under an id: 200 by the document.' },
    { problem: 'status 4', reason: 'The document has no refusals.' },
    { problem: 'status 5', reason: 'Nor failures.' },
  ],
};

export async function createJulepEmulator(options: JulepEmulatorOptions): Promise<JulepEmulator> {
  const settings = settingsOf(options);
  const { contract, port, apiKey } = settings;
  const state = createState(settings);
  const agent = createAgent();
  const text = await readFile(new URL(`../specs/julep-${contract}.json`, import.meta.url), 'utf8');
  // The dialect that some of its schemas claim is not the one of the whole.
  const document: unknown = JSON.parse(text, (key, value: unknown) => (key === '$schema' ? undefined : value));
  const emulator = await createEmulator({
    name: 'julep',
    port,
    spec: { document, basePath: '/api', exceptions: exceptions[contract] },
    routes(app) {
      app.register(
        (scope, _, done) => {
          (contract === 'v1' ? v1Routes : v03Routes)(scope, state, agent, settings);
          done();
        },
        { prefix: '/api' },
      );
    },
  });
  return Object.defineProperties({} as JulepEmulator, {
    ...Object.getOwnPropertyDescriptors(emulator),
    baseUrl: { get: () => `${emulator.url}/api`, enumerable: true },
    apiKey: { value: apiKey, enumerable: true },
    state: { value: state, enumerable: true },
    agent: { value: agent, enumerable: true },
  });
}
