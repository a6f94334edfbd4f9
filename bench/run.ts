import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from './harness/child.ts';
import { describeMachine } from './harness/machine.ts';
import { formatReport, passed, type Report } from './harness/report.ts';
import { fullScale, quickScale, type Row, type Scenario } from './harness/scenario.ts';
import { cluster } from './scenarios/cluster.ts';
import { fanout } from './scenarios/fanout.ts';
import { idle } from './scenarios/idle.ts';
import { mesh } from './scenarios/mesh.ts';
import { overhead } from './scenarios/overhead.ts';
import { query } from './scenarios/query.ts';
import { send } from './scenarios/send.ts';
import { start } from './scenarios/start.ts';

const scenarios: readonly Scenario[] = [query, overhead, mesh, fanout, send, cluster, idle, start];
const names = scenarios.map(({ name }) => name);

const usage = `Usage: npm run bench -- [scenario …] [--quick] [--json]

Measures Parley against what else one would take, and holds the ratios to their targets.
Scenarios: ${names.join(', ')}. None named = all.

  --quick  so little of everything that it is done in seconds: shows that it runs, not how fast
  --json   the report as JSON on standard output
  --help   this`;

function readArguments(): { readonly chosen: readonly Scenario[]; readonly quick: boolean; readonly json: boolean } | string {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { quick: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
    });
    if (values.help === true) return usage;
    const unknown = positionals.find((name) => !names.includes(name));
    if (unknown !== undefined) throw new Error(`There is no scenario \`${unknown}\`: it is one of ${names.join(', ')}.`);
    const chosen = positionals.length === 0 ? scenarios : scenarios.filter(({ name }) => positionals.includes(name));
    return { chosen, quick: values.quick === true, json: values.json === true };
  } catch (error) {
    process.exitCode = 2;
    return `${(error as Error).message}\n\n${usage}`;
  }
}

async function bench(chosen: readonly Scenario[], quick: boolean): Promise<Report> {
  const startedAt = performance.now();
  // On the disk of the package: where the system keeps its temporary files in memory, durability would cost nothing.
  const cache = join(packageRoot, 'node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const directory = await mkdtemp(join(cache, 'parley-bench-'));
  // PostgreSQL has its data in there, and where it is started by root it runs as another user.
  await chmod(directory, 0o711);
  const rows: Row[] = [];
  const failures: { scenario: string; message: string }[] = [];
  const skipped: { scenario: string; message: string }[] = [];
  const machine = describeMachine(directory);
  try {
    for (const { name, missing, run } of chosen) {
      const say = (text: string): void => void process.stderr.write(`${name}: ${text}\n`);
      const skip = (message: string): void => {
        say(`SKIPPED: ${message}`);
        skipped.push({ scenario: name, message });
      };
      const message = missing?.() ?? null;
      if (message !== null) {
        skip(message);
        continue;
      }
      const own = join(directory, name);
      await mkdir(own);
      await run({ scale: quick ? quickScale : fullScale, directory: own, say, skip }).then(
        (found) => rows.push(...found),
        (error: unknown) => failures.push({ scenario: name, message: messageOf(error) }),
      );
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return { machine, judged: !quick, seconds: (performance.now() - startedAt) / 1_000, rows, failures, skipped };
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}\n${messageOf(error.cause)}`;
}

const read = readArguments();
if (typeof read === 'string') {
  process.stderr.write(`${read}\n`);
} else {
  const report = await bench(read.chosen, read.quick);
  process.stdout.write(`${read.json ? JSON.stringify(report, null, 2) : formatReport(report)}\n`);
  if (!passed(report)) process.exitCode = 1;
}
