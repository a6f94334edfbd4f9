import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startGateway, type Gateway } from '../gateway/gateway.ts';
import { bearer, openSession, openSessions, type GuestSession } from '../gateway/guests.ts';
import { sessionQuery } from '../gateway/operations.ts';
import { delivered, sendRequest } from '../gateway/traffic.ts';
import { startChild } from '../harness/child.ts';
import { measuredLoad, processorMicros, type MeasuredLoad } from '../harness/measured-load.ts';
import { alternate, rowOf, type Row, type Scenario, type Workshop } from '../harness/scenario.ts';
import { median } from '../harness/statistics.ts';
import type { HttpRequest } from '../load/http-connection.ts';
import type { HttpLoadInput, HttpLoadMethods } from '../load/http-load.ts';

type Load = Omit<HttpLoadInput, 'seconds'>;

const content = 'All hands to the deck, the bench is about to begin.';

const queriesIn = (gateway: Gateway, sessions: readonly GuestSession[]): Load => ({
  requests: sessions.map(({ id, tokens }): HttpRequest => ({
    url: gateway.url,
    headers: bearer(tokens[0] ?? ''),
    body: JSON.stringify({ query: sessionQuery, variables: { id } }),
  })),
  expect: '"pageInfo":{"hasNextPage":false}',
});
const sendsBy = (gateway: Gateway, tokens: readonly string[]): Load => ({
  requests: tokens.map((token) => sendRequest(gateway, token, content)),
  expect: delivered,
});

async function run({ scale, directory, say }: Workshop): Promise<readonly Row[]> {
  const dataDirectory = join(directory, 'parley');
  await mkdir(dataDirectory);
  await using gateway = await startGateway(dataDirectory);
  say(`making ${scale.callers} sessions of 10 members, and one of ${scale.callers}`);
  const sessions = await openSessions(gateway, scale.callers, 10);
  const crowd = await openSession(gateway, 'Crowded deck', scale.callers);

  const common = { workingDirectory: directory, logFile: join(directory, 'send.log') };
  await using load = startChild<HttpLoadMethods>({ ...common, entry: 'bench/load/http-load.ts' });
  const loads: readonly Load[] = [
    sendsBy(
      gateway,
      sessions.map(({ tokens }) => tokens[0] ?? ''),
    ),
    queriesIn(gateway, sessions),
    sendsBy(gateway, crowd.tokens),
  ];
  const contenders = loads.map((one) => (seconds: number) => measuredLoad(load, gateway.process, { ...one, seconds }));
  say('warming up');
  for (const contender of contenders) await contender(scale.warmUpSeconds);
  say(`${scale.rounds} rounds of ${scale.roundSeconds} s each`);
  const [apart = [], queries = [], together = []] = await alternate(
    scale.rounds,
    contenders.map((contender) => () => contender(scale.roundSeconds)),
  );

  const mid = (rounds: readonly MeasuredLoad[], figure: (round: MeasuredLoad) => number): number => median(rounds.map(figure));
  const rowFor = (measure: string, sends: readonly MeasuredLoad[]): Row =>
    rowOf({
      scenario: 'send',
      measure,
      unit: 'req/s',
      parley: sends.map(({ perSecond }) => perSecond),
      peer: { name: 'its own query', values: queries.map(({ perSecond }) => perSecond) },
      target: { bound: 'at least', value: 0.4 },
      details: {
        'sendMessage: µs of processor': mid(sends, processorMicros),
        'query: µs of processor': mid(queries, processorMicros),
        'sendMessage: cores': mid(sends, ({ serverCores }) => serverCores),
        'sendMessage: p50 ms': mid(sends, ({ medianMs }) => medianMs),
        'sendMessage: p99 ms': mid(sends, ({ p99Ms }) => p99Ms),
        'query: cores': mid(queries, ({ serverCores }) => serverCores),
        'load at sendMessage: cores': mid(sends, ({ clientCores }) => clientCores),
      },
    });
  return [
    rowFor(`sendMessage, ${scale.callers} callers, a session each`, apart),
    rowFor(`sendMessage, ${scale.callers} callers in one session`, together),
  ];
}

export const send: Scenario = { name: 'send', run };
