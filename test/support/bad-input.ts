import { expect } from 'vitest';
import { type ProblemCode, problemTable } from '../../src/core/problem.ts';
import { type Admitted, type GraphqlAnswer, query } from './graphql-client.ts';

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
 * Asserts what a mutation answered.
 *
 * @param path - The field at fault, with dots; null = none is.
 * @param says - What its words must hold: the field, the rule, the value.
 */
export function expectProblem(answer: any, code: ProblemCode, path: string | null, says: readonly string[] = []): void {
  const { status, title } = problemTable[code];
  expect(answer).toMatchObject({ __typename: 'Problem', code, status, title, path: path?.split('.') ?? null });
  for (const words of says) expect(answer.detail).toContain(words);
}

/** Asserts that a query or subscription was answered with one error, which carries the problem. */
export function expectProblemError(errors: unknown, code: ProblemCode, path: string | null, says: readonly string[] = []): void {
  const { status, title } = problemTable[code];
  expect(errors).toMatchObject([{ extensions: { code, status, title, ...(path !== null && { path: path.split('.') }) } }]);
  const [error] = errors as NonNullable<GraphqlAnswer['errors']>;
  for (const words of says) expect(error?.message).toContain(words);
}

/** An object nested so many levels deep, itself counted. */
export const nested = (levels: number): object => (levels === 1 ? {} : { in: nested(levels - 1) });

/** An object of exactly so many bytes as JSON, where the filling divides them. */
export const sized = (bytes: number, fill = 'x'): object => ({
  fill: fill.repeat((bytes - '{"fill":""}'.length) / Buffer.byteLength(fill)),
});
