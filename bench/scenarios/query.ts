import { deepStrictEqual } from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startGateway } from '../gateway/gateway.ts';
import { ask, bearer, openSessions } from '../gateway/guests.ts';
import { sessionQuery } from '../gateway/operations.ts';
import { startChild } from '../harness/child.ts';
import { inParallel } from '../harness/in-parallel.ts';
import { measuredLoad, processorMicros, type MeasuredLoad } from '../harness/measured-load.ts';
import { alternate, rowOf, type Row, type Scenario, type Workshop } from '../harness/scenario.ts';
import { median } from '../harness/statistics.ts';
import type { HttpLoadMethods } from '../load/http-load.ts';
import type { HttpRequest } from '../load/http-connection.ts';
import type { ApolloMethods } from '../peers/apollo.ts';
import type { SampleSession } from '../peers/sample.ts';

interface SessionAnswer {
  readonly session: SampleSession;
}

const membersPerSession = 10;

/** Every caller asks for its own session. */
const requestFor = (url: string, id: string, headers: Readonly<Record<string, string>>): HttpRequest => ({
  url,
  headers,
  body: JSON.stringify({ query: sessionQuery, variables: { id } }),
});

const mid = (rounds: readonly MeasuredLoad[], figure: (round: MeasuredLoad) => number): number => median(rounds.map(figure));

async function run({ scale, directory, say }: Workshop): Promise<readonly Row[]> {
  const dataDirectory = join(directory, 'parley');
  await mkdir(dataDirectory);
  await using gateway = await startGateway(dataDirectory);
  say(`making ${scale.callers} sessions of ${membersPerSession} members`);
  const sessions = await openSessions(gateway, scale.callers, membersPerSession);
  const callers = sessions.map(({ id, tokens }) => ({ id, headers: bearer(tokens[0] ?? '') }));
  const answers = await inParallel(8, callers, ({ id, headers }) => ask<SessionAnswer>(gateway.url, headers, sessionQuery, { id }));

  const common = { workingDirectory: directory, logFile: join(directory, 'query.log'), env: { ...process.env, NODE_ENV: 'production' } };
  await using apollo = startChild<ApolloMethods>({ ...common, entry: 'bench/peers/apollo.ts' });
  const { url: apolloUrl } = await apollo.call('listen', { sessions: answers.map(({ session }) => session) });
  for (const [index, { id, headers }] of callers.entries()) {
    const peerAnswer = await ask<SessionAnswer>(apolloUrl, headers, sessionQuery, { id });
    deepStrictEqual(peerAnswer, answers[index], 'Parley and the peer must say the same');
    deepStrictEqual(peerAnswer.session.members.nodes.length, membersPerSession);
  }

  await using load = startChild<HttpLoadMethods>({ ...common, entry: 'bench/load/http-load.ts' });
  const loadOn = (url: string) => ({
    requests: callers.map(({ id, headers }) => requestFor(url, id, headers)),
    expect: '"pageInfo":{"hasNextPage":false}',
  });
  const contenders = [
    (seconds: number) => measuredLoad(load, gateway.process, { ...loadOn(gateway.url), seconds }),
    (seconds: number) => measuredLoad(load, apollo, { ...loadOn(apolloUrl), seconds }),
  ];
  say('warming up');
  // Twice what others take: the way through the whole of a server is compiled only after some ten thousand requests.
  for (const contender of contenders) await contender(scale.warmUpSeconds * 2);
  say(`${scale.rounds} rounds of ${scale.roundSeconds} s each`);
  const [parley = [], peer = []] = await alternate(
    scale.rounds,
    contenders.map((contender) => () => contender(scale.roundSeconds)),
  );

  return [
    rowOf({
      scenario: 'query',
      measure: `session with ${membersPerSession} members over HTTP, ${scale.callers} callers`,
      unit: 'req/s',
      parley: parley.map(({ perSecond }) => perSecond),
      peer: { name: 'Apollo Server standalone', values: peer.map(({ perSecond }) => perSecond) },
      target: { bound: 'at least', value: 3 },
      details: {
        'Parley: µs of processor': mid(parley, processorMicros),
        'peer: µs of processor': mid(peer, processorMicros),
        'Parley: cores': mid(parley, ({ serverCores }) => serverCores),
        'peer: cores': mid(peer, ({ serverCores }) => serverCores),
        'load at Parley: cores': mid(parley, ({ clientCores }) => clientCores),
        'Parley: p50 ms': mid(parley, ({ medianMs }) => medianMs),
        'Parley: p99 ms': mid(parley, ({ p99Ms }) => p99Ms),
        'peer: p50 ms': mid(peer, ({ medianMs }) => medianMs),
        'peer: p99 ms': mid(peer, ({ p99Ms }) => p99Ms),
        'Parley: bytes per answer': mid(parley, ({ bytesPerAnswer }) => bytesPerAnswer),
        'peer: bytes per answer': mid(peer, ({ bytesPerAnswer }) => bytesPerAnswer),
      },
    }),
  ];
}

export const query: Scenario = { name: 'query', run };
