import { BoundedMap } from '../../core/bounded-map.ts';

/** What was told to a service in confidence, so that it can be kept out of what the service says of failures. */
export interface Confidences {
  /** Takes the values of headers, and of what in the body is a secret. Answers with how a refusal of this very request is to be read. */
  told(headers: Readonly<Record<string, string>>, body: unknown): (refusal: string) => string;
  /** Takes a secret that the service has told. */
  heard(secret: string): void;
}

/** Tokens of members are many. */
const remembered = 2_000;
/** What is shorter could be any word of a sentence. */
const minChars = 4;
const secretNames: ReadonlySet<string> = new Set(['password', 'secretKey', 'defaultViewingKey']);
const openHeaders: ReadonlySet<string> = new Set(['accept', 'content-type', 'x-developer-id']);

/**
 * Passwords are words of clients' choice: one that reads like an error's code must not hide that code from other requests. Beyond its own
 * request is hidden only what could be no word of the service's.
 */
const isTelling = (secret: string): boolean => secret.length >= 12 && /\d/.test(secret);

/** As it is, and as it stands in JSON. */
const formsOf = (secret: string): readonly string[] => [...new Set([secret, JSON.stringify(secret).slice(1, -1)])];

function secretsIn(body: unknown, depth = 2): readonly string[] {
  if (typeof body !== 'object' || body === null || depth === 0) return [];
  return Object.entries(body).flatMap(([name, value]) => {
    if (typeof value === 'string') return secretNames.has(name) ? [value] : [];
    return name === 'metadata' ? [] : secretsIn(value, depth - 1);
  });
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
    told(headers, body) {
      for (const [name, value] of Object.entries(headers)) {
        if (!openHeaders.has(name.toLowerCase())) remember(value.replace(/^Bearer\s+/i, ''));
      }
      const own = secretsIn(body);
      for (const secret of own) if (isTelling(secret)) remember(secret);
      return (refusal) => {
        const hidden = [...always, ...own.filter(({ length }) => length >= minChars).flatMap(formsOf), ...known.keys()];
        return hidden.reduce((text, secret) => text.replaceAll(secret, '***'), refusal);
      };
    },
  };
}
