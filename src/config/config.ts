import type {
  BackendSettings,
  ElizaSettings,
  JulepSettings,
  LocalSettings,
  MachaniSettings,
  QuicksyncSettings,
  SipherSettings,
} from './backend-settings.ts';

// All settings in one place, flat and with their bounds, as an editor shows them: that is what makes the file long.

export type Environment = 'development' | 'production';
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

export interface ServerSettings {
  /**
   * Address that the gateway listens on.
   * @default '127.0.0.1' in development, '0.0.0.0' in production
   */
  readonly host: string;
  /**
   * Port that the gateway listens on, 0 to 65_535. 0 = any free one.
   * @default 4_000
   */
  readonly port: number;
  /**
   * Largest request body over HTTP, 1_024 to 104_857_600.
   * @default 1_048_576 // 1 MiB
   */
  readonly bodyLimitBytes: number;
  /**
   * Whose `X-Forwarded-*` headers are believed: nobody's (false), everybody's (true), or those of the listed addresses and networks.
   * @default false
   */
  readonly trustProxy: boolean | readonly string[];
  /**
   * Web origins that browsers may call from. '*' = any.
   * @default '*' in development, [] in production
   */
  readonly corsOrigins: '*' | readonly string[];
  /**
   * How long a stopping gateway waits for answers in flight, 0 to 3_600.
   * @default 10
   */
  readonly drainSeconds: number;
  /**
   * How long before that it goes on as before while `/health/ready` says 503, so that whoever sends requests to it can notice; 0 to 3_600.
   * @default 0
   */
  readonly drainDelaySeconds: number;
}

export interface StoreSettings {
  /**
   * Where records are kept: one file in `dataDir`, a PostgreSQL database, or the memory of the process, which forgets them with it.
   * @default 'sqlite'
   */
  readonly driver: 'sqlite' | 'postgres' | 'memory';
  /**
   * What an acknowledged write survives: 'full' = loss of power, 'normal' = the end of the process only. PostgreSQL has settings of its own.
   * @default 'full'
   */
  readonly durability: 'full' | 'normal';
  /**
   * The database of driver 'postgres', which needs it: `postgres://user:password@host:5432/database`, with libpq's parameters in the query.
   * @default null
   */
  readonly url: string | null;
  /**
   * Connections of driver 'postgres' at a time, 1 to 1_000.
   * @default 10
   */
  readonly poolSize: number;
  /**
   * How long a request may wait for a connection of driver 'postgres', and a change for those of its session before it, 100 to 600_000.
   * @default 5_000
   */
  readonly waitMs: number;
  /**
   * How long one statement may take on the server of driver 'postgres', waiting for locks included, 100 to 600_000.
   * @default 10_000
   */
  readonly statementMs: number;
}

export interface BusSettings {
  /**
   * How gateways tell each other of changes. 'in-process' = there is only this one.
   * @default 'in-process'
   */
  readonly driver: 'in-process' | 'postgres' | 'redis' | 'nats';
  /**
   * Where the server of the bus is: `postgres://…`, `redis://…` or `rediss://…`, `nats://…` or `tls://…`. Null with 'in-process'.
   * @default null
   */
  readonly url: string | null;
  /**
   * Gateways hear those of the same channel, 1 to 63 letters, digits, dashes and underscores, a letter first.
   * @default 'parley'
   */
  readonly channel: string;
}

export interface WalletSettings {
  /**
   * Host, with a port where it is not the scheme's own, of the site on which wallets are asked to sign (EIP-4361 `domain`).
   * @default 'localhost:' and the port
   */
  readonly domain: string;
  /**
   * URI that the signature is for (EIP-4361 `uri`).
   * @default the domain behind 'http://' for localhost, 'https://' otherwise
   */
  readonly uri: string;
  /**
   * EIP-155 ids of the chains that a wallet may sign in for. 1 = Ethereum.
   * @default [1]
   */
  readonly chainIds: readonly number[];
}

export interface JwtSettings {
  /** Where the issuer publishes its signing keys. */
  readonly jwksUrl: string;
  /** What `iss` of an accepted token says. */
  readonly issuer: string;
  /** What `aud` of an accepted token holds. */
  readonly audience: string;
  /**
   * Claim that a user's display name is taken from; `sub` stands in where a token lacks it.
   * @default 'preferred_username'
   */
  readonly nameClaim: string;
}

