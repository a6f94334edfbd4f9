import { expect } from 'vitest';
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
