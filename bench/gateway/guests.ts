import { inParallel } from '../harness/in-parallel.ts';
import type { Gateway } from './gateway.ts';
import { createSession, joinSession } from './operations.ts';

/** A session made over the API, and the tokens of its members: the host's first. */
export interface GuestSession {
  readonly id: string;
  readonly tokens: readonly string[];
}

interface Admission {
  readonly __typename: string;
  readonly session: { readonly id: string };
  readonly credentials: { readonly token: string };
}

const setUpCallers = 32;

/** Asks the gateway, and answers `data`. Throws on anything but 200 without errors. */
export async function ask<T>(url: string, headers: Readonly<Record<string, string>>, query: string, variables: object): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  const answer = response.status === 200 ? (JSON.parse(text) as { readonly data?: T; readonly errors?: unknown }) : {};
  if (answer.data === undefined || answer.errors !== undefined)
    throw new Error(`${url} answered ${response.status}: ${text.slice(0, 1_000)}`);
  return answer.data;
}

async function admission(gateway: Gateway, mutation: string, field: string, input: object): Promise<Admission> {
  const data = await ask<Record<string, Admission>>(gateway.url, { 'x-api-key': gateway.apiKey }, mutation, { input });
  const result = data[field];
  if (result?.__typename !== 'SessionAdmission') throw new Error(`${field} was refused: ${JSON.stringify(data)}`);
  return result;
}

/** Makes one session with so many members. */
export async function openSession(gateway: Gateway, title: string, members: number): Promise<GuestSession> {
  const { session, credentials } = await admission(gateway, createSession, 'createSession', {
    title,
    description: 'Where the bench meets',
    identity: { name: 'Host' },
    rules: { maxMembers: Math.max(10, members), timeout: { timeoutSeconds: 86_400, autoRenew: true } },
  });
  const others = Array.from({ length: members - 1 }, (_, index) => `Guest ${String(index + 1).padStart(4, '0')}`);
  const admitted = await inParallel(setUpCallers, others, (name) =>
    admission(gateway, joinSession, 'joinSession', { sessionId: session.id, identity: { name } }),
  );
  return { id: session.id, tokens: [credentials.token, ...admitted.map((guest) => guest.credentials.token)] };
}

/** Makes so many sessions with so many members each. */
export const openSessions = (gateway: Gateway, sessions: number, members: number): Promise<GuestSession[]> =>
  inParallel(
    4,
    Array.from({ length: sessions }, (_, index) => `Deck ${String(index + 1).padStart(3, '0')}`),
    (title) => openSession(gateway, title, members),
  );

export const bearer = (token: string): { readonly authorization: string } => ({ authorization: `Bearer ${token}` });
