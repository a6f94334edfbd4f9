import type { FastifyReply } from 'fastify';
import type { z } from 'zod';

/** The service's envelope around what it answers. */
export const success = (data: unknown): unknown => ({ success: true, data });

/** The service's envelope around a refusal. */
export const refuse = (reply: FastifyReply, status: number, code: string, message: string, details?: unknown): FastifyReply =>
  reply.code(status).send({ success: false, error: { code, message, ...(details !== undefined && { details }) } });

/** The body by its schema, without what that does not name; null where it was refused. */
export function validated<T>(schema: z.ZodType<T>, body: unknown, reply: FastifyReply): T | null {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  refuse(reply, 400, 'VALIDATION_ERROR', 'Invalid request data', parsed.error.issues);
  return null;
}
