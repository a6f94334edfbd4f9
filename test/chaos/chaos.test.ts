import { randomInt } from 'node:crypto';
import { expect, onTestFailed, test } from 'vitest';
import { describeViolation } from './checks/violation.ts';
import { shortRun } from './forms.ts';
import { createRandom } from './random.ts';
import { runChaos } from './run-chaos.ts';
import { busNames, missingFor } from './world.ts';

const reasons = new Set(busNames.map(missingFor));
for (const reason of reasons) if (reason !== null) console.error(reason);
const buses = busNames.filter((bus) => missingFor(bus) === null);

test.skipIf(buses.length === 0)(
  'nothing is lost, doubled or out of order, whatever is killed meanwhile',
  { timeout: 300_000 },
  async () => {
    const seed = randomInt(2 ** 32);
    const bus = createRandom(seed).pick(buses);
    onTestFailed(() => console.error(`Once more with these draws: npm run test:chaos -- --short --bus ${bus} --seed ${seed}`));
    const { report } = await runChaos(shortRun(seed, bus));
    expect(report.stuck).toBeNull();
    expect(report.violations.map(describeViolation)).toEqual([]);

    // That much has happened, or it says nothing.
    const { faults, acknowledged, delivered, resumes, expired } = report;
    for (const kind of ['gateway-kill', 'store-restart', 'bus-freeze', 'socket-cut'] as const) expect(faults[kind]).toBeGreaterThan(0);
    expect(acknowledged).toBeGreaterThan(100);
    expect(delivered).toBeGreaterThan(300);
    expect(resumes).toBeGreaterThan(5);
    expect(expired).toBeGreaterThan(0);
  },
);
