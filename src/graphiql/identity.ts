import { textAt, valueAt } from './json.ts';
import { identityQuery } from './tabs.ts';
import { credentialHeaders } from './token.ts';

/** Whom the gateway takes the page for. */
export interface Identity {
  readonly text: string;
  /** The gateway refused the token or cannot be asked. */
  readonly refused: boolean;
}

function describe(result: unknown): Identity {
  const errors = valueAt(result, 'errors');
  if (Array.isArray(errors) && errors.length > 0) return { text: textAt(errors[0], 'message') ?? 'Refused', refused: true };
  const viewer = valueAt(result, 'data', 'viewer');
  const kind = (textAt(viewer, 'kind') ?? 'unknown').toLowerCase().replace('_', ' ');
  const name = textAt(viewer, 'member', 'name') ?? textAt(viewer, 'name');
  const role = textAt(viewer, 'member', 'role')?.toLowerCase();
  const title = textAt(viewer, 'session', 'title');
  const who = name === null ? `You are ${kind}` : `You are ${name}, ${role ?? kind}`;
  return { text: title === null ? who : `${who} of “${title}”`, refused: false };
}

/** Asks the gateway whom `token` stands for; never rejects but for an abort. */
export async function fetchIdentity(url: string, token: string, signal: AbortSignal): Promise<Identity> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...credentialHeaders(token) },
      body: JSON.stringify({ query: identityQuery }),
      signal,
    });
    return describe(await response.json());
  } catch (error) {
    signal.throwIfAborted();
    return { text: `The gateway cannot be reached: ${error instanceof Error ? error.message : String(error)}`, refused: true };
  }
}
