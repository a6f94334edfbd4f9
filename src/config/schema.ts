import type { z } from 'zod';
import { backendsSchema, type ParsedBackend } from './backends-schema.ts';
import type { Environment, ResolvedConfig, WalletSettings } from './config.ts';
import {
  absoluteUri,
  authority,
  busUrl,
  chainIds,
  channelName,
  choice,
  credential,
  flag,
  httpUrl,
  origins,
  orNull,
  postgresUrl,
  section,
  text,
  trustedProxies,
  wholeNumber,
} from './values.ts';

/** A configuration as parsed: complete but for what is derived from several settings at once. */
export type ParsedConfig = Omit<ResolvedConfig, 'auth' | 'backends'> & {
  readonly backends: Readonly<Record<string, ParsedBackend>>;
  readonly auth: Omit<ResolvedConfig['auth'], 'wallet'> & {
    readonly wallet: Omit<WalletSettings, 'domain' | 'uri'> & { readonly domain?: string | undefined; readonly uri?: string | undefined };
  };
};

const kibibyte = 1_024;
const mebibyte = 1_024 * kibibyte;
const hourSeconds = 60 * 60;
const daySeconds = 24 * hourSeconds;
const yearSeconds = 365 * daySeconds;
const centuryDays = 36_500;
const billion = 1_000_000_000;

const jwt = section({
  jwksUrl: httpUrl().meta({ secret: true }).describe('Where the issuer publishes its signing keys.'),
  issuer: text(1, 1_024).describe('What `iss` of an accepted token says.'),
  audience: text(1, 1_024).describe('What `aud` of an accepted token holds.'),
  nameClaim: text(1, 100)
    .default('preferred_username')
    .describe("Claim that a user's display name is taken from; `sub` stands in where a token lacks it."),
});

/**
 * The schema of a configuration, with the defaults of an environment. Each setting carries `description` and `rule` (type and bounds in
 * words), those that are never printed `secret`, and those whose default depends on other settings `defaultText`.
 */
