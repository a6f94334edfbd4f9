import { expect } from 'vitest';
import type { JulepEmulator } from './emulator.ts';

/** A session, agent or developer that nobody has. */
export const unknownId = '3c90c3cc-0d44-4b50-8888-8dd25736052a';

export interface Answer {
  readonly status: number;
  readonly type: string;
  /** Parsed where it is JSON, else the text. */
  readonly body: any;
}

/** Asks an emulator as a client of the service does: `GET /sessions`. */
export async function askAt(
  emulator: JulepEmulator,
  line: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const [method = '', path = ''] = line.split(' ');
  const response = await fetch(`${emulator.baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${emulator.apiKey}`, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const [text, type] = [await response.text(), response.headers.get('content-type') ?? ''];
  return { status: response.status, type, body: type.includes('json') ? JSON.parse(text) : text };
}

/** Ends an emulator, all of whose answers are to have been as its API's document says. */
export async function endOf(emulator: JulepEmulator): Promise<void> {
  await emulator[Symbol.asyncDispose]();
  expect(emulator.replyViolations).toEqual([]);
}
