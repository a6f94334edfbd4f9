import { z } from 'zod';
import type { BackendKind } from '../core/backend.ts';
import { tiers } from '../core/viewer.ts';
import type { BackendSettings, JulepSettings } from './backend-settings.ts';
import type { Environment } from './config.ts';
import { choice, credential, differentNumbers, flag, orNull, section, serviceUrl, text, wholeNumber } from './values.ts';

/** A backend as parsed: complete but for what is derived from several of its settings at once. */
export type ParsedBackend = Exclude<BackendSettings, JulepSettings> | (Omit<JulepSettings, 'url'> & { readonly url?: string | undefined });

/** All that there are. */
export const backendKinds: readonly BackendKind[] = ['LOCAL', 'QUICKSYNC', 'SIPHER', 'MACHANI', 'ELIZA', 'JULEP'];

export const backendNameShape: RegExp = /^[a-z][a-z0-9-]{0,62}$/;
export const backendNameRule = 'a name of 1 to 63 lower-case letters, digits and dashes, a letter first';

const largestNumber = 2_147_483_647;

const kind = <const K extends BackendKind>(name: K): z.ZodType<K, K> =>
  choice([name]).describe('Which connector serves it. `LOCAL` needs no service: the gateway is the backend.');

const anyShape = () => ({
  minimumTier: orNull(choice(tiers))
    .default(null)
    .describe('API keys of a lower tier may not create sessions here. `null`: any caller that may create.'),
});

const serviceShape = (environment: Environment) => ({
  ...anyShape(),
  onExpiry: choice(['KEEP', 'DELETE'])
    .default('KEEP')
    .describe("What becomes of a session at the service when the gateway's rules end it."),
  foreignVisibility: choice(['PUBLIC', 'PRIVATE'])
    .default(environment === 'development' ? 'PUBLIC' : 'PRIVATE')
    .describe(
      'Who may find sessions that were made at the service itself, where the service does not say. `PUBLIC`: everybody. `PRIVATE`: API keys only.',
    ),
  pollMs: wholeNumber(200, 600_000)
    .default(5_000)
    .describe('How often a session is looked at while somebody follows it, where the service does not tell by itself.'),
  timeoutMs: wholeNumber(100, 120_000).default(10_000).describe('How long one attempt at a request may take.'),
  retries: wholeNumber(0, 10).default(2).describe('Attempts after the first, of what may be repeated.'),
  concurrency: wholeNumber(1, 1_000).default(64).describe('Requests at the service at a time.'),
  breaker: section({
    failures: wholeNumber(1, 1_000).default(5).describe('Failures in a row after which the service is left alone.'),
    openMs: wholeNumber(100, 600_000).default(10_000).describe('How long, before one request tries it again.'),
  }).prefault({}),
});

const apiKey = () => credential().meta({ secret: true }).describe("The gateway's key at the service.");

const agentShape = () => ({
  agentId: orNull(text(1, 200))
    .default(null)
    .describe('The agent of sessions that are created without naming one. `null`: every creation has to name one.'),
  replyMs: wholeNumber(1_000, 600_000).default(60_000).describe('How long a reply that is waited for may take.'),
});

const local = () => section({ kind: kind('LOCAL'), ...anyShape() });

const quicksync = (environment: Environment) =>
  section({
    kind: kind('QUICKSYNC'),
    url: serviceUrl().default('https://api.quicksync.me/v1').describe('Where the service is, with the version of its API.'),
    apiKey: apiKey(),
    kickField: text(1, 100)
      .default('userId')
      .describe("Field of a kick that names whom to remove: the service's documentation does not show it."),
    allowlistShape: choice(['STRING', 'OBJECT'])
      .default('STRING')
      .describe('How an entry of an allowlist is sent: the address itself, or `{ address }`. Both are read.'),
    expiryUnit: choice(['SECONDS', 'EPOCH_SECONDS', 'EPOCH_MILLISECONDS'])
      .default('SECONDS')
      .describe("What `expiry` of a reply counts: seconds from the session's creation, or the instant since 1970."),
    hubMethod: orNull(text(1, 100))
      .default(null)
      .describe("The hub's method that carries events in an envelope. `null`: whatever method it calls."),
    chats: flag()
      .default(true)
      .describe('Whether messages are kept at the service, whose API for them is in closed beta. `false`: the gateway keeps them.'),
    ...serviceShape(environment),
  });

