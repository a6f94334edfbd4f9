import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startGateway } from '../gateway/gateway.ts';
import { ask } from '../gateway/guests.ts';
import { serviceSession, sessionsPage } from '../gateway/operations.ts';
import { startChild } from '../harness/child.ts';
import { measuredLoad, processorMicros, type MeasuredLoad } from '../harness/measured-load.ts';
import { alternate, rowOf, type Row, type Scenario, type Workshop } from '../harness/scenario.ts';
import { median } from '../harness/statistics.ts';
import type { HttpRequest } from '../load/http-connection.ts';
import type { HttpLoadMethods } from '../load/http-load.ts';
import type { ServiceMethods } from '../peers/service.ts';
import { configureService } from '../service/gateway-config.ts';
import { recordSessions } from '../service/recording.ts';

interface SessionsPage {
  readonly sessions: { readonly nodes: readonly { readonly id: string; readonly handle: string }[] };
}

const mid = (rounds: readonly MeasuredLoad[], figure: (round: MeasuredLoad) => number): number => median(rounds.map(figure));

function rowsOf(callers: number, parley: readonly MeasuredLoad[], direct: readonly MeasuredLoad[]): readonly Row[] {
  const row = (percentile: string, figure: (round: MeasuredLoad) => number, details: Row['details']): Row =>
    rowOf({
      scenario: 'overhead',
      measure: `session of a service, ${percentile}, ${callers} callers`,
      unit: 'ms',
      parley: parley.map(figure),
      peer: { name: 'the service itself', values: direct.map(figure) },
      details,
    });
  return [
    row('p50', ({ medianMs }) => medianMs, {}),
    row('p99', ({ p99Ms }) => p99Ms, {
      'Parley: req/s': mid(parley, ({ perSecond }) => perSecond),
      'direct: req/s': mid(direct, ({ perSecond }) => perSecond),
      'Parley / direct: req/s': median(parley.map(({ perSecond }, round) => perSecond / (direct[round]?.perSecond ?? Number.NaN))),
      'Parley: µs of processor': mid(parley, processorMicros),
      'direct: µs of processor': mid(direct, processorMicros),
      'Parley: cores': mid(parley, ({ serverCores }) => serverCores),
    }),
  ];
}

async function run({ scale, directory, say }: Workshop): Promise<readonly Row[]> {
  const common = { workingDirectory: directory, logFile: join(directory, 'overhead.log'), env: { ...process.env, NODE_ENV: 'production' } };
  // A session for each caller: reads of the same one at the same time are one call at the service.
  const recording = await recordSessions(scale.callers);
  await using service = startChild<ServiceMethods>({ ...common, entry: 'bench/peers/service.ts' });
  const { url } = await service.call('listen', recording);
  const dataDirectory = join(directory, 'parley');
  await mkdir(dataDirectory);
  await configureService(dataDirectory, url, recording.apiKey);
  await using gateway = await startGateway(dataDirectory);
  await using load = startChild<HttpLoadMethods>({ ...common, entry: 'bench/load/http-load.ts' });

  const headers = { 'x-api-key': gateway.apiKey };
  const { sessions } = await ask<SessionsPage>(gateway.url, headers, sessionsPage, { first: scale.callers });
  const throughParley = sessions.nodes.map(({ id }): HttpRequest => {
    return { url: gateway.url, headers, body: JSON.stringify({ query: serviceSession, variables: { id } }) };
  });
  const straight = recording.sessions.map(([id]): HttpRequest => {
    return { url: `${url}/sessions/${id}`, headers: { authorization: `Bearer ${recording.apiKey}` }, body: null };
  });
  const expect = '"situation":"You are the host of table';
  const rows: Row[] = [];
  for (const callers of [8, scale.callers].filter((count, index, all) => all.indexOf(count) === index)) {
    const contenders = [
      (seconds: number) => measuredLoad(load, gateway.process, { requests: throughParley.slice(0, callers), expect, seconds }),
      (seconds: number) => measuredLoad(load, service, { requests: straight.slice(0, callers), expect, seconds }),
    ];
    say(`${callers} callers: warming up, then ${scale.rounds} rounds of ${scale.roundSeconds} s each`);
    for (const warmUp of contenders) await warmUp(scale.warmUpSeconds);
    const before = await service.call('answered', null);
    const [parley = [], direct = []] = await alternate(
      scale.rounds,
      contenders.map((contender) => () => contender(scale.roundSeconds)),
    );
    const called = (await service.call('answered', null)) - before;
    const asked = [...parley, ...direct].reduce((sum, { answers }) => sum + answers, 0);
    if (called !== asked) throw new Error(`Expected one call at the service for each of ${asked} answers, got ${called}`);
    rows.push(...rowsOf(callers, parley, direct));
  }
  return rows;
}

export const overhead: Scenario = { name: 'overhead', run };
