import { type Problem, problem } from '../../core/problem.ts';
import type { SessionAt } from '../../core/service.ts';
import type { Refusal } from './refusal.ts';

/** The service's own words as the end of a sentence. */
const quote = ({ status, text }: Refusal): string => (text === null ? `${status}` : `${status}, "${text}"`);

/** How to come by a wallet's bearer. */
const howToProve = (backend: string): string => `call \`requestWalletChallenge(backend: "${backend}")\` and \`verifyWallet\``;

/** A wallet's bearer is needed for `action`, and there is none that is good. */
export const needsProof = (backend: string, action: string): Problem =>
  problem('UNAUTHENTICATED', `Backend ${backend} wants a proof of the wallet to ${action}: ${howToProve(backend)}.`, { backend });

const staleProof = (backend: string, action: string): Problem =>
  problem(
    'UNAUTHENTICATED',
    `Backend ${backend} does not accept the proof of the wallet to ${action}, or no longer: ${howToProve(backend)} again.`,
    {
      backend,
    },
  );

/** A session that the service has no longer. */
export const isOver = (backend: string, status: 'EXPIRED' | 'ENDED'): Problem =>
  problem(status, `The session has ${status === 'EXPIRED' ? 'run out' : 'been ended'} at backend ${backend}: create another one.`, {
    backend,
  });

/** Nobody can be named in whose name the service would be asked. */
export const needsMember = (backend: string, action: string): Problem =>
  problem(
    'CONFLICT',
    `To ${action}, backend ${backend} has to be asked by somebody who joined the session through this gateway, and nobody in it did: join it first.`,
    {
      backend,
    },
  );

const badKey = (backend: string, refusal: Refusal): Problem =>
  problem(
    'UPSTREAM_REFUSED',
    `Backend ${backend} does not accept the gateway's own key (${quote(refusal)}): its operator has to check \`apiKey\`.`,
    {
      backend,
    },
  );

/** What is at fault with what was asked, where nothing more is known. */
export function refused(backend: string, action: string, refusal: Refusal): Problem {
  const { status } = refusal;
  if (status === 401) {
    const detail = `Backend ${backend} no longer accepts this membership (to ${action}): it was removed there, or has run out. Join the session again.`;
    return problem('NOT_A_MEMBER', detail, { backend });
  }
  if (status === 403) {
    return problem('FORBIDDEN', `Backend ${backend} does not let this member ${action} (${quote(refusal)}): its role there is another.`, {
      backend,
    });
  }
  return problem('UPSTREAM_REFUSED', `Backend ${backend} refused to ${action} (${quote(refusal)}).`, { backend });
}

/** The service's fields by ours. The more particular ones first: they are also looked for in its sentences. */
const fieldPaths: readonly (readonly [field: string, path: readonly string[]])[] = [
  ['usercapacity', ['rules', 'maxMembers']],
  ['maxusers', ['rules', 'maxMembers']],
  ['expirydurationinseconds', ['rules', 'lifetimeSeconds']],
  ['allowonlywhitelistedaddresses', ['rules', 'allowlistOnly']],
  ['whitelistaddresses', ['rules', 'allowlist']],
  ['chainaddress', ['identity', 'address']],
  ['identityname', ['identity', 'name']],
  ['password', ['rules', 'password']],
];

function pathOf({ fields, text }: Refusal): readonly string[] | null {
  const said = (text ?? '').toLowerCase().replaceAll(/[^a-z]/g, '');
  const found =
    fieldPaths.find(([field]) => fields.some((each) => each.includes(field))) ?? fieldPaths.find(([field]) => said.includes(field));
  return found?.[1] ?? null;
}

/** Whether a creation was refused for the gateway's own key. */
export const isOfKey = ({ status, text }: Refusal): boolean => status === 403 || (status === 401 && /api.?key/i.test(text ?? ''));

/** Why a session was not created. */
export function createRefused(backend: string, refusal: Refusal): Problem {
  const { status } = refusal;
  if (isOfKey(refusal)) return badKey(backend, refusal);
  if (status === 401) return staleProof(backend, 'create a session');
  const path = status === 422 || status === 400 ? pathOf(refusal) : null;
  if (path === null) return refused(backend, 'create the session', refusal);
  return problem('BAD_INPUT', `Backend ${backend} does not take \`${path.join('.')}\` (${quote(refusal)}).`, { path, backend });
}

/**
 * Why somebody was not let in. The service answers 401 for a wrong password as for a bad bearer and 422 for all other reasons: its words
 * decide, and where they tell nothing, what the session's rules let expect.
 */
export function joinRefused(backend: string, refusal: Refusal, { session }: SessionAt): Problem {
  const { status, challenged } = refusal;
  const text = refusal.text ?? '';
  const { maxMembers, passwordHash, allowlistOnly } = session.rules;
  if (status === 401 && /api.?key/i.test(text)) return badKey(backend, refusal);
  const ofPassword = /password/i.test(text);
  if (status === 401 && (challenged || (!ofPassword && passwordHash === null))) return staleProof(backend, 'join the session');
  if (status === 401 || (status === 422 && ofPassword)) {
    return problem('WRONG_PASSWORD', `Backend ${backend} does not accept the password: give the session's.`, {
      path: ['password'],
      backend,
    });
  }
  const isFull = maxMembers !== null && session.activeMembers >= maxMembers;
  const unlisted = /white.?list|allow.?list|not allowed/i.test(text);
  if (status === 422 && !unlisted && (/\bfull\b|capacity|maximum|limit/i.test(text) || (text === '' && isFull))) {
    return problem('SESSION_FULL', `The session is full at backend ${backend}: somebody has to leave first.`, { backend });
  }
  if ((status === 422 || status === 403) && (unlisted || (text === '' && allowlistOnly))) {
    return problem('NOT_ALLOWLISTED', `The wallet is not on the session's allowlist at backend ${backend}.`, { backend });
  }
  return refused(backend, 'join the session', refusal);
}

/** Why a chat was not taken. */
export function chatRefused(backend: string, refusal: Refusal): Problem {
  if (refusal.status === 403 || refusal.status === 404) {
    const detail = `Backend ${backend} does not offer its Chats API here (${quote(refusal)}), which is in closed beta: its operator may turn \`chats\` off.`;
    return problem('UPSTREAM_REFUSED', detail, { backend });
  }
  return refusal.status === 422 || refusal.status === 400
    ? problem('BAD_INPUT', `Backend ${backend} does not take the message (${quote(refusal)}).`, { path: ['content'], backend })
    : refused(backend, 'use its chats', refusal);
}
