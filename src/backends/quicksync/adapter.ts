import { z } from 'zod';
import type { QuicksyncOptions } from './options.ts';
import { type WireUser, eventUserShape, idShape } from './wire.ts';

/** What the hub tells. CHANGED = something that is best read anew. */
export type HubNews =
  | { readonly kind: 'ADDED'; readonly user: WireUser }
  | { readonly kind: 'REMOVED'; readonly id: string }
  | { readonly kind: 'OVER'; readonly status: 'EXPIRED' | 'ENDED' }
  | { readonly kind: 'CHANGED' };

/**
 * What the service's documentation leaves open, each in one place. Facts in need of a guess: the body of a kick, how an allowlist's entries
 * are written, what `expiry` counts, how the hub names its calls and what is in their `data`, whether sending a chat is answered with its id,
 * and when a wallet's bearer runs out.
 */
export interface Adapter {
  readonly kickBody: (userId: string) => unknown;
  readonly allowlistEntry: (address: string) => unknown;
  /** When the session ends, epoch milliseconds, from `rules.expiry` and `expiresIn`; null = it cannot be told. */
  readonly endOf: (
    said: { readonly expiry?: number | null | undefined; readonly expiresIn?: number | null | undefined },
    createdAt: number | null,
  ) => number | null;
  /** Null = nothing that concerns the gateway. */
  readonly hubNews: (method: string, args: readonly unknown[]) => HubNews | null;
  /** Of the reply to `POST /chats`. */
  readonly chatId: (json: unknown) => string | null;
  /** Epoch milliseconds; null = it does not tell. */
  readonly proofEnd: (token: string) => number | null;
}

export function createAdapter(options: Pick<QuicksyncOptions, 'kickField' | 'allowlistShape' | 'expiryUnit' | 'hubMethod'>): Adapter {
  const { kickField = 'userId', allowlistShape = 'STRING', expiryUnit = 'SECONDS', hubMethod = null } = options;
  return {
    kickBody: (userId) => ({ [kickField]: userId }),
    allowlistEntry: (address) => (allowlistShape === 'STRING' ? address : { address }),
    endOf({ expiry, expiresIn }, createdAt) {
      if (expiryUnit !== 'SECONDS' && isGiven(expiry)) return expiryUnit === 'EPOCH_SECONDS' ? expiry * 1_000 : expiry;
      const seconds = expiryUnit === 'SECONDS' && isGiven(expiry) ? expiry : expiresIn;
      // Counted from the creation, so that it comes to the same whenever it is asked for.
      return isGiven(seconds) && createdAt !== null ? createdAt + seconds * 1_000 : null;
    },
    hubNews(method, args) {
      const named = eventNames.get(method.toLowerCase());
      const envelope = envelopeShape.safeParse(args[0]).data;
      if (named !== undefined) return named(envelope === undefined ? args[0] : envelope.data);
      if (hubMethod !== null && hubMethod.toLowerCase() !== method.toLowerCase()) return null;
      const event = eventNames.get(envelope?.eventType.toLowerCase() ?? '');
      return event === undefined ? { kind: 'CHANGED' } : event(envelope?.data);
    },
    chatId(json) {
      const found = z.union([idShape, z.object({ chatId: idShape }).transform(({ chatId }) => chatId)]).safeParse(json);
      return found.success ? found.data : null;
    },
    proofEnd(token) {
      try {
        const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
        const { exp } = z.object({ exp: z.number().positive() }).parse(claims);
        return exp * 1_000;
      } catch {
        return null;
      }
    },
  };
}

// A field that is never null says 0 where there is nothing to say.
const isGiven = (value: number | null | undefined): value is number => typeof value === 'number' && value > 0;

const envelopeShape = z.object({ eventType: z.string(), data: z.unknown().optional() });
const removedShape = z.union([
  idShape,
  z.object({ userId: idShape }).transform(({ userId }) => userId),
  eventUserShape.transform(({ id }) => id),
]);
const nested = z.object({ user: z.unknown() });
const inner = (data: unknown): unknown => nested.safeParse(data).data?.user ?? data;
const changed: HubNews = { kind: 'CHANGED' };

/** The documented events, in lower case as the protocol compares them. */
const eventNames: ReadonlyMap<string, (data: unknown) => HubNews | null> = new Map<string, (data: unknown) => HubNews | null>([
  [
    'useradded',
    (data) => {
      const user = eventUserShape.safeParse(inner(data));
      return user.success ? { kind: 'ADDED', user: user.data } : changed;
    },
  ],
  [
    'userremoved',
    (data) => {
      const id = removedShape.safeParse(inner(data));
      return id.success ? { kind: 'REMOVED', id: id.data } : changed;
    },
  ],
  ['sessionexpired', () => ({ kind: 'OVER', status: 'EXPIRED' })],
  ['sessiondestroyed', () => ({ kind: 'OVER', status: 'ENDED' })],
  ['fileadded', () => changed],
  ['fileremoved', () => changed],
  ['filecomplete', () => changed],
  // Comes with each piece of an upload, and nothing that can be read has changed.
  ['fileprogress', () => null],
]);
