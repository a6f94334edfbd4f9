import type { ExecutionResult } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { LiveEvent } from '../core/event.ts';
import { ProblemError } from '../core/problem.ts';
import type { Caller } from '../core/viewer.ts';
import type { Engine, Operation } from '../graphql/engine.ts';

/** What the hub needs of the engine. */
export type EventEngine = Pick<Engine, 'executeEvent' | 'createContext' | 'formatError'>;

/** Serialized results of all groups together: subscribers of a group who come back share them. */
export class ResultCache {
  readonly #results: LRUCache<string, Buffer>;
  #namespaces = 0;

  /** @param maxBytes - What is kept at most; the least recently used go first. */
  constructor(maxBytes: number) {
    // What an entry costs besides its bytes counts too, so that many small ones stay bounded.
    this.#results = new LRUCache({ maxSize: maxBytes, sizeCalculation: (result) => result.byteLength + 200 });
  }

  /** A name that nobody had before. */
  namespace(): string {
    return `${++this.#namespaces}`;
  }

  get(namespace: string, seq: number): Buffer | undefined {
    return this.#results.get(`${namespace}:${seq}`);
  }

  set(namespace: string, seq: number, result: Buffer): void {
    this.#results.set(`${namespace}:${seq}`, result);
  }

  clear(): void {
    this.#results.clear();
  }
}

/**
 * Executes the operation for one event and serializes the result. What goes wrong is in the result, masked, but for the store's being away:
 * nothing would be right to give then.
 *
 * @throws ProblemError (rejects) where the event is to be executed again.
 */
export async function renderEvent(
  engine: EventEngine,
  operation: Operation,
  variables: Readonly<Record<string, unknown>>,
  event: LiveEvent,
  caller: Caller,
): Promise<Buffer> {
  let result: ExecutionResult;
  try {
    // A context of its own for each execution: what an event shows is read anew, and read together.
    result = await engine.executeEvent(operation, variables, event, engine.createContext(caller));
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    return serialize({ data: null, errors: [engine.formatError(error)] });
  }
  const { errors, ...rest } = result;
  return serialize(errors === undefined ? rest : { ...rest, errors: errors.map((error) => engine.formatError(error)) });
}

const serialize = (result: object): Buffer => Buffer.from(JSON.stringify(result));
