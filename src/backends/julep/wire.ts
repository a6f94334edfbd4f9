import { z } from 'zod';
import { type Problem, problem } from '../../core/problem.ts';

/** An RFC 3339 instant, as epoch milliseconds. Servers written in Python leave out the offset of UTC at times. */
export const instant: z.ZodType<number> = z.string().transform((text, context) => {
  const at = Date.parse(/([zZ]|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
  if (!Number.isNaN(at)) return at;
  context.addIssue({ code: 'custom', message: 'Expected an instant' });
  return z.NEVER;
});

/** What a message says: a text, or parts that have texts. Null where a tool is asked for instead. */
export const content: z.ZodType = z.union([z.string(), z.array(z.unknown()), z.record(z.string(), z.unknown()), z.null()]).optional();

export const metadata: z.ZodType<Record<string, unknown>> = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((given) => given ?? {});

export const listOf = <T>(item: z.ZodType<T>): z.ZodType<{ items: T[] }> => z.object({ items: z.array(item) });

/** `ResourceDeleted` of both APIs. */
export const deletedShape: z.ZodType = z.object({ id: z.guid(), deleted_at: instant });

/** Both APIs have more in it. */
export const agentShape: z.ZodType<{ id: string; name: string; about?: string | null | undefined }> = z.object({
  id: z.string(),
  name: z.string(),
  about: z.string().nullish(),
});

const part = z.object({ text: z.string() });

/** The texts of a message's content, one after the other. Images and the like have none. */
export function textOf(given: unknown): string {
  if (typeof given === 'string') return given;
  if (Array.isArray(given)) return given.map(textOf).join('');
  const { data } = part.safeParse(given);
  return data?.text ?? '';
}

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
