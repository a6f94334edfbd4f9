import { z } from 'zod';
import { type Rows, rowsOf } from '../shared/rows.ts';

// JSON of proto3: what has its default may be left out, and null stands for the default.
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const texts = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? []);

/** The resource `Session`, as far as it is used; '' = not there. */
export interface SessionWire {
  /** `sessions/{session}` */
  readonly name: string;
  readonly sessionId: string;
  readonly displayName: string;
  readonly description: string;
  /** Enums come as numbers or names. */
  readonly sessionType: number | string | null;
  readonly owners: readonly string[];
  readonly allowedUsers: readonly string[];
  readonly secretKey: string;
  /** RFC 3339 with up to nine digits of a second. */
  readonly createTime: string;
}

export const sessionWire: z.ZodType<SessionWire> = z
  .object({
    name: text,
    sessionId: text,
    displayName: text,
    description: text,
    sessionType: z
      .union([z.number(), z.string()])
      .nullish()
      .transform((value) => value ?? null),
    owners: texts,
    allowedUsers: texts,
    secretKey: text,
    createTime: text,
  })
  .refine(({ name, sessionId }) => name !== '' || sessionId !== '', { path: ['name'], error: 'expected a name or a sessionId' });

export interface ListWire {
  /** Without those that are not as documented. */
  readonly sessions: Rows<SessionWire>;
  /** '' = this was the last page. */
  readonly nextPageToken: string;
}

export const listWire: z.ZodType<ListWire> = z.object({
  sessions: rowsOf(sessionWire)
    .nullish()
    .transform((value) => value ?? { rows: [], unreadable: 0 }),
  nextPageToken: text,
});

/** What joining and leaving answer. */
export const membershipWire: z.ZodType<{ readonly session: SessionWire }> = z.object({ session: sessionWire });

const part = z.record(z.string(), z.unknown()).nullish();

/** What publishing answers. An acknowledgment that says nothing may be left out, and an answer without either part is of something else. */
export const publishedWire: z.ZodType = z
  .object({ acknowledgment: part, message: part })
  .refine(({ acknowledgment, message }) => (acknowledgment ?? message) != null, {
    path: ['acknowledgment'],
    error: 'expected an acknowledgment or the message',
  });

/** `google.rpc.Status` as gRPC gateways write it, and the older forms of it. */
export interface StatusWire {
  readonly code?: number | undefined;
  readonly grpc_code?: number | undefined;
  /** The code's name, in the form of Google's own services, where `code` is the HTTP status. */
  readonly status?: string | undefined;
  readonly message?: string | undefined;
  readonly details?: readonly { readonly fieldViolations?: readonly { readonly field: string }[] | undefined }[] | undefined;
}

export const statusWire: z.ZodType<StatusWire> = z.object({
  code: z.number().optional().catch(undefined),
  grpc_code: z.number().optional().catch(undefined),
  status: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
  details: z
    .array(z.object({ fieldViolations: z.array(z.object({ field: z.string() })).optional() }))
    .optional()
    .catch(undefined),
});

export type RecordWire = Readonly<Record<string, unknown>>;
const record = z.record(z.string(), z.unknown());

export const recordOf = (value: unknown): RecordWire | null => record.safeParse(value).data ?? null;

/** A line of the stream: an event, wrapped in `result` or not, or a failure that ends it. */
export type ChunkWire = { readonly kind: 'event'; readonly event: RecordWire } | { readonly kind: 'error'; readonly status: StatusWire };

/** Null where it is no object. */
export function chunkOf(value: unknown): ChunkWire | null {
  const line = recordOf(value);
  if (line === null) return null;
  const failed = recordOf(line['error']);
  if (failed !== null && line['event'] === undefined) return { kind: 'error', status: statusWire.parse(failed) };
  return { kind: 'event', event: recordOf(line['result']) ?? line };
}
