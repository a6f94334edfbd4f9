import { type Backend, features } from '../../src/core/backend.ts';
import { type Problem, problem } from '../../src/core/problem.ts';
import type {
  Effects,
  Facts,
  Found,
  ListRequest,
  MemberAt,
  OpenRequest,
  Outgoing,
  Sent,
  Service,
  ServiceMessage,
  ServiceSuggestion,
  SessionAt,
  SettingsRequest,
  Sink,
} from '../../src/core/service.ts';
import { fakeService } from './fake-service.ts';

/** A session as the service has it. */
export interface Room {
  facts: Facts;
  messages: ServiceMessage[];
  secret: string | null;
}

/** What a call was made with. */
export interface Call {
  readonly method: string;
  readonly handle: string;
  readonly at: SessionAt | null;
  readonly of: unknown;
}

/** A service in memory, whose state the test changes. */
export interface Scripted {
  readonly service: Service;
  readonly backend: Backend;
  readonly rooms: Map<string, Room>;
  /** By method. */
  readonly failures: Map<string, Problem>;
  /** A call waits for the promise of its method, after what it does and before it answers. */
  readonly gates: Map<string, Promise<void>>;
  readonly sinks: Set<Sink>;
  readonly watched: SessionAt[];
  calls: Call[];
  /** How often a method was called. */
  count(method: string): number;
  room(handle?: string): Room;
  /** What the last message was sent with. */
  readonly outgoing: () => Outgoing;
}

export interface ScriptedOptions {
  readonly name?: string;
  readonly parts?: Partial<Service>;
  /** Instead of those that there are by default. */
  readonly effects?: Effects;
  readonly backend?: Partial<Backend>;
  /** What sending answers, the message recorded. @default its id */
  readonly sent?: (message: ServiceMessage, outgoing: Outgoing, room: Room) => Partial<Sent>;
  /** How the service tells messages that were sent to it. */
  readonly echo?: (message: ServiceMessage, outgoing: Outgoing) => ServiceMessage;
  readonly now?: () => number;
  readonly without?: readonly ('list' | 'find' | 'history' | 'watch' | 'send' | 'suggestions')[];
}

