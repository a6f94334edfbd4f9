import { type Problem, isProblem } from '../../core/problem.ts';
import type { Clock } from '../../core/ports.ts';
import type { Effects, Facts, Found, Joined, MemberAt, Service, SessionAt } from '../../core/service.ts';
import type { MachaniClient } from './client.ts';
import { factsOf, handleOf, memberName, toPatch, toSession } from './mapping.ts';
import { toMessage } from './message.ts';
import { type MachaniOptions, sessionDefaults } from './options.ts';
import { goneFrom } from './refusal.ts';
import { followSession } from './watch.ts';
import type { SessionWire } from './wire.ts';

/** Failures that leave open whether it was done. */
const unsureCodes: ReadonlySet<Problem['code']> = new Set(['UPSTREAM_FAILED', 'UPSTREAM_TIMEOUT', 'UPSTREAM_UNAVAILABLE']);

/** The service's part in sessions. What it lacks, the gateway does on top: rules, expiry, history. */
export function createMachaniService(client: MachaniClient, options: MachaniOptions, clock: Clock): Service {
  const { name: backend, pageSize = 100, idleMs = 300_000, reconnectMs = 500, graceMs = 500, settleMs = 1_000 } = options;
  const defaults = sessionDefaults(options);
  const watches = new Set<AsyncDisposable>();

  const facts = (wire: SessionWire): Facts => {
    if (wire.secretKey !== '') client.confide(handleOf(wire), wire.secretKey);
    return factsOf(wire, defaults.sessionTypes);
  };
  const found = (wire: SessionWire): Found => ({ handle: handleOf(wire), facts: facts(wire), secret: wire.secretKey || null });
  /** The handle to ask by. The gateway may have been started since the key was heard. */
  const handleAt = ({ session, secret }: SessionAt): string => {
    if (secret !== null) client.confide(session.handle, secret);
    return session.handle;
  };

  const join: NonNullable<Effects['join']> = async (at, joiner, signal) => {
    const name = memberName(joiner);
    const handle = handleAt(at);
    const joined = await client.join(handle, name, signal);
    if (isProblem(joined)) {
      // It may be in it all the same, and nobody would know who it is. Nobody waits for its going.
      if (unsureCodes.has(joined.code)) void client.leave(handle, name, signal).catch(() => {});
      return joined;
    }
    return { id: name, secret: null, ...(joined && { facts: facts(joined) }) } satisfies Joined;
  };

  async function remove(at: SessionAt, who: MemberAt | null, signal?: AbortSignal): ReturnType<NonNullable<Effects['leave']>> {
    // Somebody whom the service has never known.
    if (who === null || who.id === null) return {};
    const handle = handleAt(at);
    const left = await client.leave(handle, who.id, signal);
    if (isProblem(left)) return left;
    if (left !== 'absent') return facts(left);
    const wire = await client.get(handle, signal);
    if (isProblem(wire)) return wire;
    return wire === null ? goneFrom({ backend, handle }) : facts(wire);
  }

  return {
    perMember: false,
    secretDefaults: [],
    matchesByContent: false,
    async open(request, signal) {
      const body = toSession(request, defaults, backend);
      if (isProblem(body)) return body;
      const made = await client.create(request.handle, body, signal);
      if (isProblem(made)) return made;
      const opened = found(made);
      const name = memberName(request.creator);
      const joined = await client.join(opened.handle, name, signal);
      if (isProblem(joined)) {
        // Without its creator it would be nobody's.
        await client.remove(opened.handle, signal);
        return joined;
      }
      return { ...opened, member: { id: name, secret: null } };
    },
    async read(at, signal) {
      const wire = await client.get(handleAt(at), signal);
      if (isProblem(wire)) return wire;
      return wire === null ? { status: 'ENDED' } : facts(wire);
    },
    effects: {
      join,
      leave: (at, signal) => remove(at, at.as, signal),
      // The service has no word for it: whoever calls may let anybody leave.
      kick: (at, target, signal) => remove(at, target, signal),
      async end(at, signal) {
        const done = await client.remove(handleAt(at), signal);
        return isProblem(done) ? done : {};
      },
      async settings(at, request, signal) {
        const { mask, body } = toPatch(at.session, request, defaults.sessionTypes);
        if (mask.length === 0) return {};
        const wire = await client.update(handleAt(at), mask, body, signal);
        return isProblem(wire) ? wire : facts(wire);
      },
    },
    async find(handle, signal) {
      const wire = await client.get(handle, signal);
      return wire === null || isProblem(wire) ? wire : found(wire);
    },
    async list({ limit, page }, signal) {
      const answer = await client.list({ pageSize: Math.min(limit, pageSize), pageToken: page }, signal);
      if (isProblem(answer)) return answer;
      const { rows, unreadable } = answer.sessions;
      return { sessions: rows.map(found), unreadable, next: answer.nextPageToken || null };
    },
    async send(at, outgoing, signal) {
      // The service wants a name also where none of the session speaks: an API key that is no member.
      const author = at.as?.id ?? at.as?.name ?? 'Parley';
      const done = await client.publish(handleAt(at), author, toMessage(outgoing, author, clock.now()), signal);
      // The stream knows the message by its mark, and the mark is the gateway's own id of it: there is no other id to tell.
      return isProblem(done) ? done : { id: null, facts: {}, reply: null };
    },
    watch(at, sink) {
      const watch = followSession({ client, backend, handle: handleAt(at), sink, clock, idleMs, reconnectMs, graceMs, settleMs });
      const tracked: AsyncDisposable = {
        async [Symbol.asyncDispose]() {
          watches.delete(tracked);
          await watch[Symbol.asyncDispose]();
        },
      };
      watches.add(tracked);
      return tracked;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...watches].map((watch) => watch[Symbol.asyncDispose]()));
      await client[Symbol.asyncDispose]();
    },
  };
}
