import type { DatabaseSync } from 'node:sqlite';

/** What SQLite takes and gives here: the schema has no blobs, and numbers are safe integers. */
export type Value = string | number | null;
export type Row = readonly Value[];

/** A prepared statement whose rows are arrays: as objects they take twice as long to read. */
export interface Statement {
  get(...values: Row): Row | undefined;
  all(...values: Row): Row[];
  run(...values: Row): { readonly changes: number | bigint };
}

/** Prepares each text once for a connection. */
export type Prepare = (sql: string) => Statement;

// The texts are made of a few parts, so there are far fewer than this; the bound is for what nobody foresees.
const capacity = 300;

export function createPrepare(database: DatabaseSync): Prepare {
  const prepared = new Map<string, Statement>();
  return (sql) => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    if (prepared.size >= capacity) prepared.clear();
    // Declared as giving objects, whatever the option says.
    const statement = database.prepare(sql, { returnArrays: true }) as unknown as Statement;
    prepared.set(sql, statement);
    return statement;
  };
}
