import { type Problem, isProblem } from '../../../core/problem.ts';
import type { Outgoing, ServiceMessage } from '../../../core/service.ts';
import { chatSettings } from '../chat-settings.ts';
import type { Calls } from '../client.ts';
import type { Contract } from '../contract.ts';
import { sentRoles } from './mapping.ts';
import type { ReplyTime } from '../reply-time.ts';
import type { ReplyIds } from './reply-ids.ts';
import { readReply } from './reply.ts';

export interface SendDeps {
  readonly calls: Calls;
  readonly replyIds: ReplyIds;
}

/** `Chat.ChatInput`. */
function bodyOf({ role, content, metadata }: Outgoing, settings: object & { readonly auto_run_tools?: unknown }): object {
  const call = metadata['tool_call_id'];
  const answered = role === 'TOOL' && typeof call === 'string' ? { tool_call_id: call } : {};
  return {
    messages: [{ role: sentRoles[role], content, ...answered }],
    ...settings,
    // The service streams nothing while it runs tools by itself.
    stream: settings.auto_run_tools !== true,
  };
}

/** Sends a message, which is answered as soon as the reply to it begins. */
export function createSend({ calls, replyIds }: SendDeps): Contract['send'] {
  return async (id, message, signal) => {
    const settings = chatSettings('v1', message.options, calls.name);
    if (isProblem(settings)) return settings;
    const { role, content, onDelta } = message;
    const taken = Promise.withResolvers<null>();

    /** From the message's turn to the end of the reply. */
    const converse = async (time: ReplyTime): Promise<ServiceMessage | Problem> => {
      // What is not to be kept is in no history, and so heard of only here.
      const isKept = settings['save'] !== false;
      const reserved = isKept ? await replyIds.reserve(id, { role: sentRoles[role], content }, time.signal) : null;
      if (isProblem(reserved)) return reserved;
      let kept = false;
      try {
        const stream = await calls.stream(
          { method: 'POST', path: '/sessions/{id}/chat', params: { id }, body: bodyOf(message, settings), operation: 'chat' },
          time,
        );
        if (isProblem(stream)) return stream;
        const reply = await readReply(stream, {
          id: reserved?.id ?? null,
          onBegin: () => taken.resolve(null),
          onDelta,
          refusal: calls.chatRefusal,
          signal: time.signal,
        });
        // One that was given up may be kept later: the history tells that by the next time.
        kept = !isProblem(reply);
        return reply;
      } finally {
        reserved?.done(kept);
      }
    };

    const reply = calls.patiently(signal, converse);
    // A status alone does not say that the service has taken it: what stands in between answers 200, too.
    const failure = await Promise.race([taken.promise, reply]);
    return isProblem(failure) ? failure : { id: null, facts: {}, reply };
  };
}
