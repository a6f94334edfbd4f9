import { isIP } from 'node:net';
import { z } from 'zod';

// The rule completes "Expected `x` to be …": refusals and documentation say it in the same words.
const ruled = <T extends z.ZodType>(value: T, rule: string): T => value.meta({ rule });

const grouped = (value: number): string => value.toLocaleString('en-US');
const quoted = (values: readonly string[]): string => values.map((value) => `\`${value}\``).join(', ');

export const wholeNumber = (from: number, to: number): z.ZodNumber =>
  ruled(z.int().min(from).max(to), `a whole number from ${grouped(from)} to ${grouped(to)}`);

/** Length in UTF-16 units, as `String.length` counts. */
export const text = (from: number, to: number): z.ZodString =>
  ruled(z.string().min(from).max(to), `text of ${grouped(from)} to ${grouped(to)} characters`);

export const choice = <const T extends string>(values: readonly T[]): z.ZodType<T, T> =>
  ruled(z.enum(values), values.length === 1 ? quoted(values) : `one of ${quoted(values)}`);

export const flag = (): z.ZodBoolean => ruled(z.boolean(), '`true` or `false`');

const isHttpUrl = (value: string): boolean => URL.canParse(value) && ['http:', 'https:'].includes(new URL(value).protocol);

export const httpUrl = (): z.ZodString => ruled(z.string().refine(isHttpUrl), 'an `http://` or `https://` URL');

const isPostgresUrl = (value: string): boolean => URL.canParse(value) && ['postgres:', 'postgresql:'].includes(new URL(value).protocol);

/** Refused without being shown: it carries a password. */
export const postgresUrl = (): z.ZodString => ruled(z.string().refine(isPostgresUrl), 'a `postgres://` URL');

const isServiceUrl = (value: string): boolean => {
  if (!isHttpUrl(value)) return false;
  const { username, password, search, hash } = new URL(value);
  return [username, password, search, hash].every((part) => part === '');
};

/** Where a service is. What would not reach it (a user and password, a query) is refused, and would be shown to whoever may see messages. */
export const serviceUrl = (): z.ZodString =>
  ruled(z.string().refine(isServiceUrl), 'an `http://` or `https://` URL without credentials, query or fragment');

/** What can stand in a header: anything else would fail each request. */
export const credential = (to = 8_192): z.ZodString =>
  ruled(
    z
      .string()
      .regex(/^[!-~]+(?: [!-~]+)*$/)
      .max(to),
    `1 to ${grouped(to)} visible ASCII characters, with single spaces between`,
  );

export const absoluteUri = (): z.ZodString =>
  ruled(
    z.string().refine((value) => URL.canParse(value)),
    'an absolute URI such as `https://app.example`',
  );

// What EIP-4361 messages and the wallets that show them take: no scheme, no path, no user.
const authorityShape = /^(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|(?:[a-z\d-]+\.)+[a-z][a-z\d-]*)(?::\d{1,5})?$/i;

export const authority = (): z.ZodString =>
  ruled(z.string().regex(authorityShape), 'a host name or IPv4 address with an optional port such as `app.example` or `localhost:4000`');

const isOrigin = (value: string): boolean => isHttpUrl(value) && new URL(value).origin === value;

/** How the address of a bus begins, by its driver. */
export const busSchemes = {
  postgres: ['postgres://', 'postgresql://'],
  redis: ['redis://', 'rediss://'],
  nats: ['nats://', 'tls://'],
} as const;

const schemes = Object.values(busSchemes).flat();

/** PostgreSQL takes a socket's folder instead, in the query. */
function hasHost(value: string): boolean {
  const { host, protocol, searchParams } = new URL(value);
  return host !== '' || (protocol.startsWith('postgres') && Boolean(searchParams.get('host')));
}

export const busUrl = (): z.ZodString =>
  ruled(
    z.string().refine((value) => schemes.some((scheme) => value.startsWith(scheme)) && URL.canParse(value) && hasHost(value)),
    `a URL with a host that begins with ${quoted(schemes)}`,
  );

/** What PostgreSQL, Redis and NATS all take as it is. */
export const channelName = (): z.ZodString =>
  ruled(z.string().regex(/^[A-Za-z][\w-]{0,62}$/), '1 to 63 letters, digits, dashes and underscores, a letter first');

export const origins = (): z.ZodType<'*' | readonly string[], '*' | readonly string[]> =>
  ruled(
    z.union([z.literal('*'), z.array(z.string().refine(isOrigin))]),
    '`*`, or a list of origins such as `https://app.example` (scheme, host and port only)',
  );

const networkNames = new Set(['loopback', 'linklocal', 'uniquelocal']);

function isNetwork(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/');
  const family = isIP(address);
  if (family === 0) return networkNames.has(value);
  return rest.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)));
}

export const trustedProxies = (): z.ZodType<boolean | readonly string[], boolean | readonly string[]> =>
  ruled(
    z.union([z.boolean(), z.array(z.string().refine(isNetwork)).min(1)]),
    '`true`, `false`, or a list of addresses and networks such as `10.0.0.0/8` or `loopback`',
  );

export const chainIds = (): z.ZodType<readonly number[], readonly number[]> =>
  ruled(
    z
      .array(z.int().min(1))
      .min(1)
      .max(100)
      .refine((values) => new Set(values).size === values.length),
    'a list of 1 to 100 different EIP-155 chain ids such as `1`, `10`',
  );

export const differentNumbers = (from: number, to: number): z.ZodType<readonly number[], readonly number[]> =>
  ruled(
    z
      .array(z.int().min(from).max(to))
      .min(1)
      .max(100)
      .refine((values) => new Set(values).size === values.length),
    `a list of 1 to 100 different whole numbers from ${grouped(from)} to ${grouped(to)}`,
  );

export const orNull = <T extends z.ZodType>(value: T): z.ZodNullable<T> =>
  ruled(z.nullable(value), `\`null\`, or ${String(value.meta()?.['rule'])}`);

/** A group of settings; any key but its own is refused. */
export const section = <T extends z.core.$ZodLooseShape>(shape: T): z.ZodObject<z.core.util.Writeable<T>, z.core.$strict> =>
  ruled(z.strictObject(shape), 'an object');
