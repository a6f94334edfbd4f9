import { v5 as uuidv5 } from 'uuid';
import { type Problem, isProblem, problem } from '../../core/problem.ts';
import type { Joiner, OpenRequest, Opened } from '../../core/service.ts';
import type { CreateBody, ElizaClient } from './client.ts';
import { factsOf, keepable, madeKey, metadataChars } from './mapping.ts';
import { checkEnds, checkKept, timeoutOf } from './timeout.ts';
import { isUuid } from './wire.ts';

export interface OpenDeps {
  readonly name: string;
  readonly client: ElizaClient;
  /** Of sessions that are created without one. */
  readonly agentId: string | null;
}

// Made for this and used nowhere else.
const callers = '0f6f3c1e-64a5-4d0e-9b0b-6a4f7f0f3d52';
const namedAgents = 10;

/** The user that a caller is at the service: the same whenever it comes, but for anonymous ones. */
export const userIdOf = ({ principal, memberId }: Pick<Joiner, 'principal' | 'memberId'>): string => uuidv5(principal ?? memberId, callers);

/** Opens a session, where the service can keep to what is asked for. */
export function createOpen({
  name,
  client,
  agentId: defaultAgent,
}: OpenDeps): (request: OpenRequest, signal?: AbortSignal) => Promise<Opened | Problem> {
  const refused = (path: readonly string[], detail: string, code: 'BAD_INPUT' | 'UNSUPPORTED' = 'BAD_INPUT'): Problem =>
    problem(code, `Backend ${name} ${detail}`, { path, backend: name });

  /** What can be named instead, as the end of a message. */
  async function known(signal: AbortSignal | undefined): Promise<string> {
    const agents = await client.agents(signal);
    if (isProblem(agents) || agents.length === 0) return 'see `backend.agents` for those that there are.';
    const names = agents.slice(0, namedAgents).map(({ id, name }) => `${name} (${id})`);
    return `there are ${names.join(', ')}${agents.length > namedAgents ? ', …' : ''}.`;
  }

  function userOf({ options, creator }: OpenRequest): string | Problem {
    const given = options['userId'] ?? null;
    if (given === null) return userIdOf(creator);
    if (typeof given === 'string' && isUuid(given)) return given;
    const shown = typeof given === 'string' ? `\`${given.slice(0, 64)}\`` : typeof given;
    return refused(['options', 'eliza', 'userId'], `takes a UUID for \`options.eliza.userId\`, got ${shown}.`);
  }

  return async (request, signal) => {
    const { input, rules, handle } = request;
    if (handle !== null) return refused(['handle'], 'names its sessions itself: leave out `handle`.', 'UNSUPPORTED');
    const unkept = checkEnds(name, rules, null);
    if (unkept !== null) return unkept;
    const userId = userOf(request);
    if (isProblem(userId)) return userId;
    const metadata = { ...keepable(input.metadata ?? {}), [madeKey]: true };
    const size = JSON.stringify(metadata).length;
    if (size > metadataChars) {
      return refused(
        ['metadata'],
        `takes up to ${metadataChars} characters of JSON in \`metadata\`, the gateway's mark among them, got ${size}.`,
      );
    }
    const agentId = input.agentId ?? defaultAgent;
    if (agentId === null) return refused(['agentId'], `needs an agent to talk to in \`agentId\`: ${await known(signal)}`);
    if (!isUuid(agentId)) {
      return refused(['agentId'], `takes the UUID of an agent for \`agentId\`, got \`${agentId.slice(0, 64)}\`: ${await known(signal)}`);
    }

    const timeoutConfig = timeoutOf(rules);
    const body: CreateBody = { agentId, userId, metadata, ...(Object.keys(timeoutConfig).length > 0 && { timeoutConfig }) };
    const session = await client.create(body, signal);
    if (isProblem(session)) {
      if (session.code !== 'BAD_INPUT' || session.path?.[0] !== 'agentId') return session;
      return refused(['agentId'], `has no agent \`${agentId}\` running: ${await known(signal)}`);
    }
    // A server with narrower bounds than the usual ones makes another session than was asked for, and says nothing.
    const otherwise = checkKept(name, rules, timeoutConfig, session.timeoutConfig);
    if (otherwise !== null) {
      await client.remove(session.sessionId);
      return otherwise;
    }
    return { handle: session.sessionId, facts: factsOf(session), member: { id: session.userId, secret: null } };
  };
}
