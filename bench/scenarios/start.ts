import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { addressOf, firstAnswer, freePort, spawnGateway, startGateway } from '../gateway/gateway.ts';
import { bearer, openSession } from '../gateway/guests.ts';
import { sessionQuery } from '../gateway/operations.ts';
import { rowOf, type Row, type Scenario, type Workshop } from '../harness/scenario.ts';
import type { HttpRequest } from '../load/http-connection.ts';

/** Between two attempts to reach a starting gateway, milliseconds: what the figure may be too large by. */
const everyMs = 5;

/** From the start of the process to the first 200 of a query, milliseconds. */
async function startOnce(dataDirectory: string, request: Omit<HttpRequest, 'url'>, expect: string): Promise<number> {
  const { url, port } = addressOf(await freePort());
  const start = performance.now();
  await using process = spawnGateway(dataDirectory, port, false);
  const answer = await firstAnswer(process, { ...request, url }, everyMs);
  const elapsed = performance.now() - start;
  if (!answer.includes(expect)) throw new Error(`Expected an answer with ${expect}, got ${answer}`);
  return elapsed;
}

async function run({ scale, directory, say }: Workshop): Promise<readonly Row[]> {
  const existing = join(directory, 'existing');
  await mkdir(existing);
  const { id, tokens } = await (async () => {
    await using gateway = await startGateway(existing);
    return await openSession(gateway, 'Deck', 10);
  })();

  say(`${scale.starts} starts on an existing data directory`);
  const warm: number[] = [];
  const query = { headers: bearer(tokens[0] ?? ''), body: JSON.stringify({ query: sessionQuery, variables: { id } }) };
  for (let start = 0; start < scale.starts; start += 1) warm.push(await startOnce(existing, query, `"id":"${id}"`));

  say(`${scale.coldStarts} starts on a new one`);
  const cold: number[] = [];
  for (let start = 0; start < scale.coldStarts; start += 1) {
    const fresh = join(directory, `fresh-${start}`);
    await mkdir(fresh);
    const anybody = { headers: {}, body: JSON.stringify({ query: '{ __typename }' }) };
    cold.push(await startOnce(fresh, anybody, '"__typename":"Query"'));
  }
  return [
    rowOf({
      scenario: 'start',
      measure: 'process start to the first answer, existing data',
      unit: 'ms',
      parley: warm,
      target: { bound: 'at most', value: 1_500 },
    }),
    rowOf({ scenario: 'start', measure: 'the same, new data directory', unit: 'ms', parley: cold }),
  ];
}

export const start: Scenario = { name: 'start', run };
