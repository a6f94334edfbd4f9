import { expect, test } from 'vitest';
import { openBackends } from '../../src/backends/registry.ts';
import { reportBackends } from '../../src/cli/backend-report.ts';
import type { Backend, BackendHealth, BackendKind } from '../../src/core/backend.ts';
import type { Service } from '../../src/core/service.ts';

const closed: string[] = [];

/** A backend with a service that only says how it is, and can be closed. */
function backend(name: string, kind: BackendKind, health: () => Promise<BackendHealth>): [string, Backend] {
  const [local] = openBackends({ local: { kind: 'LOCAL' } }).values();
  if (local === undefined) throw new Error('Expected a backend');
  const service: Pick<Service, typeof Symbol.asyncDispose> = {
    async [Symbol.asyncDispose]() {
      closed.push(name);
    },
  };
  return [name, { ...local, name, kind, health, service: service as Service }];
}
const saying = (parts: Partial<BackendHealth>) => async (): Promise<BackendHealth> => ({
  status: 'UP',
  circuit: 'CLOSED',
  latencyMs: 12.4,
  checkedAt: 0,
  message: null,
  ...parts,
});

test('shows each backend in a row, names those that are not up, and closes all', async () => {
  closed.length = 0;
  const { table, notUp } = await reportBackends(
    new Map([
      ...openBackends({ local: { kind: 'LOCAL' } }),
      backend('intents', 'SIPHER', saying({})),
      backend(
        'agents',
        'ELIZA',
        saying({ status: 'DOWN', latencyMs: null, message: 'Backend agents cannot be reached:\n\u001B[2J ECONNREFUSED' }),
      ),
      backend('talks', 'JULEP', saying({ status: 'DEGRADED', latencyMs: 8, message: 'credentials refused' })),
      backend('rooms', 'MACHANI', () => Promise.reject(new Error('it broke'))),
    ]),
  );
  expect(
    table
      .trimEnd()
      .split('\n')
      .map((line) => line.replaceAll(/ {2,}/g, ' | ')),
  ).toEqual([
    'BACKEND | KIND | STATUS | LATENCY | MESSAGE',
    'local | LOCAL | UP | 0 ms',
    'intents | SIPHER | UP | 12 ms',
    'agents | ELIZA | DOWN | - | Backend agents cannot be reached: [2J ECONNREFUSED',
    'talks | JULEP | DEGRADED | 8 ms | credentials refused',
    'rooms | MACHANI | DOWN | - | it broke',
  ]);
  expect(notUp).toEqual(['agents', 'talks', 'rooms']);
  expect(closed).toEqual(['intents', 'agents', 'talks', 'rooms']);
});
