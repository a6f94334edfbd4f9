import { CopyRefused } from './sides.ts';

/** Keys of the table `meta` that say what a copy is, with the epoch of what it is a copy of. */
export const marks = {
  /** It is not finished. */
  copying: 'copying',
  /** It is, and no gateway has opened it yet. */
  copied: 'copied',
} as const;

/** Why a gateway does not start on a copy that is not finished. */
export const unfinished = (epoch: string): string =>
  `it holds an unfinished copy of the store ${epoch}: finish \`parley migrate\` with the same addresses`;

/** What a target holds. */
export interface Holdings {
  readonly copying: string | null;
  readonly copied: string | null;
  /** Whether there is a row in any table that is copied. */
  readonly isEmpty: boolean;
}

/** @throws CopyRefused where a copy of that epoch would meet anything else there. */
export function assertFree(place: string, { copying, copied, isEmpty }: Holdings, epoch: string): void {
  const held = copying ?? copied;
  if (held === epoch || (held === null && isEmpty)) return;
  const got = held === null ? 'a store with records of its own' : `a copy of the store ${held}`;
  throw new CopyRefused(`Expected the target ${place} to be empty or a copy of the store ${epoch} that no gateway has used, got ${got}`);
}
