import { deepStrictEqual } from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { nameInId } from '../../src/core/ids.ts';
import { startGateway } from '../gateway/gateway.ts';
import { ask } from '../gateway/guests.ts';
import { sessionsPage } from '../gateway/operations.ts';
import { startChild, type Child } from '../harness/child.ts';
import { measuredLoad, processorMicros, type MeasuredLoad } from '../harness/measured-load.ts';
import { alternate, rowOf, type Row, type Scenario, type Workshop } from '../harness/scenario.ts';
import { median } from '../harness/statistics.ts';
import type { HttpLoadMethods } from '../load/http-load.ts';
import { meshMissing, startMesh } from '../mesh/start-mesh.ts';
import type { ServiceMethods } from '../peers/service.ts';
import { configureService } from '../service/gateway-config.ts';
import { recordSessions } from '../service/recording.ts';

/** The same of a session, as either side names it. */
interface Details {
  readonly id: string;
  readonly agentId: string;
  readonly situation: string;
  readonly metadata: object;
  readonly createdAt: string;
}
type Node = Omit<Details, 'id'> & { readonly handle: string };
type Item = Omit<Details, 'agentId' | 'createdAt'> & { readonly agent_id: string; readonly created_at: string };

const pageSize = 20;

/** All that the service has of a session: `summary`, which the document promises, is null until there is one. */
const meshPage = `query Page($first: PositiveInt!) {
  sessions(limit: $first, offset: 0) {
    items { id user_id agent_id situation created_at updated_at metadata render_templates }
  }
}`;

const instant = (text: string): string => new Date(text).toISOString();
const ofParley = ({ handle, agentId, situation, metadata, createdAt }: Node): Details => ({
  id: handle,
  // A global id, with the service's own in it.
  agentId: nameInId(agentId),
  situation,
  metadata,
  createdAt: instant(createdAt),
});
const ofMesh = ({ id, agent_id, situation, metadata, created_at }: Item): Details => ({
  id,
  agentId: agent_id,
  situation,
  metadata,
  createdAt: instant(created_at),
});

/** Rounds of one contender, with how many requests each answer cost the service. */
interface Page extends MeasuredLoad {
  readonly callsPerAnswer: number;
}

const mid = (rounds: readonly Page[], figure: (round: Page) => number): number => median(rounds.map(figure));

async function run({ scale, directory, say }: Workshop): Promise<readonly Row[]> {
  const common = { workingDirectory: directory, logFile: join(directory, 'mesh.log'), env: { ...process.env, NODE_ENV: 'production' } };
  const recording = await recordSessions(pageSize * 5);
  await using service = startChild<ServiceMethods>({ ...common, entry: 'bench/peers/service.ts' });
  const { url } = await service.call('listen', recording);
  const dataDirectory = join(directory, 'parley');
  await mkdir(dataDirectory);
  await configureService(dataDirectory, url, recording.apiKey);
  await using gateway = await startGateway(dataDirectory);
  say('composing a supergraph');
  const document = 'test/emulators/specs/julep-v0.3.json';
  await using peer = await startMesh({ document, url, apiKey: recording.apiKey, directory });
  await using load = startChild<HttpLoadMethods>({ ...common, entry: 'bench/load/http-load.ts' });

  const variables = { first: pageSize };
  const key = { 'x-api-key': gateway.apiKey };
  const { sessions } = await ask<{ readonly sessions: { readonly nodes: readonly Node[] } }>(gateway.url, key, sessionsPage, variables);
  const other = await ask<{ readonly sessions: { readonly items: readonly Item[] } }>(peer.url, {}, meshPage, variables);
  deepStrictEqual(sessions.nodes.map(ofParley), other.sessions.items.map(ofMesh), 'Parley and the peer must say the same');
  deepStrictEqual(sessions.nodes.length, pageSize);

  const expect = sessions.nodes.at(-1)?.handle ?? '';
  const contender = (server: Child, at: string, headers: Readonly<Record<string, string>>, query: string) => {
    const request = { url: at, headers, body: JSON.stringify({ query, variables }) };
    const requests = Array.from({ length: scale.callers }, () => request);
    return async (seconds: number): Promise<Page> => {
      const before = await service.call('answered', null);
      const round = await measuredLoad(load, server, { requests, expect, seconds });
      return { ...round, callsPerAnswer: ((await service.call('answered', null)) - before) / round.answers };
    };
  };
  const contenders = [contender(gateway.process, gateway.url, key, sessionsPage), contender(peer.process, peer.url, {}, meshPage)];
  say('warming up');
  for (const warmUp of contenders) await warmUp(scale.warmUpSeconds);
  say(`${scale.rounds} rounds of ${scale.roundSeconds} s each`);
  const [parley = [], hive = []] = await alternate(
    scale.rounds,
    contenders.map((round) => () => round(scale.roundSeconds)),
  );

  return [
    rowOf({
      scenario: 'mesh',
      measure: `page of ${pageSize} sessions of a service, ${scale.callers} callers`,
      unit: 'req/s',
      parley: parley.map(({ perSecond }) => perSecond),
      peer: { name: 'GraphQL Mesh by Hive Gateway', values: hive.map(({ perSecond }) => perSecond) },
      target: { bound: 'at least', value: 3 },
      details: {
        'Parley: µs of processor': mid(parley, processorMicros),
        'peer: µs of processor': mid(hive, processorMicros),
        'Parley: cores': mid(parley, ({ serverCores }) => serverCores),
        'peer: cores': mid(hive, ({ serverCores }) => serverCores),
        'Parley: calls per answer': mid(parley, ({ callsPerAnswer }) => callsPerAnswer),
        'peer: calls per answer': mid(hive, ({ callsPerAnswer }) => callsPerAnswer),
        'Parley: p50 ms': mid(parley, ({ medianMs }) => medianMs),
        'Parley: p99 ms': mid(parley, ({ p99Ms }) => p99Ms),
        'peer: p50 ms': mid(hive, ({ medianMs }) => medianMs),
        'peer: p99 ms': mid(hive, ({ p99Ms }) => p99Ms),
        'Parley: bytes per answer': mid(parley, ({ bytesPerAnswer }) => bytesPerAnswer),
        'peer: bytes per answer': mid(hive, ({ bytesPerAnswer }) => bytesPerAnswer),
      },
    }),
  ];
}

export const mesh: Scenario = { name: 'mesh', missing: meshMissing, run };
