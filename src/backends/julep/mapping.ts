import type { Agent } from '../../core/backend.ts';
import type { MessageRole } from '../../core/message.ts';
import { type Problem, problem } from '../../core/problem.ts';
import type { Facts, ServiceOptions } from '../../core/service.ts';
import type { JsonObject } from '../../core/session.ts';
import type { Rows } from '../shared/rows.ts';
import type { JulepSession } from './contract.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Ids of Julep's resources are UUIDs of any version. */
export const isUuid = (text: unknown): text is string => typeof text === 'string' && uuid.test(text);

/** Null where it is one. */
export const notUuid = (value: unknown, path: readonly string[], backend: string): Problem | null =>
  isUuid(value)
    ? null
    : problem('BAD_INPUT', `Expected \`${path.join('.')}\` to be a UUID, as ids of backend ${backend} are.`, { path, backend });

/** The roles of both APIs' histories. What calls a tool is the agent's own. */
const roles: ReadonlyMap<string, MessageRole> = new Map([
  ['user', 'USER'],
  ['assistant', 'ASSISTANT'],
  ['function_call', 'ASSISTANT'],
  ['system', 'SYSTEM'],
  ['tool', 'TOOL'],
  ['function', 'TOOL'],
]);

export const roleOf = (role: string): MessageRole => roles.get(role) ?? 'SYSTEM';

/** An empty situation is how an API without null says that there is none. */
export const situationOf = (situation: string | null | undefined): string | null => situation || null;

export const factsOf = ({ agentId, situation, metadata, createdAt }: JulepSession): Facts => ({
  situation,
  ...(metadata !== undefined && { metadata }),
  ...(agentId !== undefined && { agentId }),
  ...(createdAt !== undefined && { createdAt }),
});

export const agentOf = ({
  id,
  name,
  about,
}: {
  readonly id: string;
  readonly name: string;
  readonly about?: string | null | undefined;
}): Agent => ({
  id,
  name,
  description: about || null,
});

/** Merged key by key, null removing a key; null takes all away. */
export function mergedMetadata(before: JsonObject, given: JsonObject | null | undefined): JsonObject {
  if (given === undefined) return before;
  return given === null ? {} : Object.fromEntries(Object.entries({ ...before, ...given }).filter(([, value]) => value !== null));
}

/** Whether a change of metadata takes keys away: a service that merges cannot. */
export const removesKeys = (given: JsonObject | null | undefined): boolean =>
  given === null || (given !== undefined && Object.values(given).includes(null));

/** `JulepOptionsInput`. */
export interface JulepSessionOptions {
  readonly userId: string | null;
  readonly renderTemplates: boolean | null;
  readonly tokenBudget: number | null;
  readonly contextOverflow: 'truncate' | 'adaptive' | null;
}

const maxTokenBudget = 65_535;

/** What a client gave for Julep alone, checked. */
export function sessionOptions(given: ServiceOptions, backend: string): JulepSessionOptions | Problem {
  const at = (key: string): readonly string[] => ['options', 'julep', key];
  const { userId = null, renderTemplates = null, tokenBudget = null, contextOverflow = null } = given;
  if (userId !== null && !isUuid(userId)) return notUuid(userId, at('userId'), backend) as Problem;
  if (tokenBudget !== null && !(Number.isInteger(tokenBudget) && Number(tokenBudget) > 0 && Number(tokenBudget) <= maxTokenBudget)) {
    const detail = `Expected \`options.julep.tokenBudget\` to be a whole number from 1 to ${maxTokenBudget}.`;
    return problem('BAD_INPUT', detail, { path: at('tokenBudget'), backend });
  }
  return {
    userId,
    renderTemplates: renderTemplates as boolean | null,
    tokenBudget: tokenBudget as number | null,
    contextOverflow: contextOverflow === null ? null : contextOverflow === 'ADAPTIVE' ? 'adaptive' : 'truncate',
  };
}

/** Of the keys of a filter, those that a service compares by value. Others are left for the gateway to compare. */
export const scalars = (filter: JsonObject | null): Readonly<Record<string, string | number | boolean>> =>
  Object.fromEntries(
    Object.entries(filter ?? {}).flatMap(([key, value]) =>
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? [[key, value] as const] : [],
    ),
  );

/** Where a page begins. */
export const offsetOf = (page: string | null): number => (page !== null && /^\d{1,9}$/.test(page) ? Number(page) : 0);

/** The page after one that is full, whatever its rows are. */
export function nextPage(offset: number, limit: number, { rows, unreadable }: Rows<unknown>): string | null {
  const count = rows.length + unreadable;
  return count < limit ? null : String(offset + count);
}
