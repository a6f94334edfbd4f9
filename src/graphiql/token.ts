import { createCell, type Cell } from './cell.ts';

const storageKey = 'parley:token';

/**
 * The token that the page sends: the text as given, without the spaces around it; '' = none.
 *
 * @param storage the window's `sessionStorage`: each window has a token of its own, so two windows are two people
 */
export function createTokenCell(storage: Storage): Cell<string> {
  const cell = createCell(storage.getItem(storageKey) ?? '');
  return {
    ...cell,
    set(token) {
      const trimmed = token.trim();
      if (trimmed === '') storage.removeItem(storageKey);
      else storage.setItem(storageKey, trimmed);
      cell.set(trimmed);
    },
  };
}

/** The headers that carry a token, on HTTP and in `connection_init`: API keys have one of their own, every other token is a bearer token. */
export function credentialHeaders(token: string): Record<string, string> {
  if (token === '') return {};
  return token.startsWith('pk_') ? { 'X-API-Key': token } : { Authorization: `Bearer ${token}` };
}

/**
 * A token's headers and those of the headers editor, which takes any JSON. The edited ones win, names compared as HTTP does; a null takes
 * the header away: `{ "Authorization": null }` asks as nobody.
 */
export function requestHeaders(token: string, edited: Readonly<Record<string, unknown>>): Record<string, string> {
  const named = new Set(Object.keys(edited).map((name) => name.toLowerCase()));
  const kept = Object.entries(credentialHeaders(token)).filter(([name]) => !named.has(name.toLowerCase()));
  const given = Object.entries(edited).filter(([, value]) => value !== null);
  return Object.fromEntries([...kept, ...given.map(([name, value]) => [name, String(value)] as const)]);
}
