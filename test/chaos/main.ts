import { randomInt } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeViolation } from './checks/violation.ts';
import { faultKinds } from './nemesis.ts';
import { longRun, shortRun } from './forms.ts';
import { runChaos } from './run-chaos.ts';
import { busNames, missingFor } from './world.ts';

const { values } = parseArgs({
  options: {
    bus: { type: 'string', multiple: true },
    seconds: { type: 'string', default: '300' },
    seed: { type: 'string' },
    short: { type: 'boolean', default: false },
  },
});

/** A whole number, or the end of it. */
function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`Expected --${name} to be a whole number, got ${text}.`);
  return value;
}

async function main(): Promise<void> {
  const names = values.bus ?? busNames;
  for (const name of names) {
    const bus = busNames.find((each) => each === name);
    if (bus === undefined) throw new Error(`Expected --bus to be one of ${busNames.join(', ')}, got ${name}.`);
    const missing = missingFor(bus);
    if (missing !== null) throw new Error(missing);
    const seed = values.seed === undefined ? randomInt(2 ** 32) : whole('seed', values.seed);
    console.log(`Bus ${bus}, seed ${seed}`);
    const { report, history, log } = await runChaos(
      values.short ? shortRun(seed, bus) : longRun(seed, bus, whole('seconds', values.seconds)),
    );
    const { violations, ...figures } = report;
    console.log(JSON.stringify({ ...figures, violations: violations.length }, null, 2));
    const never = faultKinds.filter((kind) => report.faults[kind] === undefined);
    if (never.length > 0) console.log(`Never struck: ${never.join(', ')}`);
    for (const violation of violations.slice(0, 50)) console.log(describeViolation(violation));
    if (report.stuck !== null || violations.length > 0 || (never.length > 0 && !values.short)) process.exitCode = 1;
    const folder = await mkdtemp(join(tmpdir(), 'parley-chaos-'));
    await writeFile(join(folder, 'history.json'), JSON.stringify(history));
    await writeFile(join(folder, 'gateways.log'), log);
    console.log(`History and log: ${folder}`);
  }
}

// What was started goes with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
await main();
