import type { MessageRole } from '../../../core/message.ts';
import { type Problem, isProblem } from '../../../core/problem.ts';
import type { ServiceMessage } from '../../../core/service.ts';
import type { JulepSession, NewSession } from '../contract.ts';
import { roleOf, sessionOptions, situationOf } from '../mapping.ts';
import { textOf } from '../wire.ts';
import { idsOf } from './reply-ids.ts';
import { type WireEntry, type WireSaid, type WireSession, keptFields } from './wire.ts';

export const sessionOf = ({ id, agent, situation, metadata, created_at }: WireSession): JulepSession => ({
  id,
  agentId: agent ?? undefined,
  situation: situationOf(situation),
  metadata,
  createdAt: created_at,
});

/** The text, or where the agent asks for tools instead, that as JSON. Empty where there is neither. */
export function sayingOf({ content, tool_calls }: WireSaid): string {
  const text = textOf(content);
  return text === '' && tool_calls && tool_calls.length > 0 ? JSON.stringify(tool_calls) : text;
}

const messageOf = (entry: WireEntry, id: string): ServiceMessage => ({
  id,
  role: roleOf(entry.role),
  content: sayingOf(entry),
  author: { id: null, name: entry.name ?? null },
  createdAt: entry.created_at,
});

const compareIds = (one: string, other: string): number => (one < other ? -1 : Number(one > other));

const byTime = (one: WireEntry, other: WireEntry): number => one.created_at - other.created_at || compareIds(one.id ?? '', other.id ?? '');

/** Entries come in no particular order. Their ids are UUIDs of version 7: they order what was made in the same millisecond. */
export const inOrder = (entries: readonly WireEntry[]): readonly WireEntry[] => [...entries].sort(byTime);

/** @param entries - All of the history, in order. */
export function messagesOf(entries: readonly WireEntry[]): readonly ServiceMessage[] {
  const ids = idsOf(entries);
  return entries
    .flatMap((entry, index) => {
      const id = ids[index] ?? null;
      return id === null ? [] : [messageOf(entry, id)];
    })
    .filter(({ content }) => content !== '');
}

export const sentRoles: Readonly<Record<MessageRole, string>> = { USER: 'user', ASSISTANT: 'assistant', SYSTEM: 'system', TOOL: 'tool' };

/** `Sessions.CreateSessionRequest`. */
export function createBody({ agentId, situation, metadata, options }: NewSession, backend: string): object | Problem {
  const checked = sessionOptions(options, backend);
  if (isProblem(checked)) return checked;
  const { userId, renderTemplates, tokenBudget, contextOverflow } = checked;
  return {
    agent: agentId,
    ...(userId !== null && { user: userId }),
    ...(situation !== null && { situation }),
    ...(metadata !== null && { metadata }),
    ...(renderTemplates !== null && { render_templates: renderTemplates }),
    ...(tokenBudget !== null && { token_budget: tokenBudget }),
    ...(contextOverflow !== null && { context_overflow: contextOverflow }),
  };
}

/** What `PUT` has to be given so that it resets nothing but what is meant. */
export const keptOf = (session: WireSession): object =>
  Object.fromEntries(keptFields.flatMap((field) => (session[field] === undefined ? [] : [[field, session[field]]])));

/**
 * `metadata_filter.<key>=value`: the service takes what looks like a number for one, and only that. What it would take for something else
 * is left for the gateway to compare.
 */
export const filterQuery = (compared: Readonly<Record<string, string | number | boolean>>): Readonly<Record<string, string | number>> =>
  Object.fromEntries(
    Object.entries(compared).flatMap(([key, value]) =>
      typeof value === 'number' ||
      (typeof value === 'string' && /^[a-z][a-z _-]*$/i.test(value) && !/^(?:true|false|null|none|nan|inf(?:inity)?)$/i.test(value))
        ? [[`metadata_filter.${key}`, value] as const]
        : [],
    ),
  );
