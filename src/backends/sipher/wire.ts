import { z } from 'zod';
import type { JsonObject } from '../../core/session.ts';

/** The form of the service's ids: `sess_` and a keccak-256 in lower case. */
export const handlePattern: RegExp = /^sess_[0-9a-f]{64}$/;

/** What PATCH answers. */
export interface PatchedSession {
  readonly sessionId: string;
  /** As set at the service, the secret one among them. Keys and values that are new to the service are passed on, not refused. */
  readonly defaults: JsonObject;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** What POST and GET answer. `lastAccessedAt` of GET is not read: the gateway's own reads move it. */
export interface WholeSession extends PatchedSession {
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

interface Success<T> {
  readonly success: true;
  readonly data: T;
}

// Instants are epoch milliseconds, though those of keys, which are not used here, are ISO texts.
// One beyond all clocks is still no reason to lose a session which was made.
const instant = z.number().nonnegative().transform(Math.trunc);
const session = z.object({
  sessionId: z.string().regex(handlePattern),
  defaults: z.record(z.string(), z.unknown()),
  expiresAt: instant,
});

export const patchedSession: z.ZodType<Success<PatchedSession>> = z.object({ success: z.literal(true), data: session });
export const wholeSession: z.ZodType<Success<WholeSession>> = z.object({
  success: z.literal(true),
  data: session.extend({ createdAt: instant }),
});
export const deletedSession: z.ZodType<Success<{ readonly deleted: true }>> = z.object({
  success: z.literal(true),
  data: z.object({ deleted: z.literal(true) }),
});

/** `GET /`, which has no envelope, asks for no key and is not counted by the service's rate limit. */
export const root: z.ZodType<{ readonly name: 'sipher' }> = z.object({ name: z.literal('sipher') });

/** One of the service's zod issues. */
export interface WireIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** What is allowed, where that is a list. */
  readonly values?: readonly string[] | undefined;
}

const issue: z.ZodType<WireIssue> = z.object({
  path: z.array(z.union([z.string(), z.number()])),
  message: z.string(),
  values: z.array(z.string()).optional().catch(undefined),
});

/** Of every refusal. What `details` is depends on `code`: see the last two here. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
}

const errorBody = z.object({ error: z.object({ code: z.string(), message: z.string().catch(''), details: z.unknown().optional() }) });

/** Null where it is no error of the service's. */
export const errorIn = (json: unknown): WireError | null => errorBody.safeParse(json).data?.error ?? null;
/** Of VALIDATION_ERROR; it has none where the id is malformed. */
export const issuesIn = ({ details }: WireError): readonly WireIssue[] => z.array(issue).safeParse(details).data ?? [];
/** Of DAILY_QUOTA_EXCEEDED, epoch milliseconds. */
export const resetIn = ({ details }: WireError): number | null => {
  const at = Date.parse(z.object({ resetAt: z.string() }).safeParse(details).data?.resetAt ?? '');
  return Number.isNaN(at) ? null : at;
};
