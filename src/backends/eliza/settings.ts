import { type Problem, isProblem, problem } from '../../core/problem.ts';
import type { Effects } from '../../core/service.ts';
import type { Session } from '../../core/session.ts';
import type { ElizaClient } from './client.ts';
import { factsOf } from './mapping.ts';
import { checkEnds, checkKept, restoringOf, timeoutOf } from './timeout.ts';

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
  /** Puts back what held before a change that is refused. Whether the caller still waits makes no difference to that. */
  async function undo({ handle, rules }: Session, refusal: Problem): Promise<Problem> {
    const told = restoringOf(rules.timeout);
    const restored = await client.timeout(handle, told);
    const lost = isProblem(restored) ? restored : checkKept(name, rules, told, restored.timeoutConfig);
    if (lost === null) return refusal;
    // What holds then is read with the session.
    return { ...refusal, detail: `${refusal.detail} What held before could not be put back: see \`session\` for what holds now.` };
  }

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
    if (isProblem(changed)) return changed;
    // A server with narrower bounds than the usual ones refuses a timeout, and makes another policy of the rest without a word.
    const otherwise = checkKept(name, after.rules, told, changed.timeoutConfig);
    return otherwise === null ? factsOf(changed) : undo(session, otherwise);
  };
}