export function configSchema(environment: Environment): z.ZodType<ParsedConfig> {
  const development = environment === 'development';
  return section({
    environment: choice(['development', 'production'])
      .default('development')
      .describe('Which defaults apply, and how strict the gateway is with what is left out.'),
    dataDir: text(1, 4_096)
      .default('./data')
      .describe('Folder of what the gateway keeps, relative to the working directory. Made where it does not exist.'),
    secret: orNull(text(32, 1_024))
      .default(null)
      .meta({ secret: true })
      .describe(
        'Signs tokens and encrypts what is stored encrypted. `null`: in development one is made and kept in `<dataDir>/secret`; production refuses to start.',
      ),
    server: section({
      host: text(1, 255)
        .default(development ? '127.0.0.1' : '0.0.0.0')
        .describe('Address that the gateway listens on.'),
      port: wholeNumber(0, 65_535).default(4_000).describe('Port that the gateway listens on. 0: any free one.'),
      bodyLimitBytes: wholeNumber(kibibyte, 100 * mebibyte)
        .default(mebibyte)
        .describe('Largest request body over HTTP.'),
      trustProxy: trustedProxies()
        .default(false)
        .describe("Whose `X-Forwarded-*` headers are believed: nobody's, everybody's, or those of the listed addresses and networks."),
      corsOrigins: origins()
        .default(development ? '*' : [])
        .describe('Web origins that browsers may call from. `*`: any.'),
      drainSeconds: wholeNumber(0, hourSeconds).default(10).describe('How long a stopping gateway waits for answers in flight.'),
      drainDelaySeconds: wholeNumber(0, hourSeconds)
        .default(0)
        .describe('How long before that it goes on as before while `/health/ready` says 503, so that load balancers notice.'),
    }).prefault({}),
    store: section({
      driver: choice(['sqlite', 'postgres', 'memory'])
        .default('sqlite')
        .describe(
          'Where records are kept: one file in `dataDir`, a PostgreSQL database, or the memory of the process, which forgets them with it.',
        ),
      durability: choice(['full', 'normal'])
        .default('full')
        .describe(
          'What an acknowledged write survives. `full`: loss of power. `normal`: the end of the process only. PostgreSQL has settings of its own.',
        ),
      url: orNull(postgresUrl())
        .default(null)
        .meta({ secret: true })
        .describe(
          "The database of `postgres`, which needs it: `postgres://user:password@host:5432/database`, with libpq's parameters in the query.",
        ),
      poolSize: wholeNumber(1, 1_000).default(10).describe('Connections of `postgres` at a time.'),
      waitMs: wholeNumber(100, 600_000)
        .default(5_000)
        .describe('How long a request may wait for a connection of `postgres`, and a change for those of its session before it.'),
      statementMs: wholeNumber(100, 600_000)
        .default(10_000)
        .describe('How long one statement may take on the server of `postgres`, waiting for locks included.'),
    }).prefault({}),
    bus: section({
      driver: choice(['in-process', 'postgres', 'redis', 'nats'])
        .default('in-process')
        .describe('How gateways tell each other of changes. `in-process`: there is only this one.'),
      url: orNull(busUrl())
        .default(null)
        .meta({ secret: true })
        .describe('Where the server of the bus is. To be given with every driver but `in-process`.'),
      channel: channelName()
        .default('parley')
        .describe('Gateways hear those of the same channel: for several installations on one server.'),
    }).prefault({}),
    backends: backendsSchema(environment)
      .default({ local: { kind: 'LOCAL', minimumTier: null } })
      .describe('The backends by name.'),
    defaultBackend: text(1, 63).default('local').describe('Name of the backend of sessions that are created without naming one.'),
    auth: section({
      anonymous: flag().default(development).describe('Whether callers without credentials may use the gateway.'),
      memberTokenSeconds: orNull(wholeNumber(1, 10 * yearSeconds))
        .default(30 * daySeconds)
        .describe('How long a member token is good for. `null`: as long as the membership.'),
      walletTokenSeconds: wholeNumber(1, 30 * daySeconds)
        .default(hourSeconds)
        .describe('How long a wallet stays signed in.'),
      challengeSeconds: wholeNumber(1, hourSeconds).default(300).describe('How long a wallet has to sign its challenge.'),
      wallet: section({
        domain: authority()
          .optional()
          .meta({ defaultText: '`localhost:` and the port' })
          .describe('Host of the site on which wallets are asked to sign (`domain` of EIP-4361).'),
        uri: absoluteUri()
          .optional()
          .meta({ defaultText: 'the domain behind `http://` for localhost, `https://` otherwise' })
          .describe('URI that the signature is for (`uri` of EIP-4361).'),
        chainIds: chainIds().default([1]).describe('EIP-155 ids of the chains that a wallet may sign in for. 1: Ethereum.'),
      }).prefault({}),
      jwt: orNull(jwt)
        .default(null)
        .meta({ secret: true })
        .describe('The issuer whose tokens sign users in. `null`: users cannot sign in.'),
      passwordAttempts: section({
        limit: wholeNumber(1, 10_000).default(10).describe('How often one caller may try the password of one session within the window.'),
        windowSeconds: wholeNumber(1, daySeconds).default(60).describe('Length of that window.'),
      }).prefault({}),
    }).prefault({}),
    graphql: section({
      graphiql: flag().default(development).describe('Whether GraphiQL is served at `/`.'),
      introspection: flag().default(development).describe('Whether clients may ask for the schema.'),
      limits: section({
        maxDepth: wholeNumber(1, 1_000).default(12).describe('Fields within fields of one operation.'),
        maxAliases: wholeNumber(0, 10_000).default(30).describe('Aliases of one operation.'),
        maxCost: wholeNumber(1, 1_000_000_000)
          .default(10_000)
          .describe('Fields that one operation may have answered, those in lists counted by the size of the page.'),
        maxTokens: wholeNumber(1, 1_000_000).default(2_000).describe('Tokens of one document.'),
        maxListSize: wholeNumber(1, 10_000).default(100).describe('Largest page that a list may be asked for.'),
      }).prefault({}),
    }).prefault({}),
    live: section({
      connectionInitTimeoutMs: wholeNumber(1, 600_000).default(3_000).describe('How long a WebSocket has to say `connection_init`.'),
      keepAliveMs: wholeNumber(1, 600_000).default(12_000).describe('How often a quiet connection is pinged.'),
      maxBufferedBytes: wholeNumber(kibibyte, kibibyte * mebibyte)
        .default(mebibyte)
        .describe('What may wait for one slow subscriber before it is completed with `SLOW_CONSUMER`.'),
      maxSubscriptionsPerConnection: wholeNumber(1, 100_000).default(100).describe('Subscriptions of one connection.'),
      maxMessageBytes: wholeNumber(kibibyte, 100 * mebibyte)
        .default(mebibyte)
        .describe('Largest WebSocket message from a client.'),
      pollMs: wholeNumber(1, 600_000).default(1_000).describe('How often the store is asked for what a lost hint concealed.'),
      lingerMs: wholeNumber(0, hourSeconds * 1_000)
        .default(30_000)
        .describe("How long a session's source at its service is kept after the last who followed it."),
    }).prefault({}),
    sessions: section({
      minTimeoutSeconds: wholeNumber(1, 100 * yearSeconds)
        .default(1)
        .describe('Shortest timeout or lifetime of a session.'),
      maxTimeoutSeconds: wholeNumber(1, 100 * yearSeconds)
        .default(yearSeconds)
        .describe('Longest timeout or lifetime of a session.'),
      maxMembersLimit: wholeNumber(1, 1_000_000).default(10_000).describe('Largest capacity that a session may ask for.'),
      contentBytes: wholeNumber(1, 16 * mebibyte)
        .default(64 * kibibyte)
        .describe('Largest content of a message, in UTF-8.'),
      objectBytes: wholeNumber(2, 16 * mebibyte)
        .default(10 * kibibyte)
        .describe('Largest `metadata`, `defaults` or `options`, as JSON.'),
      objectDepth: wholeNumber(1, 1_000).default(20).describe('Objects within objects of the same.'),
    }).prefault({}),
    retention: section({
      idempotencyHours: wholeNumber(1, 8_760).default(24).describe('How long an idempotency key is remembered.'),
      timelineDays: orNull(wholeNumber(1, centuryDays))
        .default(30)
        .describe('How long the events of a session are kept: who resumes further back is told that it missed some. `null`: for ever.'),
      timelineEvents: orNull(wholeNumber(1, billion))
        .default(10_000)
        .describe('How many events of a session are kept: the latest, and all of the last 10 minutes. `null`: however many there are.'),
      messageDays: orNull(wholeNumber(1, centuryDays)).default(null).describe('How long messages are kept. `null`: for ever.'),
      messageCount: orNull(wholeNumber(1, billion))
        .default(null)
        .describe('How many messages of a session are kept: the latest, and all of the last 10 minutes. `null`: however many there are.'),
      endedSessionDays: orNull(wholeNumber(1, centuryDays))
        .default(null)
        .describe('How long a session is kept after its end, with its members and all that was said. `null`: for ever.'),
    }).prefault({}),
    metrics: section({
      enabled: flag().default(development).describe('Whether Prometheus may read metrics at `/metrics`.'),
      port: orNull(wholeNumber(0, 65_535))
        .default(null)
        .describe("Port of a listener that serves nothing else. 0: any free one. `null`: they are on the gateway's own port."),
      host: text(1, 255)
        .default(development ? '127.0.0.1' : '0.0.0.0')
        .describe('Address of that listener.'),
      token: orNull(credential())
        .default(null)
        .meta({ secret: true })
        .describe(
          "What `Authorization: Bearer` must carry. `null`: nothing is asked for, which production refuses on the gateway's own port.",
        ),
    }).prefault({}),
    log: section({
      level: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
        .default('info')
        .describe('The least that is logged. `silent`: nothing.'),
    }).prefault({}),
  });
}
