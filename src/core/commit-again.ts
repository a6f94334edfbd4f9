import type { SessionId } from './ids.ts';
import { sessionBy } from './peek.ts';
import type { SessionChange } from './commit.ts';
import type { Store } from './ports.ts';
import type { Session } from './session.ts';

// Others change a session now and then: as many tries as there are gateways are enough, and this is far more.
const maxTries = 32;

/**
 * Writes what is decided on the session as it is, and decides again where something else was faster. It takes no turn and tells nobody: for
 * changes that leave no event.
 *
 * @param decide - Null = there is nothing to write.
 * @returns False where something else was always faster.
 */
export async function commitAgain(
  store: Pick<Store, 'commit'> & { readonly sessions: Pick<Store['sessions'], 'byIds' | 'peek'> },
  sessionId: SessionId,
  decide: (session: Session) => SessionChange | null,
): Promise<boolean> {
  for (let tries = 0; tries < maxTries; tries += 1) {
    const session = await sessionBy(store, sessionId);
    const change = session && decide(session);
    if (change === null || (await store.commit(change)).kind !== 'conflict') return true;
  }
  return false;
}
