import { type Codec, type Table, apiKeyTable, idempotencyTable, memberTable, messageTable, sessionTable } from '../tables.ts';

/** A table as it is copied: its columns in the order of a row, and those of its key in the key's order. */
export interface CopiedTable {
  readonly name: string;
  readonly columns: readonly (readonly [column: string, codec: Codec])[];
  readonly key: readonly string[];
}

const columnsOf = <T>({ keys, definition }: Table<T>): CopiedTable['columns'] => keys.map((key) => definition[key]);

/** All that is copied of a store besides its epoch, each table after those that it refers to. */
export const copiedTables: readonly CopiedTable[] = [
  { name: 'sessions', columns: [...columnsOf(sessionTable), ['message_count', 'plain']], key: ['id'] },
  { name: 'members', columns: [...columnsOf(memberTable), ['banned_address', 'text'], ['banned_name', 'text']], key: ['id'] },
  { name: 'messages', columns: columnsOf(messageTable), key: ['id'] },
  {
    name: 'events',
    columns: [
      ['session_id', 'plain'],
      ['seq', 'plain'],
      ['at', 'plain'],
      ['body', 'json'],
    ],
    key: ['session_id', 'seq'],
  },
  { name: 'idempotency', columns: columnsOf(idempotencyTable), key: ['scope', 'key'] },
  { name: 'api_keys', columns: columnsOf(apiKeyTable), key: ['id'] },
  {
    name: 'challenges',
    columns: [
      ['id', 'plain'],
      ['payload', 'text'],
      ['expires_at', 'plain'],
    ],
    key: ['id'],
  },
];

/** What of a driver's schema is not copied, by `table` or `table.column`, because… */
export const notCopied: Readonly<Record<string, string>> = {
  meta: 'its epoch is copied by itself, and the rest says how far a copy is',
  schema_versions: 'each store is made by its own steps',
  parley_schema_versions: 'each store is made by its own steps',
  leases: 'they belong to gateways that run, and none does',
  gateways: 'they note what runs, and nothing does',
  presence: 'nobody is online where no gateway runs',
  'events.mark': 'it finds a commit whose answer was just lost: copied events were answered long ago',
};

/** The table as far as its key goes. */
export const keyOnly = ({ name, columns, key }: CopiedTable): CopiedTable => ({
  name,
  key,
  columns: key.map((column) => columns.find(([found]) => found === column) ?? [column, 'plain']),
});

/** The places of the key's columns in a row. */
export const keyPlaces = ({ columns, key }: CopiedTable): readonly number[] =>
  key.map((column) => columns.findIndex(([found]) => found === column));

const names = (columns: readonly string[], alias?: string): string =>
  columns.map((column) => (alias === undefined ? column : `${alias}.${column}`)).join(', ');

/** The columns of a row as a statement lists them, `alias.` before each where one is given. */
export const columnList = ({ columns }: CopiedTable, alias?: string): string =>
  names(
    columns.map(([column]) => column),
    alias,
  );

export const keyList = ({ key }: CopiedTable, alias?: string): string => names(key, alias);

/** What follows an INSERT whose rows replace those of the same key. */
export function replacing(table: CopiedTable): string {
  const rest = table.columns.map(([column]) => column).filter((column) => !table.key.includes(column));
  return `ON CONFLICT (${keyList(table)}) DO UPDATE SET ${rest.map((column) => `${column} = excluded.${column}`).join(', ')}`;
}
