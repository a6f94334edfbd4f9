import { isProblem, problem } from '../../core/problem.ts';
import type { Effects, Service } from '../../core/service.ts';
import type { SipherClient } from './client.ts';
import { beyondEnd, dropped, factsOf, secretDefaults, sentDefaults, takenAway, ttlOf, unremovable } from './mapping.ts';
import { handlePattern } from './wire.ts';

/** Sipher's part in its sessions: their defaults, and their hard end. The rest of a session the gateway keeps. */
export function createSipherService(name: string, client: SipherClient): Service {
  const settings: Effects['settings'] = async ({ session }, { mode, input, after }, signal) => {
    const tooLong = beyondEnd(session, input.rules?.lifetimeSeconds, name);
    if (tooLong !== null) return tooLong;
    const given = input.defaults ?? {};
    const isReset = mode === 'REPLACE' || input.defaults === null;
    if (!isReset) {
      const key = takenAway(given);
      if (key !== undefined) return unremovable(name, key);
    }
    const sent = sentDefaults(given);
    const isSending = Object.keys(sent).length > 0;
    if (!isReset && !isSending) return {};
    if (isReset) {
      // The record does not say whether a secret is set, nor what was set at the service since.
      const there = await client.get(session.handle, signal);
      if (isProblem(there)) return there;
      const key = dropped(there.defaults, given);
      if (key !== undefined) return unremovable(name, key);
      if (!isSending) return factsOf(there, after.defaults);
    }
    const patched = await client.patch(session.handle, sent, signal);
    return isProblem(patched) ? patched : factsOf(patched, after.defaults);
  };

  return {
    perMember: false,
    secretDefaults,
    matchesByContent: false,
    async open({ input, handle, rules }, signal) {
      if (handle !== null) {
        return problem('UNSUPPORTED', `Backend ${name} gives its sessions ids of its own: leave \`handle\` out.`, {
          path: ['handle'],
          backend: name,
        });
      }
      const ttlSeconds = ttlOf(rules, name);
      if (isProblem(ttlSeconds)) return ttlSeconds;
      const defaults = input.defaults ?? {};
      const made = await client.create({ defaults: sentDefaults(defaults), ttlSeconds }, signal);
      return isProblem(made) ? made : { handle: made.sessionId, facts: factsOf(made, defaults) };
    },
    async read({ session }, signal) {
      const found = await client.get(session.handle, signal);
      if (!isProblem(found)) return factsOf(found, session.defaults);
      return found.code === 'EXPIRED' ? { status: 'EXPIRED' } : found;
    },
    async find(handle, signal) {
      if (!handlePattern.test(handle)) return null;
      const found = await client.get(handle, signal);
      if (!isProblem(found)) return { handle: found.sessionId, facts: factsOf(found, {}) };
      return found.code === 'EXPIRED' ? null : found;
    },
    effects: {
      settings,
      async end({ session }, signal) {
        const failed = await client.remove(session.handle, signal);
        return failed === null || failed.code === 'EXPIRED' ? { status: 'ENDED' } : failed;
      },
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
