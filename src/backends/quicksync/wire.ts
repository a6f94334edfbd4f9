import { z } from 'zod';
import { type Problem, problem } from '../../core/problem.ts';
import { type Rows, readableRowsOf } from '../shared/rows.ts';

type Maybe<T> = T | null | undefined;

/** Somebody in a session. `role` is `Host` or `Client`. */
export interface WireUser {
  readonly id: string;
  readonly role?: Maybe<string>;
  readonly name?: Maybe<string>;
  readonly address?: Maybe<string>;
}

/** What a session was made with, nested in the replies of create and join, flat in that of `GET /session/current`. */
export interface WireRules {
  /** Its unit is not documented. */
  readonly expiry?: Maybe<number>;
  readonly maxFiles?: Maybe<number>;
  readonly maxUsers?: Maybe<number>;
  readonly maxTotalMegaBytes?: Maybe<number>;
  readonly passwordProtected?: Maybe<boolean>;
  readonly whiteListAddresses?: readonly string[] | undefined;
}

/** `SessionCredentialsDto`; joining adds `users`. */
export interface WireAdmission {
  readonly sessionId?: Maybe<string>;
  readonly expiresIn?: Maybe<number>;
  readonly credentials: { readonly token: string; readonly id: string; readonly pseudonym?: Maybe<string>; readonly role?: Maybe<string> };
  readonly rules?: Maybe<WireRules>;
  readonly users?: Maybe<readonly WireUser[]>;
}

/** `GET /session/current`. */
export interface WireCurrent extends WireRules {
  readonly id: string;
  readonly users?: Maybe<readonly WireUser[]>;
}

export interface WireChat {
  readonly chatId: string;
  readonly message: string;
  /** ISO 8601 with an offset. */
  readonly createdAt: string;
  readonly user?: Maybe<{ readonly id?: Maybe<string>; readonly name?: Maybe<string> }>;
}

/** `GET /chats`. */
export interface WireChats {
  readonly totalCount?: Maybe<number>;
  readonly messages: Rows<WireChat>;
}

/** Ids have no documented form: numbers are taken as their digits. */
export const idShape: z.ZodType<string> = z.union([z.string().min(1), z.number().int().transform(String)]);
/** Of a bearer: what can be sent in a header. Of another token nothing could be asked for. */
const token = z.string().regex(/^[\x21-\x7E]+$/);
const text = z.string().nullish();
// An int64 may be more than a number can be exact about: that is no reason to lose a session which was made.
const count = z.number().transform(Math.trunc).nullish();

const user: z.ZodType<WireUser> = z.object({ id: idShape, role: text, name: text, address: text });
const users = z.array(user).nullish();

const allowlistEntry = z.union([z.string(), z.object({ address: z.string() }).transform(({ address }) => address)]);

/** Plain addresses in some replies, objects of an undocumented schema in others. What is neither is passed over. */
const addressesOf = (entries: Maybe<readonly unknown[]>): readonly string[] | undefined =>
  entries?.flatMap((entry) => allowlistEntry.safeParse(entry).data ?? []);

const ruleFields = {
  expiry: count,
  maxFiles: count,
  maxUsers: count,
  maxTotalMegaBytes: count,
  passwordProtected: z.boolean().nullish(),
  whiteListAddresses: z.array(z.unknown()).nullish().transform(addressesOf),
};

export const admissionShape: z.ZodType<WireAdmission> = z.object({
  sessionId: idShape.nullish(),
  expiresIn: count,
  credentials: z.object({ token, id: idShape, pseudonym: text, role: text }),
  rules: z.object(ruleFields).nullish(),
  users,
});

export const currentShape: z.ZodType<WireCurrent> = z.object({ ...ruleFields, id: idShape, users });

/** `GET /wallet-proof/nonce`; the nonce itself is part of the message. */
export const nonceShape: z.ZodType<{ readonly message: string }> = z.object({ message: z.string().min(1) });
/** `POST /wallet-proof/verify`. */
export const proofShape: z.ZodType<{ readonly token: string }> = z.object({ token });

const chat: z.ZodType<WireChat> = z.object({
  chatId: idShape,
  message: z.string(),
  createdAt: z.iso.datetime({ offset: true }),
  user: z.object({ id: idShape.nullish(), name: text }).nullish(),
});

export const chatsShape: z.ZodType<WireChats> = z.object({ totalCount: count, messages: readableRowsOf(chat) });

/** The user in an event's `data`, where it is told as in `users`: with more than an id, which might be that of anything. */
export const eventUserShape: z.ZodType<WireUser> = user.refine((each) => typeof (each.role ?? each.name ?? each.address) === 'string');

/** RFC 7807; `errors` is what ASP.NET adds where fields are at fault. */
export const problemDetailsShape: z.ZodType<{
  readonly title?: Maybe<string>;
  readonly detail?: Maybe<string>;
  readonly errors?: Maybe<Readonly<Record<string, unknown>>>;
}> = z.object({ title: text.catch(null), detail: text.catch(null), errors: z.record(z.string(), z.unknown()).nullish().catch(null) });

/** The value, or UPSTREAM_FAILED with the first field that is not as documented. */
export function parsed<T>(shape: z.ZodType<T>, json: unknown, asked: { readonly name: string; readonly operation: string }): T | Problem {
  const result = shape.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue === undefined || issue.path.length === 0 ? 'the whole' : `\`${issue.path.join('.')}\``;
  return problem(
    'UPSTREAM_FAILED',
    `Backend ${asked.name} answered something else than documented (${asked.operation}): ${field} of its reply. Check its \`url\`.`,
    { backend: asked.name },
  );
}
