import { Client } from 'pg';
import { columnList, copiedTables, type CopiedTable, keyList, replacing } from '../shared/migration/copied-tables.ts';
import { assertFree, marks } from '../shared/migration/marks.ts';
import { type CopiedRow, CopyRefused, type CopySide, type CopySource, type CopyTarget, type RowKey } from '../shared/migration/sides.ts';
import { decode, encode, type Row, type Value } from './codec.ts';
import { placeOf, withoutPassword } from './connection-url.ts';
import { readTypes } from './database.ts';
import { messageOf } from './failures.ts';
import { migrate, newestVersion, versionOf } from './migrate.ts';

/** Statements of one connection. */
type Ask = (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

const connectionTimeoutMillis = 10_000;

/** A connection of its own: one statement may take long, and one that goes ends the copy, which is begun again. */
async function connect<T>(url: string, use: (ask: Ask, client: Client) => Promise<T>): Promise<T & AsyncDisposable> {
  const place = placeOf(url);
  const client = new Client({ connectionString: url, connectionTimeoutMillis, application_name: 'parley migrate', types: readTypes });
  // Without a listener, a connection that goes between two statements would end the process.
  client.on('error', () => undefined);
  // oxlint-disable-next-line preserve-caught-error -- it may quote the URL
  const failed = (doing: string, error: unknown): Error =>
    error instanceof CopyRefused
      ? error
      : new Error(`The PostgreSQL store at ${place} ${doing}: ${withoutPassword(messageOf(error), url)}`);
  const ask: Ask = async (sql, values = []) => {
    try {
      return (await client.query<Value[]>({ text: sql, values: [...values], rowMode: 'array' })).rows;
    } catch (error) {
      throw failed('does not answer as it should', error);
    }
  };
  const end = (): Promise<void> => client.end().catch(() => undefined);
  try {
    await client.connect();
    return { ...(await use(ask, client)), [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw failed('cannot be opened', error);
  }
}

const codecOf = ({ columns }: CopiedTable, column: string) => columns.find(([found]) => found === column)?.[1] ?? 'plain';

const fromRow = ({ columns }: CopiedTable, row: Row): CopiedRow => columns.map(([, codec], index) => decode(codec, row[index] as Value));

const toKey = (table: CopiedTable, values: RowKey): Row => table.key.map((column, index) => encode(codecOf(table, column), values[index]));

const objectOf = (names: readonly string[], values: Row): object => Object.fromEntries(names.map((name, index) => [name, values[index]]));

/** Keys as one parameter, from which `given` makes rows of the table again. */
const keysAsJson = (table: CopiedTable, keys: readonly RowKey[]): string =>
  JSON.stringify(keys.map((key) => objectOf(table.key, toKey(table, key))));

function rowsAsJson({ columns }: CopiedTable, rows: readonly CopiedRow[]): string {
  const names = columns.map(([column]) => column);
  return JSON.stringify(
    rows.map((row) =>
      objectOf(
        names,
        columns.map(([, codec], index) => encode(codec, row[index])),
      ),
    ),
  );
}

const given = ({ name }: CopiedTable): string => `json_populate_recordset(NULL::${name}, $1) AS given`;

const createReading = (ask: Ask): Pick<CopySide, 'page' | 'lookup'> => ({
  page: async (table, after, limit) => {
    const place = table.key.map((_, index) => `$${index + 2}`).join(', ');
    const where = after === null ? '' : `WHERE (${keyList(table)}) > (${place})`;
    const sql = `SELECT ${columnList(table)} FROM ${table.name} ${where} ORDER BY ${keyList(table)} LIMIT $1`;
    const rows = await ask(sql, [limit, ...(after === null ? [] : toKey(table, after))]);
    return rows.map((row) => fromRow(table, row));
  },
  lookup: async (table, keys) => {
    const sql = `SELECT ${columnList(table, table.name)} FROM ${table.name} JOIN ${given(table)} USING (${keyList(table)})`;
    return (await ask(sql, [keysAsJson(table, keys)])).map((row) => fromRow(table, row));
  },
});

async function metaOf(ask: Ask, key: string): Promise<string | null> {
  const [[value = null] = []] = await ask('SELECT value FROM meta WHERE key = $1', [key]);
  return value === null ? null : String(value);
}

// Messages and events do not come or change without a change of their session, nor do idempotency keys. What retention removes meanwhile
// is there a little longer in the copy.
const hashed = ['sessions', 'members', 'api_keys', 'challenges', 'gateways'];
const stateOf = `SELECT ${hashed.map((name) => `(SELECT sum(hashtext(${name}::text)) FROM ${name})`).join(', ')}`;

/** Reads the tables as they are now, however long that takes, and writes nothing. */
export const openPostgresSource = (url: string): Promise<CopySource> =>
  connect(url, async (ask, client) => {
    const version = await versionOf(client);
    if (version !== newestVersion) {
      throw new Error(
        version === 0
          ? 'there is no store'
          : `its schema has version ${version}, and ${newestVersion} is copied: let this Parley open it once (\`parley check\`)`,
      );
    }
    await ask('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const before = JSON.stringify(await ask(stateOf));
    return {
      place: placeOf(url),
      epoch: String(await metaOf(ask, 'epoch')),
      isUnfinished: (await metaOf(ask, marks.copying)) !== null,
      ...createReading(ask),
      isChanged: async () => {
        await ask('COMMIT');
        return JSON.stringify(await ask(stateOf)) !== before;
      },
    };
  });

const setMeta = 'INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value';
const unsetMeta = 'DELETE FROM meta WHERE key = $1';

/** Columns that are not copied and may not be null, with what they get. */
const fillers: Readonly<Record<string, readonly [column: string, value: string]>> = {
  // No commit has this mark.
  events: ['mark', '-1'],
};

function insertOf(table: CopiedTable): string {
  const [column, value] = fillers[table.name] ?? [];
  const [names, values] = column === undefined ? ['', ''] : [`, ${column}`, `, ${value}`];
  return `INSERT INTO ${table.name} (${columnList(table)}${names}) SELECT ${columnList(table)}${values} FROM ${given(table)} ${replacing(table)}`;
}

/** Makes the tables where they are missing. */
export const openPostgresTarget = (url: string): Promise<CopyTarget> =>
  connect(url, async (ask, client) => {
    const place = placeOf(url);
    // Held until the connection ends.
    const [[isAlone] = []] = await ask(`SELECT pg_try_advisory_lock(hashtext('parley migrate'), hashtext(current_schema()))`);
    if (isAlone !== true) throw new CopyRefused(`Another \`parley migrate\` writes to ${place}: let it end, or end it`);
    await migrate(client);
    const inTransaction = async (work: () => Promise<void>): Promise<void> => {
      await ask('BEGIN');
      try {
        await work();
        await ask('COMMIT');
      } catch (error) {
        await ask('ROLLBACK').catch(() => undefined);
        throw error;
      }
    };
    return {
      place,
      ...createReading(ask),
      begin: async (epoch) => {
        await inTransaction(async () => {
          // A gateway that starts meanwhile has taken the copy over before this, or is refused after it.
          await ask('LOCK TABLE meta IN EXCLUSIVE MODE');
          const filled = copiedTables.map(({ name }) => `EXISTS (SELECT 1 FROM ${name})`).join(' OR ');
          const [[isFilled] = []] = await ask(`SELECT ${filled}`);
          const [copying, copied] = [await metaOf(ask, marks.copying), await metaOf(ask, marks.copied)];
          assertFree(place, { copying, copied, isEmpty: isFilled !== true }, epoch);
          await ask(setMeta, ['epoch', epoch]);
          await ask(setMeta, [marks.copying, epoch]);
          await ask(unsetMeta, [marks.copied]);
        });
        // What a crash of the server takes is copied again; the last commit waits for all that came before it.
        await ask('SET synchronous_commit = off');
      },
      write: async (table, rows) => void (await ask(insertOf(table), [rowsAsJson(table, rows)])),
      remove: async (table, keys) => {
        await ask(`DELETE FROM ${table.name} USING ${given(table)} WHERE (${keyList(table, table.name)}) = (${keyList(table, 'given')})`, [
          keysAsJson(table, keys),
        ]);
      },
      finish: async () => {
        // So that the first statements of a gateway are planned for what is there.
        for (const { name } of copiedTables) await ask(`ANALYZE ${name}`);
        await ask('RESET synchronous_commit');
        await inTransaction(async () => {
          await ask(setMeta, [marks.copied, String(await metaOf(ask, marks.copying))]);
          await ask(unsetMeta, [marks.copying]);
        });
      },
    };
  });
