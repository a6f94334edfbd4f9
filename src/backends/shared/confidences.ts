import { BoundedMap } from '../../core/bounded-map.ts';
import { maxDepth } from './depth.ts';

/** What was told to a service in confidence, so that it can be kept out of what the service says of failures. */
export interface Confidences {
  /**
   * Takes the values of headers, and of what in the body is a secret. Answers with how a refusal of this very request is to be read.
   *
   * @param about - Secrets of what the request is about, sent along or not.
   */
  told(headers: Readonly<Record<string, string>>, body: unknown, about?: readonly string[]): (refusal: string) => string;
  /** Takes a secret that the service has told, where it could be no word of it: others belong into `about`. */
  heard(secret: string): void;
}

/** Tokens of members are many. */
const remembered = 2_000;
/** What is shorter is part of too many words: it is taken out where it stands by itself. */
const minChars = 4;
/** So much of a refusal is looked through, and the rest not passed on. */
const maxChars = 65_536;
const keyNames: ReadonlySet<string> = new Set(['secretKey', 'defaultViewingKey']);
const openHeaders: ReadonlySet<string> = new Set(['accept', 'content-type', 'x-developer-id']);
/** Fields with the services' own words, by which connectors tell refusals apart and which they do not quote. */
const codeNames: ReadonlySet<string> = new Set(['code', 'status', 'type']);

/**
 * What could be no word of the service's. Passwords are words of clients' choice: one that reads like an error's code must not hide that
 * code, nor one that is a word of sentences the sentences that other requests are answered with.
 */
const isTelling = (secret: string): boolean => secret.length >= 12 && /\d/.test(secret);

/** As it is, and as it stands in JSON. */
const formsOf = (secret: string): readonly string[] => [...new Set([secret, JSON.stringify(secret).slice(1, -1)])];

interface Secrets {
  readonly passwords: readonly string[];
  readonly keys: readonly string[];
}

function secretsIn(body: unknown): Secrets {
  const fields = fieldsIn(body);
  return {
    passwords: fields.flatMap(([name, value]) => (name === 'password' ? [value] : [])),
    keys: fields.flatMap(([name, value]) => (keyNames.has(name) ? [value] : [])),
  };
}

/** The texts in a body, by the names of their fields. */
function fieldsIn(body: unknown, depth = 2): readonly (readonly [name: string, value: string])[] {
  if (typeof body !== 'object' || body === null || depth === 0) return [];
  return Object.entries(body).flatMap(([name, value]): readonly (readonly [string, string])[] => {
    if (typeof value === 'string') return [[name, value]];
    return name === 'metadata' ? [] : fieldsIn(value, depth - 1);
  });
}

const byItself = (secret: string): RegExp =>
  new RegExp(`(?<![\\p{L}\\p{N}])${secret.replaceAll(/[$()*+./?[\\\]^{|}]/g, String.raw`\$&`)}(?![\\p{L}\\p{N}])`, 'gu');

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret.length < minChars ? byItself(secret) : secret, '***'), text);
}

/** The refusal without them, text by text where it is JSON. */
function discreetly(refusal: string, all: readonly string[]): string {
  let json: unknown;
  let written: string;
  try {
    json = JSON.parse(refusal);
    // In one way only: a service may have written a quotation mark in another.
    written = JSON.stringify(json);
  } catch {
    return withoutSecrets(refusal, all);
  }
  // Most have none of them in it, and each of its texts need not be looked through for all.
  const secrets = all.filter((secret) => formsOf(secret).some((form) => written.includes(form)));
  if (secrets.length === 0) return refusal;
  const telling = secrets.filter(isTelling);
  const clean = (value: unknown, depth: number, hidden: readonly string[]): unknown => {
    if (typeof value === 'string') return withoutSecrets(value, hidden);
    if (typeof value !== 'object' || value === null) return value;
    if (depth === maxDepth) return null;
    if (Array.isArray(value)) return value.map((each) => clean(each, depth + 1, hidden));
    const entries = Object.entries(value).map(
      ([name, each]) => [withoutSecrets(name, telling), clean(each, depth + 1, codeNames.has(name) ? telling : secrets)] as const,
    );
    return Object.fromEntries(entries);
  };
  return JSON.stringify(clean(json, 0, secrets));
}

/** @param always - Secrets that belong to the service, whether or not a request carries them. */
export function createConfidences(always: readonly string[] = []): Confidences {
  const known = new BoundedMap<string, true>(remembered);
  const remember = (secret: string): void => {
    if (secret.length >= minChars) for (const form of formsOf(secret)) known.set(form, true);
  };
  return {
    heard(secret) {
      if (isTelling(secret)) remember(secret);
    },
    told(headers, body, about = []) {
      for (const [name, value] of Object.entries(headers)) {
        if (!openHeaders.has(name.toLowerCase())) remember(value.replace(/^Bearer\s+/i, ''));
      }
      const { passwords, keys } = secretsIn(body);
      for (const secret of [...keys, ...passwords.filter(isTelling)]) remember(secret);
      const own = [...passwords, ...keys, ...about].flatMap(formsOf);
      return (refusal) => {
        const hidden = new Set([...always, ...own, ...known.keys()].filter((secret) => secret !== ''));
        // Longer ones first: of one that another is part of nothing is to be left.
        return discreetly(
          refusal.slice(0, maxChars),
          [...hidden].toSorted((one, other) => other.length - one.length),
        );
      };
    },
  };
}
