import { decideClaim } from '../decide/adoption.ts';
import type { SessionId } from '../ids.ts';
import type { SessionLimits } from '../limits.ts';
import type { CommitOutcome, SessionCreation } from '../commit.ts';
import type { Bus, SecretBox, Store } from '../ports.ts';
import type { Session } from '../session.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import { serviceCreator } from '../viewer.ts';

/** What came of committing a creation, and the session whose record it became. */
interface Recorded {
  readonly outcome: CommitOutcome;
  readonly sessionId: SessionId;
}

/** Lets go of what was opened at the service. Null = there is no service. */
export type Undo = (() => Promise<unknown>) | null;

export interface RecordCreationOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly limits: SessionLimits;
  readonly box: SecretBox;
  readonly upstreams: Upstreams;
  readonly schedule: (sessionId: SessionId, dueAt: number) => void;
}

/** Commits creations, and tells of them. */
export function createRecordCreation({
  store,
  bus,
  limits,
  box,
  upstreams,
  schedule,
}: RecordCreationOptions): (creation: SessionCreation, undo: Undo) => Promise<Recorded> {
  /** A list has given a record to the session before its creation did: the record becomes the creator's. Null = it is somebody's. */
  async function claim(creation: SessionCreation): Promise<Recorded | null> {
    for (;;) {
      const [adopted = null] = await store.sessions.byHandles([creation.session]);
      if (adopted === null || adopted.status !== 'ACTIVE' || adopted.createdBy !== serviceCreator(creation.session.backend)) return null;
      const [page] = await store.members.list([{ sessionId: adopted.id, status: 'ACTIVE', page: { limit: limits.maxMembersLimit } }]);
      const sealed = creation.session.upstream?.sealed ?? null;
      // Sealed for one record, it does not open in another.
      const again = sealed === null ? null : box.seal(box.open(sealed, creation.session.id), adopted.id);
      const outcome = await store.commit(decideClaim(adopted, page?.items ?? [], creation, again));
      if (outcome.kind === 'committed') tell({ ...creation.session, id: adopted.id }, outcome.seq);
      if (outcome.kind !== 'conflict') return { outcome, sessionId: adopted.id };
    }
  }

  function tell({ id, dueAt }: Pick<Session, 'id' | 'dueAt'>, seq: number): void {
    bus.publish({ sessionId: id, seq });
    if (dueAt !== null) schedule(id, dueAt);
  }

  // What was opened and is not recorded is let go.
  return async (creation, undo) => {
    let isKept = false;
    try {
      const outcome = await store.commit(creation);
      if (outcome.kind === 'committed') tell(creation.session, outcome.seq);
      const claimed = outcome.kind === 'handle-taken' && undo !== null ? await claim(creation) : null;
      // One that has been recorded as another's is not ours to let go.
      isKept = outcome.kind === 'committed' || outcome.kind === 'handle-taken';
      return claimed ?? { outcome, sessionId: creation.session.id };
    } finally {
      if (!isKept && undo !== null) upstreams.background(undo());
    }
  };
}
