import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createLiveWorld, nobody, recordPlanned } from './live-world.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapUsed(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

test('10,000 subscriptions that come and go leave the heap where it was', async () => {
  await using world = createLiveWorld();
  const host = await world.create({ visibility: 'PUBLIC' });
  const variables = { sessionId: host.sessionId };
  // Depends on the caller: an anonymous one makes a group of its own, members share theirs.
  const operation = world.engine.prepare(
    'subscription ($sessionId: ID) { sessionEvents(sessionId: $sessionId) { session { me { id } } } }',
  );
  if (!('kind' in operation)) throw new Error('Expected the document to be valid.');

  const cycle = async (caller: typeof nobody): Promise<void> => {
    const plan = await world.engine.planSubscription(operation, variables, world.engine.createContext(caller));
    if (!('groupKey' in plan)) throw new Error('Expected the subscription to be admitted.');
    using recording = recordPlanned(world, caller, operation, variables, plan);
    await recording.count(1);
  };
  const cycles = async (count: number): Promise<void> => {
    // Ten at a time, some of them members.
    for (let done = 0; done < count; done += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, index) => cycle(index % 2 === 0 ? nobody : host.caller)));
    }
  };
  await cycles(2_000);
  const before = heapUsed();
  await cycles(10_000);
  // A hundred bytes for each cycle would be ten times the noise of a collection.
  expect(heapUsed() - before).toBeLessThan(1_000_000);
  expect(world.hub.size).toBe(0);
}, 120_000);
