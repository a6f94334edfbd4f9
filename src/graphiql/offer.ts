import { textAt, valueAt } from './json.ts';

/** A token found in a response, and whom it stands for. */
export interface TokenOffer {
  readonly token: string;
  readonly holder: string;
}

/** The first token in the top-level fields of a result's data (`createSession`, `joinSession`, `verifyWallet`), or null. */
export function offerIn(result: unknown): TokenOffer | null {
  const data = valueAt(result, 'data');
  if (typeof data !== 'object' || data === null) return null;
  for (const field of Object.values(data)) {
    const token = textAt(field, 'credentials', 'token') ?? textAt(field, 'token');
    if (token === null) continue;
    const role = textAt(field, 'member', 'role');
    const name = textAt(field, 'member', 'name') ?? 'the new credentials';
    return { token, holder: role === null ? name : `${name} (${role})` };
  }
  return null;
}
