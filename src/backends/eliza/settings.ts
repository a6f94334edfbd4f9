import { isProblem, problem } from '../../core/problem.ts';
import type { Effects } from '../../core/service.ts';
import type { ElizaClient } from './client.ts';
import { factsOf } from './mapping.ts';
import { checkEnds, timeoutOf } from './timeout.ts';

/**
 * The service's part in a change of settings: when the session ends. It is told the whole of that each time, since it resets what it is not
 * told. All else is the gateway's.
 */
export function createSettings({
  name,
  client,
}: {
  readonly name: string;
  readonly client: ElizaClient;
}): NonNullable<Effects['settings']> {
  return async ({ session }, { mode, after }, signal) => {
    const { lifetimeSeconds, timeout } = after.rules;
    const unended = timeout === null && lifetimeSeconds === null;
    if (unended && mode === 'UPDATE' && session.rules.timeout !== null) {
      const detail = `Backend ${name} lets every session run out: \`rules.timeout\` can be changed, and not taken away.`;
      return problem('UNSUPPORTED', detail, { path: ['rules', 'timeout'], backend: name });
    }
    const told = timeoutOf(after.rules);
    const before = timeoutOf(session.rules);
    if (JSON.stringify(told) === JSON.stringify(before)) return {};
    const unkept = checkEnds(name, after.rules, session.rules);
    if (unkept !== null) return unkept;
    const changed = await client.timeout(session.handle, told, signal);
    return isProblem(changed) ? changed : factsOf(changed);
  };
}
