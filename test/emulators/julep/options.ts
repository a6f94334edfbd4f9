/** How the real agents-api 0.3.4 differs from its document. */
export interface V03Quirks {
  /** Suggestions are always none. */
  readonly noSuggestions: boolean;
  /** `sort_by` and `order` are not looked at: always by creation, newest first. */
  readonly unsorted: boolean;
  /** Neither are the bounds of `limit` and `offset`. */
  readonly unboundedPages: boolean;
  /** Rows of the list say nothing of `render_templates`, and so show false. */
  readonly rowsWithoutTemplates: boolean;
  /** The history of a session that is not there is empty. */
  readonly historyOfNothing: boolean;
  /** Deleting a session that is not there is accepted. */
  readonly deletesNothing: boolean;
  /** Only `remember` keeps a chat from being stored, not `record`. */
  readonly recordsAlways: boolean;
}

/** All of them: the real service, as far as its code has been read. */
export const realQuirks: V03Quirks = {
  noSuggestions: true,
  unsorted: true,
  unboundedPages: true,
  rowsWithoutTemplates: true,
  historyOfNothing: true,
  deletesNothing: true,
  recordsAlways: true,
};

export interface JulepEmulatorOptions {
  readonly contract: 'v0.3' | 'v1';
  /** @default 'test-key' */
  readonly apiKey?: string;
  /** Where the key is looked for. @default 'Authorization' */
  readonly authHeader?: 'Authorization' | 'X-Auth-Key';
  /** Whether `X-Developer-Id` tells developers apart. Without it v0.3 breaks. @default false // there is one developer */
  readonly developers?: boolean;
  /** Of v0.3. @default none: as its document says */
  readonly quirks?: Partial<V03Quirks>;
  /** Whether v1 clears histories, as its document says. @default false // as its code does */
  readonly clearsHistory?: boolean;
  /** On 127.0.0.1. @default 0 // any free one */
  readonly port?: number;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

export interface Settings extends Required<Omit<JulepEmulatorOptions, 'quirks'>> {
  readonly quirks: V03Quirks;
}

const noQuirks = Object.fromEntries(Object.keys(realQuirks).map((name) => [name, false])) as unknown as V03Quirks;

export const settingsOf = ({
  contract,
  apiKey = 'test-key',
  authHeader = 'Authorization',
  developers = false,
  quirks = {},
  clearsHistory = false,
  port = 0,
  now = Date.now,
}: JulepEmulatorOptions): Settings => ({
  contract,
  apiKey,
  authHeader,
  developers,
  quirks: { ...noQuirks, ...quirks },
  clearsHistory,
  port,
  now,
});
