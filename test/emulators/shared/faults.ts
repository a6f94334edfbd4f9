import type { FastifyReply } from 'fastify';
import { type EmulatorRequest, type RequestMatch, matches } from './request-log.ts';
import { misbehave } from './misbehave.ts';

export type Fault =
  /** Answers later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Never answers. */
  | { readonly kind: 'hang' }
  /** Answers this instead. The body is sent as JSON, a text as it is. */
  | { readonly kind: 'status'; readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** Destroys the socket. */
  | { readonly kind: 'reset' }
  /** Announces the whole answer, sends half of it and destroys the socket. */
  | { readonly kind: 'half' }
  /** Answers 200 with JSON of another shape. @default { unexpected: [true] } */
  | { readonly kind: 'nonsense'; readonly body?: unknown }
  /** Answers with a page, as a proxy does. @default status 200 */
  | { readonly kind: 'html'; readonly status?: number }
  /** Ends the answer within its JSON, as if that were all. */
  | { readonly kind: 'truncated-json' }
  /** Answers with so much JSON. @default 16_777_216 // 16 MiB */
  | { readonly kind: 'flood'; readonly bytes?: number }
  /** Says that the answer is something else. @default 'application/octet-stream' */
  | { readonly kind: 'wrong-content-type'; readonly type?: string };

export interface FaultOptions {
  /** How often it happens. @default Infinity */
  readonly times?: number;
  /** @default any request */
  readonly match?: RequestMatch;
  /**
   * `after`: the request is applied, and its answer is what is lost. `before`: it is not applied.
   * @default 'after' for half, truncated-json and wrong-content-type, 'before' for others
   */
  readonly when?: 'before' | 'after';
}

/** Disposing ends it; what it holds already stays held. */
export interface PlacedFault extends Disposable {
  /** How often it happened. */
  readonly hits: number;
}

export interface Faults {
  place(fault: Fault, options?: FaultOptions): PlacedFault;
  before(request: EmulatorRequest, reply: FastifyReply): Promise<void>;
  after(request: EmulatorRequest, reply: FastifyReply, payload: unknown): Promise<unknown>;
}

interface Placed {
  readonly fault: Fault;
  readonly match: RequestMatch | undefined;
  readonly when: 'before' | 'after';
  left: number;
  hits: number;
}

const ofAnswers: ReadonlySet<Fault['kind']> = new Set(['half', 'truncated-json', 'wrong-content-type']);

export function createFaults(): Faults {
  let placed: Placed[] = [];
  // Each request comes to one fault at most.
  const met = new WeakSet<EmulatorRequest>();
  const take = (request: EmulatorRequest, when: Placed['when']): Fault | null => {
    if (met.has(request)) return null;
    const found = placed.find((each) => each.when === when && each.left > 0 && matches(request, each.match));
    if (found === undefined) return null;
    met.add(request);
    found.left -= 1;
    found.hits += 1;
    return found.fault;
  };
  return {
    place(fault, { times = Infinity, match, when = ofAnswers.has(fault.kind) ? 'after' : 'before' } = {}) {
      const entry: Placed = { fault, match, when, left: times, hits: 0 };
      placed = [entry, ...placed];
      return {
        get hits() {
          return entry.hits;
        },
        [Symbol.dispose]() {
          placed = placed.filter((each) => each !== entry);
        },
      };
    },
    async before(request, reply) {
      const fault = take(request, 'before');
      if (fault !== null) await misbehave(fault, reply, null);
    },
    async after(request, reply, payload) {
      const fault = take(request, 'after');
      if (fault === null) return payload;
      await misbehave(fault, reply, typeof payload === 'string' || Buffer.isBuffer(payload) ? String(payload) : null);
      return payload;
    },
  };
}
