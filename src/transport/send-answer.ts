import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { HttpAnswer } from './apollo.ts';

interface Ready {
  readonly raw: ServerResponse;
  readonly body: string;
}

const ready: Ready[] = [];

function release(): void {
  for (const { raw, body } of ready.splice(0)) raw.end(body);
}

/**
 * Sends an answer at the end of this turn of the event loop, together with the others of the turn. Each write wakes whoever waits for it, and
 * on the same machine that costs as much as all that is done for the answer; one that is awake needs no waking.
 */
export function sendAnswer(reply: FastifyReply, { status, headers, body }: HttpAnswer): void {
  for (const [name, value] of headers) void reply.header(name, value);
  void reply.header('content-length', Buffer.byteLength(body));
  const { raw } = reply;
  // Fastify's own way writes at once.
  raw.writeHead(status, reply.getHeaders() as OutgoingHttpHeaders);
  reply.hijack();
  if (ready.push({ raw, body }) === 1) setImmediate(release);
}
