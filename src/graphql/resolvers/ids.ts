import { shown } from '../../core/checks.ts';
import { type NodeKind, type SessionId, idOf, isSessionId, kindOfId, nameInId } from '../../core/ids.ts';
import { type Problem, ProblemError, problem } from '../../core/problem.ts';
import type { RequestContext } from '../context.ts';

export const wrongId = (argument: string, expected: string, id: string): Problem =>
  problem('BAD_INPUT', `Expected \`${argument}\` to be ${expected} id, got ${shown(id)}.`, { path: argument.split('.') });

/** @throws ProblemError BAD_INPUT where it is not the id of a session. */
export function sessionIdIn(argument: string, id: string): SessionId {
  if (isSessionId(id)) return id;
  throw new ProblemError(wrongId(argument, 'a Session', id));
}

const named = (kind: NodeKind, idOrName: string): string => (kindOfId(idOrName) === kind ? nameInId(idOrName) : idOrName);

/** The name of the backend that an id or a name means, or null where none is configured by it. */
export function backendName(idOrName: string, { services }: RequestContext): string | null {
  const name = named('Backend', idOrName);
  return services.backends.has(name) ? name : null;
}

/** The agent's own id in what clients see as `Agent.id`; one that the service itself gave is taken as it is. */
export const agentIdIn = (id: string): string => named('Agent', id);

export const agentIdOut = (id: string): string => idOf('Agent', id);

export const unknownBackend = (path: string, idOrName: string, { services }: RequestContext): Problem =>
  problem('BAD_INPUT', `Expected \`${path}\` to be one of ${[...services.backends.keys()].join(', ')}, got ${shown(idOrName)}.`, {
    path: path.split('.'),
  });
