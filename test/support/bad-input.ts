import { expect } from 'vitest';
import { type ProblemCode, problemTable } from '../../src/core/problem.ts';
import { type Admitted, query } from './graphql-client.ts';

const everything = `{ currentSession {
  cursor title description visibility status updatedAt lastActivityAt expiresAt renewalCount defaults metadata situation
  rules { maxMembers lifetimeSeconds timeout { timeoutSeconds autoRenew maxDurationSeconds warningSeconds }
    passwordProtected allowlistOnly allowlist maxFiles maxTotalMegabytes }
  members { totalCount nodes { id name role status } } messages(last: 100) { totalCount nodes { id content } } } }`;

/** All that a host sees of its session. */
export const stateOf = async (url: string, host: Admitted): Promise<any> =>
  (await query(url, everything, {}, host.credentials)).currentSession;

/** What the act comes to; the host's session must be afterwards as it was before. */
export async function unchanged<T>(url: string, host: Admitted, act: () => Promise<T>): Promise<T> {
  const before = await stateOf(url, host);
  const outcome = await act();
  expect(await stateOf(url, host)).toEqual(before);
  return outcome;
}

/**
 * Asserts a refusal.
 *
 * @param answer - What a mutation answered, or the errors of a query or subscription, of which there must be one.
 * @param path - The field at fault, with dots; null = none is.
 * @param says - What its words must hold: the field, the rule, the value.
 */
export function expectProblem(answer: any, code: ProblemCode, path: string | null, says: readonly string[] = []): void {
  const { status, title } = problemTable[code];
  const fields = path?.split('.') ?? null;
  if (Array.isArray(answer)) {
    expect(answer).toMatchObject([{ extensions: { code, status, title, ...(fields && { path: fields }) } }]);
    for (const words of says) expect(answer[0].message).toContain(words);
  } else {
    expect(answer).toMatchObject({ __typename: 'Problem', code, status, title, path: fields });
    for (const words of says) expect(answer.detail).toContain(words);
  }
}

/** An object nested so many levels deep, itself counted. */
export const nested = (levels: number): object => (levels === 1 ? {} : { in: nested(levels - 1) });

/** An object of exactly so many bytes as JSON, where the filling divides them. */
export const sized = (bytes: number, fill = 'x'): object => ({
  fill: fill.repeat((bytes - '{"fill":""}'.length) / Buffer.byteLength(fill)),
});
