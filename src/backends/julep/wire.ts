import { z } from 'zod';
import { type Problem, problem } from '../../core/problem.ts';
import { isTooDeep, maxDepth } from '../shared/depth.ts';
import { type Rows, rowsOf } from '../shared/rows.ts';

/** Refuses a change that would have to give again what was not taken over. */
export const tooDeep = (name: string, what: string): Problem =>
  problem(
    'UPSTREAM_FAILED',
    `Backend ${name} has ${what} of more than ${maxDepth} levels in the session: what gives them again is not done.`,
    {
      backend: name,
    },
  );

/** Ids of the gateway are made of it: half a surrogate pair cannot be encoded. */
export const identifier: z.ZodType<string> = z.string().transform((text) => text.toWellFormed());

// The date's parser takes much else for an instant, a lone number among it.
const dateTime = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d/;

/** An RFC 3339 instant, as epoch milliseconds. Servers written in Python leave out the offset of UTC at times. */
export const instant: z.ZodType<number> = z.string().transform((text, context) => {
  const at = !dateTime.test(text) ? Number.NaN : Date.parse(/([zZ]|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
  if (!Number.isNaN(at)) return at;
  context.addIssue({ code: 'custom', message: 'Expected an instant' });
  return z.NEVER;
});

/** What a message says: a text, or parts that have texts. Null where a tool is asked for instead. */
export const content: z.ZodType = z.union([z.string(), z.array(z.unknown()), z.record(z.string(), z.unknown()), z.null()]).optional();

/** Undefined where it is too deep to be taken over: a session is not lost for that. */
export const metadata: z.ZodType<Record<string, unknown> | undefined> = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((given) => (isTooDeep(given) ? undefined : (given ?? {})));

export const listOf = <T>(item: z.ZodType<T>): z.ZodType<{ items: Rows<T> }> => z.object({ items: rowsOf(item) });

/** `ResourceDeleted` of both APIs. */
export const deletedShape: z.ZodType = z.object({ id: z.guid(), deleted_at: instant });

/** Both APIs have more in it. */
export const agentShape: z.ZodType<{ id: string; name: string; about?: string | null | undefined }> = z.object({
  id: identifier,
  name: z.string(),
  about: z.string().nullish(),
});

const part = z.object({ text: z.string() });

const textOfPart = (given: unknown): string => (typeof given === 'string' ? given : (part.safeParse(given).data?.text ?? ''));

/** The texts of a message's content, one after the other. Images and the like have none, and parts have no parts. */
export const textOf = (given: unknown): string => (Array.isArray(given) ? given.map(textOfPart).join('') : textOfPart(given));

/** A reply's body in the shape that is used of it, or a problem that names the field in which it differs. */
export function parsed<T>(
  shape: z.ZodType<T>,
  body: unknown,
  { name, operation }: { readonly name: string; readonly operation: string },
): T | Problem {
  const result = shape.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue === undefined || issue.path.length === 0 ? 'the whole' : `\`${issue.path.join('.')}\``;
  const detail = `Backend ${name} answered in another form than its API says (${operation}): ${field} is not as expected. Check its \`url\` and \`contract\`.`;
  return problem('UPSTREAM_FAILED', detail, { backend: name });
}