export interface AuthSettings {
  /**
   * Whether callers without credentials may use the gateway.
   * @default true in development, false in production
   */
  readonly anonymous: boolean;
  /**
   * How long a member token is good for, 1 to 315_360_000. Null = as long as the membership.
   * @default 2_592_000 // 30 days
   */
  readonly memberTokenSeconds: number | null;
  /**
   * How long a wallet stays signed in, 1 to 2_592_000.
   * @default 3_600
   */
  readonly walletTokenSeconds: number;
  /**
   * How long a wallet has to sign its challenge, 1 to 3_600.
   * @default 300
   */
  readonly challengeSeconds: number;
  readonly wallet: WalletSettings;
  /**
   * The issuer whose tokens sign users in. Null = users cannot sign in.
   * @default null
   */
  readonly jwt: JwtSettings | null;
  /** How often one caller may try the password of one session. */
  readonly passwordAttempts: {
    /**
     * Attempts within the window, 1 to 10_000.
     * @default 10
     */
    readonly limit: number;
    /**
     * Length of the window, 1 to 86_400.
     * @default 60
     */
    readonly windowSeconds: number;
  };
}

export interface GraphqlSettings {
  /**
   * Whether GraphiQL is served at `/`.
   * @default true in development, false in production
   */
  readonly graphiql: boolean;
  /**
   * Whether clients may ask for the schema.
   * @default true in development, false in production
   */
  readonly introspection: boolean;
  /** What one operation may weigh. */
  readonly limits: {
    /**
     * Fields within fields, 1 to 1_000.
     * @default 12
     */
    readonly maxDepth: number;
    /**
     * Aliases, 0 to 10_000.
     * @default 30
     */
    readonly maxAliases: number;
    /**
     * Fields that may be answered, lists counted by their page size, 1 to 1_000_000_000.
     * @default 10_000
     */
    readonly maxCost: number;
    /**
     * Tokens of the document, 1 to 1_000_000.
     * @default 2_000
     */
    readonly maxTokens: number;
    /**
     * Largest page that a list is asked for, 1 to 10_000.
     * @default 100
     */
    readonly maxListSize: number;
  };
}

export interface LiveSettings {
  /**
   * How long a WebSocket has to say `connection_init`, 1 to 600_000.
   * @default 3_000
   */
  readonly connectionInitTimeoutMs: number;
  /**
   * How often a quiet connection is pinged, 1 to 600_000.
   * @default 12_000
   */
  readonly keepAliveMs: number;
  /**
   * What may wait for one slow subscriber before it is completed with SLOW_CONSUMER, 1_024 to 1_073_741_824.
   * @default 1_048_576 // 1 MiB
   */
  readonly maxBufferedBytes: number;
  /**
   * Subscriptions of one connection, 1 to 100_000.
   * @default 100
   */
  readonly maxSubscriptionsPerConnection: number;
  /**
   * Largest WebSocket message from a client, 1_024 to 104_857_600.
   * @default 1_048_576 // 1 MiB
   */
  readonly maxMessageBytes: number;
  /**
   * How often the store is asked for what a lost hint concealed, 1 to 600_000.
   * @default 1_000
   */
  readonly pollMs: number;
  /**
   * How long a session's source at its service is kept after the last who followed it, 0 to 3_600_000. 0 = it is let go of at once.
   * @default 30_000
   */
  readonly lingerMs: number;
}

export interface SessionSettings {
  /**
   * Shortest timeout or lifetime of a session, 1 to 3_153_600_000.
   * @default 1
   */
  readonly minTimeoutSeconds: number;
  /**
   * Longest timeout or lifetime of a session, 1 to 3_153_600_000.
   * @default 31_536_000 // a year
   */
  readonly maxTimeoutSeconds: number;
  /**
   * Largest capacity that a session may ask for, 1 to 1_000_000.
   * @default 10_000
   */
  readonly maxMembersLimit: number;
  /**
   * Largest content of a message in UTF-8, 1 to 16_777_216.
   * @default 65_536 // 64 KiB
   */
  readonly contentBytes: number;
  /**
   * Largest `metadata`, `defaults` or `options` as JSON, 2 to 16_777_216.
   * @default 10_240 // 10 KiB
   */
  readonly objectBytes: number;
  /**
   * Objects within objects of the same, 1 to 1_000.
   * @default 20
   */
  readonly objectDepth: number;
}