const sipher = (environment: Environment) =>
  section({
    kind: kind('SIPHER'),
    url: serviceUrl().default('https://sipher.sip-protocol.org').describe('Where the service is.'),
    apiKey: apiKey(),
    requestsPerMinute: wholeNumber(1, 1_000_000).default(100).describe('Requests within a minute that the service allows.'),
    queueMs: wholeNumber(0, 60_000)
      .default(2_000)
      .describe('How long a request may wait for its turn among those. 0: it is refused at once.'),
    ...serviceShape(environment),
  });

const machani = (environment: Environment) =>
  section({
    kind: kind('MACHANI'),
    url: serviceUrl().describe('Where the service is, without the path of its API.'),
    authorization: orNull(credential())
      .default(null)
      .meta({ secret: true })
      .describe('Sent as `Authorization` with each request. `null`: nothing is.'),
    profile: text(1, 200).default('default').describe('The profile that sessions are created with.'),
    defaultChannels: differentNumbers(0, largestNumber).default([1]).describe('Channels of sessions that are created without naming any.'),
    sessionTypes: section({
      PUBLIC: wholeNumber(0, largestNumber).default(1).describe("The service's number for sessions that anybody may find."),
      PRIVATE: wholeNumber(0, largestNumber).default(2).describe('Its number for sessions that are found by their members only.'),
      TEMPORARY: wholeNumber(0, largestNumber).default(3).describe('Its number for sessions that are not meant to last.'),
    }).prefault({}),
    pageSize: wholeNumber(1, 1_000).default(100).describe('Sessions that are asked for at a time.'),
    ...serviceShape(environment),
  });

const eliza = (environment: Environment) =>
  section({
    kind: kind('ELIZA'),
    url: serviceUrl().default('http://localhost:3000').describe('Where the server is, without the path of its API.'),
    apiKey: orNull(credential())
      .default(null)
      .meta({ secret: true })
      .describe("The server's `ELIZA_SERVER_AUTH_TOKEN`. `null`: it asks for none."),
    socketApiKey: orNull(credential())
      .default(null)
      .meta({ secret: true })
      .describe("The server's `SERVER_API_KEY`, which sockets are asked for. `null`: they are asked for none."),
    ...agentShape(),
    ...serviceShape(environment),
  });

const julepUrls: Readonly<Record<JulepSettings['contract'], string>> = {
  'v0.3': 'https://api-alpha.julep.ai/api',
  v1: 'https://api.julep.ai/api',
};

const julep = (environment: Environment) =>
  section({
    kind: kind('JULEP'),
    contract: choice(['v0.3', 'v1']).default('v1').describe('Which of its APIs the service speaks.'),
    url: serviceUrl()
      .optional()
      .meta({ defaultText: `\`${julepUrls.v1}\`; with \`contract\` \`v0.3\` \`${julepUrls['v0.3']}\`` })
      .describe('Where the service is.'),
    apiKey: apiKey(),
    authHeader: choice(['Authorization', 'X-Auth-Key']).default('Authorization').describe('The header that the key is sent in.'),
    developerId: orNull(credential(200))
      .default(null)
      .describe('Sent as `X-Developer-Id`: an own installation with several developers asks for it. `null`: nothing is.'),
    ...agentShape(),
    ...serviceShape(environment),
  });

/** The schema of `backends`, without its default. See `configSchema` for what each setting carries. */
export const backendsSchema = (environment: Environment): z.ZodType<Readonly<Record<string, ParsedBackend>>> =>
  z
    .record(
      z.string().regex(backendNameShape),
      z
        .discriminatedUnion('kind', [
          local(),
          quicksync(environment),
          sipher(environment),
          machani(environment),
          eliza(environment),
          julep(environment),
        ])
        .meta({ rule: 'an object' }),
    )
    .refine((byName) => Object.keys(byName).length > 0)
    .meta({ rule: `one or more backends, each under ${backendNameRule}` });

/** What is wrong with a backend of no known kind in the settings that services share, so that nobody mends it twice. */
export const issuesOfNoKind = (backend: unknown): readonly z.core.$ZodIssue[] =>
  z.looseObject(serviceShape('development')).safeParse(backend).error?.issues ?? [];

/** With what follows from several settings. */
export const completedBackend = (backend: ParsedBackend): BackendSettings =>
  backend.kind === 'JULEP' ? { ...backend, url: backend.url ?? julepUrls[backend.contract] } : backend;
