import type { Backend } from '../backend.ts';
import type { SessionId } from '../ids.ts';
import type { Bus, Clock, Emit, SecretBox, Store } from '../ports.ts';
import type { Serializer } from '../serializer.ts';
import type { SessionAccess } from './access.ts';

/** What the parts that speak with services share. */
export interface UpstreamParts {
  readonly store: Store;
  readonly bus: Bus;
  readonly clock: Clock;
  /** By name. */
  readonly backends: ReadonlyMap<string, Backend>;
  readonly box: SecretBox;
  readonly access: SessionAccess;
  /** One for all that changes sessions: what is asked of a service is recorded before the next thing is decided. */
  readonly inTurn: Serializer;
  readonly emit: Emit;
  readonly schedule: (sessionId: SessionId, dueAt: number) => void;
  /** Told of what went wrong where nobody waits for it. */
  readonly report: (error: unknown) => void;
  /** Work that nobody waits for, but the end of the gateway. */
  readonly background: (work: Promise<unknown>) => void;
  /** Aborted when the gateway stops. */
  readonly signal: AbortSignal;
}
