import { type CopyReport, copyStore } from '../../stores/shared/migration/copy-store.ts';
import { CopyRefused, type CopySide } from '../../stores/shared/migration/sides.ts';
import { type Verification, verify } from '../../stores/shared/migration/verify.ts';
import { parseStoreAddress, type StoreAddress } from '../../stores/registry.ts';
import { CommandFailure } from '../failure.ts';
import { renderTable } from '../table.ts';

export interface MigrateFlags {
  readonly from: string;
  readonly to: string;
  readonly verifyOnly?: boolean;
}

const progressEveryMs = 2_000;

const secretHint = `The secret is not in the store. Gateways on the copy need the same one, or all tokens end and what is stored encrypted
stays closed: where \`secret\` is not set, it is the content of <data directory>/secret, to be given as PARLEY_SECRET.
`;

/**
 * `parley migrate`: copies a store to another one, or compares them.
 *
 * @throws CommandFailure where it may not be done, the copy differs, or it is not the last word of the source.
 */
export async function migrate({ from, to, verifyOnly = false }: MigrateFlags): Promise<void> {
  try {
    const [source, target] = [parseStoreAddress(from), parseStoreAddress(to)];
    if (source.identity === target.identity) throw new CopyRefused('Expected two stores, but --from and --to name the same one');
    await (verifyOnly ? compare(source, target) : copy(source, target));
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(error instanceof Error ? error.message : String(error));
  }
}

async function copy(from: StoreAddress, to: StoreAddress): Promise<void> {
  await using source = await from.openSource();
  await using target = await to.openTarget();
  announce('Copying', source, target);
  const report = await copyStore({ source, target, onProgress: createProgress() });
  printCopy(report);
  failOnDifferences(report, 'The copy is not exact. Run the same command again, and report it where that does not help');
  if (report.isChanged) {
    throw new CommandFailure(
      `All is copied as it was when this began, but ${source.place} has been written to since, so the copy is not finished: stop its gateways and run the same command again, which writes what has changed`,
    );
  }
  process.stdout.write(`\n${target.place} is an exact copy of ${source.place}, and a gateway may start on it.\n${secretHint}`);
}

async function compare(from: StoreAddress, to: StoreAddress): Promise<void> {
  await using source = await from.openSource();
  await using target = await to.openSource();
  announce('Comparing', source, target);
  const progress = createProgress();
  const report = await verify(source, target, (table, rows) => progress('rows verified', table, rows));
  printComparison(report);
  failOnDifferences(report, 'The stores differ');
  if (source.epoch !== target.epoch) {
    throw new CommandFailure(
      `The records are the same, but the epochs are not (${source.epoch}, ${target.epoch}): no cursor would be valid`,
    );
  }
  process.stdout.write(`\n${target.place} holds the same as ${source.place}${target.isUnfinished ? ', but is not finished' : ''}.\n`);
}

const announce = (doing: string, source: CopySide, target: CopySide): void =>
  void process.stderr.write(`${doing} ${source.place} to ${target.place}\n`);

/** Lines on standard error, at most one every two seconds. */
function createProgress(): (step: string, table: string, rows: number) => void {
  let last = performance.now();
  return (step, table, rows) => {
    const now = performance.now();
    if (now - last < progressEveryMs) return;
    last = now;
    process.stderr.write(`${table}: ${rows.toLocaleString('en-US')} ${step}\n`);
  };
}

// Enough to tell two of them apart; all of it is compared.
const shownDigits = 16;

function printCopy({ tables, copies }: CopyReport): void {
  const rows = tables.map(({ table, source: { rows: count, sum } }) => {
    const { written = 0, removed = 0 } = copies.find((each) => each.table === table) ?? {};
    return [table, `${count}`, `${written}`, `${removed}`, sum.slice(0, shownDigits)];
  });
  process.stdout.write(renderTable([['TABLE', 'ROWS', 'WRITTEN', 'REMOVED', 'CHECKSUM'], ...rows]));
}

function printComparison({ tables }: Verification): void {
  const rows = tables.map(({ table, source, target }) => [
    table,
    `${source.rows}`,
    `${target.rows}`,
    source.sum.slice(0, shownDigits),
    target.sum.slice(0, shownDigits),
  ]);
  process.stdout.write(renderTable([['TABLE', 'ROWS FROM', 'ROWS TO', 'CHECKSUM FROM', 'CHECKSUM TO'], ...rows]));
}

function failOnDifferences({ differences }: Verification, meaning: string): void {
  if (differences.length === 0) return;
  const lines = differences.map(({ table, key, kind }) => `  ${table} ${key}: ${kind}`);
  throw new CommandFailure(`${meaning}:\n${lines.join('\n')}`);
}