export interface RetentionSettings {
  /**
   * How long an idempotency key is remembered, 1 to 8_760.
   * @default 24
   */
  readonly idempotencyHours: number;
  /**
   * How long the events of a session are kept, 1 to 36_500. Who resumes further back is told that what came in between is not to be had.
   * Null = for ever.
   * @default 30
   */
  readonly timelineDays: number | null;
  /**
   * How many events of a session are kept, 1 to 1_000_000_000: the latest, and all of the last 10 minutes. Null = however many there are.
   * @default 10_000
   */
  readonly timelineEvents: number | null;
  /**
   * How long messages are kept, 1 to 36_500. Null = for ever.
   * @default null
   */
  readonly messageDays: number | null;
  /**
   * How many messages of a session are kept, 1 to 1_000_000_000: the latest, and all of the last 10 minutes. Null = however many there are.
   * @default null
   */
  readonly messageCount: number | null;
  /**
   * How long a session is kept after its end, with its members and all that was said, 1 to 36_500. Null = for ever.
   * @default null
   */
  readonly endedSessionDays: number | null;
}

export interface MetricsSettings {
  /**
   * Whether Prometheus may read metrics at `/metrics`.
   * @default true in development, false in production
   */
  readonly enabled: boolean;
  /**
   * Port of a listener that serves nothing else, 0 to 65_535. 0 = any free one. Null = they are on the gateway's own port.
   * @default null
   */
  readonly port: number | null;
  /**
   * Address of that listener.
   * @default '127.0.0.1' in development, '0.0.0.0' in production
   */
  readonly host: string;
  /**
   * What `Authorization: Bearer` must carry. Null = nothing is asked for, which production refuses on the gateway's own port.
   * @default null
   */
  readonly token: string | null;
}

export interface LogSettings {
  /**
   * The least that is logged. 'silent' = nothing.
   * @default 'info'
   */
  readonly level: LogLevel;
}

/** The settings in force: validated, complete, frozen at every depth. */
export interface ResolvedConfig {
  /**
   * Which defaults apply, and how strict the gateway is with what is left out.
   * @default 'development'
   */
  readonly environment: Environment;
  /**
   * Folder of what the gateway keeps, relative to the working directory. Made where it does not exist.
   * @default './data'
   */
  readonly dataDir: string;
  /**
   * Signs tokens and encrypts what is stored encrypted, 32 to 1_024 characters. Null = in development one is made and kept in
   * `<dataDir>/secret`; production refuses to start.
   * @default null
   */
  readonly secret: string | null;
  readonly server: ServerSettings;
  readonly store: StoreSettings;
  readonly bus: BusSettings;
  /**
   * The backends by name: 1 to 63 lower-case letters, digits and dashes, a letter first.
   * @default { local: { kind: 'LOCAL' } }
   */
  readonly backends: Readonly<Record<string, BackendSettings>>;
  /**
   * Name of the backend of sessions that are created without naming one.
   * @default 'local'
   */
  readonly defaultBackend: string;
  readonly auth: AuthSettings;
  readonly graphql: GraphqlSettings;
  readonly live: LiveSettings;
  readonly sessions: SessionSettings;
  readonly retention: RetentionSettings;
  readonly metrics: MetricsSettings;
  readonly log: LogSettings;
}

type Optional<T> = T extends readonly unknown[] | string | number | boolean | null
  ? T
  : { readonly [K in keyof T]?: Optional<T[K]> | undefined };

type Given<S extends BackendSettings, Required extends keyof S> = Pick<S, Required> & Optional<Omit<S, Required>>;

/** A backend as written in a configuration file. Secrets that must be given can come from variables. */
export type BackendConfig =
  | Given<LocalSettings, 'kind'>
  | Given<QuicksyncSettings, 'kind'>
  | Given<SipherSettings, 'kind'>
  | Given<MachaniSettings, 'kind' | 'url'>
  | Given<ElizaSettings, 'kind'>
  | Given<JulepSettings, 'kind'>;

/** What a configuration file says: anything left out, or undefined, has its default. */
export type ParleyConfig = Optional<Omit<ResolvedConfig, 'backends'>> & {
  /**
   * The backends by name: 1 to 63 lower-case letters, digits and dashes, a letter first.
   * @default { local: { kind: 'LOCAL' } }
   */
  readonly backends?: Readonly<Record<string, BackendConfig>> | undefined;
};
