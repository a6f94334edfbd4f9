import { canonicalJson } from './canonical-json.ts';
import type { IdempotencyRecord, SessionChange } from './commit.ts';
import type { Clock, Store } from './ports.ts';
import { type Problem, problem } from './problem.ts';
import { type Caller, principalOf } from './viewer.ts';

/** Anonymous callers cannot be told apart, so they share a scope, and none is given another's answer. */
const anonymousScope = 'anonymous';

/** A request that carries an idempotency key. */
export interface Requested {
  readonly scope: string;
  readonly key: string;
  readonly inputHash: string;
}

export interface Idempotency {
  /** Null where the request carries no key. */
  request(caller: Caller, operation: string, key: string | null | undefined, input: object): Requested | null;
  find(requested: Requested): Promise<IdempotencyRecord | null>;
  /** The record of a request whose answer is known. */
  of(requested: Requested, result: IdempotencyRecord['result']): IdempotencyRecord;
  /** The record of a request that is answered by the message in a change. */
  record(requested: Requested, change: SessionChange): IdempotencyRecord;
  /** Why the recorded answer is not for this request; null = give it again. */
  replay(requested: Requested | null, record: IdempotencyRecord): Problem | null;
}

export function createIdempotency({
  store,
  clock,
  fingerprint,
}: {
  readonly store: Store;
  readonly clock: Clock;
  readonly fingerprint: (text: string) => string;
}): Idempotency {
  const of: Idempotency['of'] = ({ scope, key, inputHash }, result) => ({ scope, key, inputHash, result, createdAt: clock.now() });
  return {
    of,
    request(caller, operation, key, input) {
      if (key === null || key === undefined) return null;
      return { scope: principalOf(caller.viewer) ?? anonymousScope, key, inputHash: fingerprint(`${operation} ${canonicalJson(input)}`) };
    },
    find: ({ scope, key }) => store.sessions.idempotency(scope, key),
    record(requested, change) {
      const [message] = change.messages;
      return of(requested, { sessionId: change.sessionId, ...(message && { messageId: message.id }) });
    },
    replay(requested, record) {
      const path = ['idempotencyKey'];
      if (record.scope === anonymousScope) {
        return problem(
          'CONFLICT',
          'This idempotency key was used before by an anonymous caller, whose answer is given to nobody else: sign in, or send an API key, to be given it again.',
          {
            path,
          },
        );
      }
      if (record.inputHash === requested?.inputHash) return null;
      return problem(
        'IDEMPOTENCY_MISMATCH',
        `Idempotency key ${record.key} was used with another input at ${new Date(record.createdAt).toISOString()}.`,
        { path },
      );
    },
  };
}
