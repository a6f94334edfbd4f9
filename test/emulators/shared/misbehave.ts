import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type { Fault } from './faults.ts';

/** What half of an answer is taken of where the request is not applied. */
const filler = JSON.stringify({ filler: 'x'.repeat(1_000) });

/** Lets the fault happen. Resolves only where the answer goes on as it was. */
export async function misbehave(fault: Fault, reply: FastifyReply, payload: string | null): Promise<void> {
  const { raw } = reply;
  if (fault.kind === 'delay') return delay(fault.ms);
  if (fault.kind === 'wrong-content-type' && payload !== null) {
    reply.header('content-type', fault.type ?? 'application/octet-stream');
    return;
  }
  // From here on the framework knows nothing of the answer.
  reply.hijack();
  const answer = (status: number, type: string, body: string, headers: Readonly<Record<string, string>> = {}): void => {
    raw.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), ...headers });
    raw.end(body);
  };
  const json = 'application/json; charset=utf-8';
  const whole = Buffer.from(payload ?? filler);
  switch (fault.kind) {
    case 'hang':
      break;
    case 'status': {
      const text = typeof fault.body === 'string' ? fault.body : fault.body === undefined ? '' : JSON.stringify(fault.body);
      answer(fault.status, typeof fault.body === 'string' ? 'text/plain; charset=utf-8' : json, text, fault.headers);
      break;
    }
    case 'reset':
      raw.socket?.resetAndDestroy();
      break;
    case 'half':
      raw.writeHead(reply.statusCode, { 'content-type': json, 'content-length': whole.length });
      // Destroyed only when it has been sent, or the half would be lost with the rest.
      raw.write(whole.subarray(0, Math.floor(whole.length / 2)), () => raw.socket?.destroy());
      break;
    case 'nonsense':
      answer(200, json, JSON.stringify(fault.body ?? { unexpected: [true] }));
      break;
    case 'html':
      answer(fault.status ?? 200, 'text/html; charset=utf-8', '<!doctype html><title>Gateway</title><p>Something is in the way.');
      break;
    case 'truncated-json':
      answer(reply.statusCode, json, whole.subarray(0, Math.floor(whole.length / 2)).toString('latin1'));
      break;
    case 'flood':
      await flood(reply, fault.bytes ?? 16 * 1_024 * 1_024);
      break;
    case 'wrong-content-type':
      answer(200, fault.type ?? 'application/octet-stream', whole.toString());
      break;
  }
  await new Promise<never>(() => {});
}

async function flood({ raw }: FastifyReply, bytes: number): Promise<void> {
  raw.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
  raw.write('["');
  const chunk = 'x'.repeat(65_536);
  const gone = new AbortController();
  raw.on('close', () => gone.abort());
  for (let sent = 0; sent < bytes && !gone.signal.aborted; sent += chunk.length) {
    if (!raw.write(chunk)) await once(raw, 'drain', { signal: gone.signal }).catch(() => {});
  }
  raw.end('"]');
}
