import { shown } from '../checks.ts';
import { checkSend, decideSend } from '../decide/messages.ts';
import type { Idempotency } from '../idempotency.ts';
import { isMessageId, newMessageId } from '../ids.ts';
import type { SessionLimits } from '../limits.ts';
import type { Message } from '../message.ts';
import type { IdempotencyRecord, Store } from '../ports.ts';
import { type Problem, isProblem, problem } from '../problem.ts';
import { type Delivery, type SendInput, type UseCases, maySee } from '../use-cases.ts';
import { type Decide, type Runner, noSession, sessionIdIn } from './runner.ts';

export interface SendOptions {
  readonly store: Store;
  readonly limits: SessionLimits;
  readonly idempotency: Idempotency;
  readonly runner: Runner;
}

/** The command that sends a message. */
export function createSend({ store, limits, idempotency, runner }: SendOptions): UseCases['send'] {
  async function repliedTo({ inReplyTo }: SendInput): Promise<Message | null | Problem> {
    if (inReplyTo === null || inReplyTo === undefined) return null;
    if (isMessageId(inReplyTo)) return (await store.messages.byIds([inReplyTo]))[0] ?? null;
    return problem('BAD_INPUT', `Expected \`inReplyTo\` to be a Message id (msg_…), got ${shown(inReplyTo)}.`, { path: ['inReplyTo'] });
  }

  async function deliverAgain({ result }: IdempotencyRecord): Promise<Delivery | Problem> {
    const [message = null] = await store.messages.byIds(result.messageId === undefined ? [] : [result.messageId]);
    if (message !== null) return { message, reply: null };
    return problem('CONFLICT', 'The message of this idempotency key was sent, and has been cleared since.', { path: ['idempotencyKey'] });
  }

  return async (caller, input) => {
    const id = sessionIdIn(caller, input);
    if (isProblem(id)) return id;
    const refused = checkSend(input, limits);
    if (refused !== null) return refused;
    const requested = idempotency.request(caller, 'send', input.idempotencyKey, { ...input, sessionId: id });
    const before = requested === null ? null : await idempotency.find(requested);
    if (before !== null) return idempotency.replay(requested, before) ?? deliverAgain(before);
    const messageId = newMessageId();
    const decide: Decide = async (state) => {
      if (!maySee(state.session, state.standing)) return noSession(id);
      const unsupported = runner.requireFeature(state.session.backend, input.awaitReply ? 'AGENT_REPLY' : 'MESSAGES');
      if (unsupported !== null) return input.awaitReply ? { ...unsupported, path: ['awaitReply'] } : unsupported;
      const inReplyTo = await repliedTo(input);
      return isProblem(inReplyTo) ? inReplyTo : decideSend(state, input, { messageId, inReplyTo });
    };
    const run = () => runner.attempt(caller, id, decide, requested);
    // Files are counted, and so exclude each other.
    const outcome = await (input.attachments?.length ? runner.inTurn(id, run) : run());
    if (isProblem(outcome)) return outcome;
    if (outcome.kind === 'repeated') return idempotency.replay(requested, outcome.record) ?? deliverAgain(outcome.record);
    const [message] = outcome.change?.messages ?? [];
    if (message === undefined) throw new Error('A message that was committed is in its change');
    return { message: { ...message, seq: outcome.seq }, reply: null };
  };
}
