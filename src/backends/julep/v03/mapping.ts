import { createHash } from 'node:crypto';
import type { MessageRole } from '../../../core/message.ts';
import { type Problem, isProblem, problem } from '../../../core/problem.ts';
import type { ServiceMessage, ServiceSuggestion } from '../../../core/service.ts';
import type { JulepSession, NewSession } from '../contract.ts';
import { roleOf, sessionOptions, situationOf } from '../mapping.ts';
import { textOf } from '../wire.ts';
import type { WireMessage, WireSession, WireSuggestion } from './wire.ts';

export const sessionOf = ({ id, agent_id, situation, metadata, created_at }: WireSession): JulepSession => ({
  id,
  agentId: agent_id,
  situation: situationOf(situation),
  metadata,
  createdAt: created_at ?? undefined,
});

export const messageOf = ({ id, role, content, name, created_at }: WireMessage): ServiceMessage => ({
  id,
  role: roleOf(role),
  content: textOf(content),
  author: { id: null, name: name ?? null },
  createdAt: created_at,
});

/** The service numbers suggestions by nothing: the same words about the same message are the same. */
export const suggestionOf = ({ message_id, target, content, created_at }: WireSuggestion): ServiceSuggestion => ({
  id: `${message_id}:${target}:${createHash('sha256').update(content).digest('hex').slice(0, 16)}`,
  target: target === 'user' ? 'USER' : 'ASSISTANT',
  content,
  createdAt: created_at ?? null,
  messageId: message_id,
});

/** `InputChatMLMessage`: it has a role for what calls a tool, and none for what a tool answers. */
export const sentRoles: Readonly<Record<Exclude<MessageRole, 'TOOL'>, string>> = { USER: 'user', ASSISTANT: 'assistant', SYSTEM: 'system' };

/** `CreateSessionRequest`. */
export function createBody({ agentId, situation, metadata, options }: NewSession, backend: string): object | Problem {
  const checked = sessionOptions(options, backend);
  if (isProblem(checked)) return checked;
  const { userId, renderTemplates } = checked;
  for (const key of ['tokenBudget', 'contextOverflow'] as const) {
    if (checked[key] === null) continue;
    const detail = `Backend ${backend} has no \`${key}\`: only sessions of Julep's API v1 have.`;
    return problem('UNSUPPORTED', detail, { path: ['options', 'julep', key], backend });
  }
  return {
    agent_id: agentId,
    ...(userId !== null && { user_id: userId }),
    ...(situation !== null && { situation }),
    ...(metadata !== null && { metadata }),
    ...(renderTemplates !== null && { render_templates: renderTemplates }),
  };
}