export function createScriptedService(options: ScriptedOptions = {}): Scripted {
  const { name = 'remote', echo = (message) => message, now = () => Date.UTC(2030, 0, 1), without = ['watch'] } = options;
  const rooms = new Map<string, Room>();
  const failures = new Map<string, Problem>();
  const gates = new Map<string, Promise<void>>();
  const sinks = new Set<Sink>();
  const watched: SessionAt[] = [];
  let calls: Call[] = [];
  let last: Outgoing | null = null;
  let ids = 0;

  const room = (handle = 'theirs'): Room => {
    const found = rooms.get(handle);
    if (found === undefined) throw new Error(`There is no ${handle} at the service`);
    return found;
  };

  async function call<T>(method: string, handle: string, at: SessionAt | null, of: unknown, work: () => T): Promise<T | Problem> {
    calls.push({ method, handle, at, of });
    const failure = failures.get(method);
    if (failure !== undefined) {
      await gates.get(method);
      return failure;
    }
    const answer = work();
    await gates.get(method);
    return answer;
  }

  const effect =
    (method: string, does: (room: Room, of: unknown) => void = () => {}) =>
    (at: SessionAt, of?: unknown): Promise<Facts | Problem> =>
      call(method, at.session.handle, at, of instanceof AbortSignal ? null : of, () => {
        const here = room(at.session.handle);
        does(here, of);
        const { members: _, ...facts } = here.facts;
        return facts;
      });

  const withoutMember = (at: Room, id: string | null): void => {
    if (at.facts.members) at.facts = { ...at.facts, members: at.facts.members.filter((member) => member.id !== id) };
  };

  const effects: Effects = {
    join: (at, joiner) =>
      call('join', at.session.handle, at, joiner, () => {
        const here = room(at.session.handle);
        const id = `at-${joiner.name}`;
        here.facts = {
          ...here.facts,
          members: [...(here.facts.members ?? []), { id, name: joiner.name, address: joiner.address, role: 'MEMBER' }],
        };
        return { id, secret: `secret of ${joiner.name}` };
      }),
    leave: (at) => effect('leave', (here) => withoutMember(here, at.as?.id ?? null))(at),
    kick: (at, target) => effect('kick', (here, of) => withoutMember(here, (of as MemberAt).id))(at, target),
    end: effect('end', (here) => {
      here.facts = { ...here.facts, status: 'ENDED' };
    }),
    settings: effect('settings', (here, of) => {
      const { after } = of as SettingsRequest;
      here.facts = { ...here.facts, title: after.title, metadata: after.metadata };
    }),
    renew: effect('renew'),
    heartbeat: effect('heartbeat'),
    clear: effect('clear', (here) => {
      here.messages = [];
    }),
  };

  const own: Partial<Service> = {
    open: (request: OpenRequest) =>
      call('open', request.handle ?? 'theirs', null, request, () => {
        const handle = request.handle ?? `theirs${rooms.size === 0 ? '' : rooms.size}`;
        const member = {
          id: `at-${request.creator.name}`,
          name: request.creator.name,
          address: request.creator.address,
          role: 'HOST' as const,
        };
        rooms.set(handle, {
          facts: { title: request.input.title ?? null, members: [member] },
          messages: [],
          secret: `secret of ${handle}`,
        });
        return {
          handle,
          facts: {},
          secret: `secret of ${handle}`,
          member: { id: member.id, secret: `secret of ${member.name}` },
        };
      }),
    read: (at) => call('read', at.session.handle, at, null, () => room(at.session.handle).facts),
    effects: options.effects ?? effects,
    find: (handle) =>
      call('find', handle, null, null, (): Found | null => {
        const here = rooms.get(handle);
        return here === undefined ? null : { handle, facts: here.facts, secret: here.secret };
      }),
    list: (request: ListRequest) =>
      call('list', '', null, request, () => {
        const from = Number(request.page ?? 0);
        const all = [...rooms].map(([handle, { facts, secret }]): Found => ({ handle, facts, secret })).toReversed();
        const next = from + request.limit;
        return { sessions: all.slice(from, next), next: next < all.length ? String(next) : null };
      }),
    history: (at, after) =>
      call('history', at.session.handle, at, after, () =>
        room(at.session.handle).messages.filter(({ createdAt }) => createdAt >= (after ?? -Infinity)),
      ),
    suggestions: (at) => call('suggestions', at.session.handle, at, null, (): readonly ServiceSuggestion[] => []),
    send: (at, outgoing) => {
      last = outgoing;
      return call('send', at.session.handle, at, outgoing, (): Sent => {
        const here = room(at.session.handle);
        const message = echo(
          {
            id: `m${(ids += 1)}`,
            role: outgoing.role,
            content: outgoing.content,
            author: { id: at.as?.id ?? null, name: at.as?.name ?? null },
            createdAt: now(),
          },
          outgoing,
        );
        here.messages.push(message);
        return { id: message.id, facts: {}, reply: null, ...options.sent?.(message, outgoing, here) };
      });
    },
    watch(at, sink) {
      watched.push(at);
      sinks.add(sink);
      return {
        async [Symbol.asyncDispose]() {
          sinks.delete(sink);
        },
      };
    },
  };
  for (const method of without) delete (own as Record<string, unknown>)[method];
  const service = fakeService({ ...own, ...options.parts });
  const backend: Backend = {
    name,
    kind: 'MACHANI',
    minimumTier: null,
    features: Object.fromEntries(features.map((feature) => [feature, 'UPSTREAM'])) as Backend['features'],
    health: async () => ({ status: 'UP', circuit: 'CLOSED', latencyMs: null, checkedAt: null, message: null }),
    agents: async () => [],
    service,
    onExpiry: 'KEEP',
    foreignVisibility: 'PUBLIC',
    pollMs: 5_000,
    ...options.backend,
  };
  return {
    service,
    backend,
    rooms,
    failures,
    gates,
    sinks,
    watched,
    get calls() {
      return calls;
    },
    set calls(next) {
      calls = next;
    },
    count: (method) => calls.filter((each) => each.method === method).length,
    room,
    outgoing() {
      if (last === null) throw new Error('Nothing has been sent');
      return last;
    },
  };
}

export const unavailable: Problem = problem('UPSTREAM_UNAVAILABLE', 'The service is down.', { backend: 'remote' });

export const said = (id: string, parts: Partial<ServiceMessage> = {}): ServiceMessage => ({
  id,
  role: 'USER',
  content: `text of ${id}`,
  author: { id: null, name: null },
  createdAt: Date.UTC(2030, 0, 1),
  ...parts,
});
