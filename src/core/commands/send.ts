import type { Backend } from '../backend.ts';
import { shown } from '../checks.ts';
import { withFacts } from '../decide/facts.ts';
import { checkSend, decideSend } from '../decide/messages.ts';
import type { Idempotency, Requested } from '../idempotency.ts';
import { type MessageId, type SessionId, isMessageId, messageIdFrom, newMessageId } from '../ids.ts';
import type { SessionLimits } from '../limits.ts';
import type { Message } from '../message.ts';
import type { Emit, IdempotencyRecord, Store } from '../ports.ts';
import { type Problem, isProblem, problem } from '../problem.ts';
import type { Serializer } from '../serializer.ts';
import { type Sent, type ServiceMessage, markOf } from '../service.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import { type Delivery, type SendInput, type UseCases, maySee } from '../use-cases.ts';
import type { Caller } from '../viewer.ts';
import { type Decide, type Effect, type Effected, type Runner, noSession, sessionIdIn } from './runner.ts';

export interface SendOptions {
  readonly store: Store;
  readonly backends: ReadonlyMap<string, Backend>;
  readonly limits: SessionLimits;
  readonly idempotency: Idempotency;
  readonly runner: Runner;
  readonly upstreams: Upstreams;
  readonly inTurn: Serializer;
  readonly emit: Emit;
}

/** How far behind a message its reply is looked for, where the same request comes again. */
const replyWindow = 20;

/** The command that sends a message. */
export function createSend(options: SendOptions): UseCases['send'] {
  const { store, backends, limits, idempotency, runner, upstreams, inTurn, emit } = options;

  async function repliedTo({ inReplyTo }: SendInput): Promise<Message | null | Problem> {
    if (inReplyTo === null || inReplyTo === undefined) return null;
    if (isMessageId(inReplyTo)) return (await store.messages.byIds([inReplyTo]))[0] ?? null;
    return problem('BAD_INPUT', `Expected \`inReplyTo\` to be a Message id (msg_…), got ${shown(inReplyTo)}.`, { path: ['inReplyTo'] });
  }

  async function recorded(id: SessionId, { id: serviceId }: Sent): Promise<Message | null> {
    return serviceId === null ? null : ((await store.messages.byIds([messageIdFrom(id, serviceId)]))[0] ?? null);
  }

  /** The reply to a message, where one has come. */
  async function replyTo({ id, sessionId, seq }: Message): Promise<Message | null> {
    const [page] = await store.messages.list([{ sessionId, page: { limit: replyWindow, after: seq } }]);
    return page?.items.find(({ inReplyTo, role }) => inReplyTo === id && role === 'ASSISTANT') ?? null;
  }

  async function deliverAgain({ awaitReply }: SendInput, { result }: IdempotencyRecord): Promise<Delivery | Problem> {
    const [message = null] = await store.messages.byIds(result.messageId === undefined ? [] : [result.messageId]);
    if (message !== null) return { message, reply: awaitReply === true ? await replyTo(message) : null };
    return problem('CONFLICT', 'The message of this idempotency key was sent, and has been cleared since.', { path: ['idempotencyKey'] });
  }

  /** Records what the agent said, and gives it as it is recorded. */
  async function takeReply(id: SessionId, to: MessageId, said: Promise<ServiceMessage | Problem>): Promise<Message | Problem> {
    const reply = await said;
    if (isProblem(reply)) return reply;
    await upstreams.ingest.messages(id, [reply], to);
    const [message = null] = await store.messages.byIds([messageIdFrom(id, reply.id)]);
    return message ?? problem('ENDED', `Session ${id} was over before the reply came.`);
  }

  /** Sends by the service, where it has a part in messages. `sent` is what came of it. */
  function sending(caller: Caller, input: SendInput, sent: { value: Sent | null; underway: Disposable | null }): Effect {
    return ({ session, standing }, { messages: [message] }) => {
      const service = backends.get(session.backend)?.service ?? null;
      if (service?.send === undefined || message === undefined) return null;
      const send = service.send.bind(service);
      const { role, content, channel, attachments, metadata, options: inForce } = message;
      const ask = async (): Promise<Effected | Problem> => {
        const at = await upstreams.access.at(service, session, standing.member);
        sent.underway = upstreams.ingest.sending(session.id, { role, content });
        const answer = await send(
          at,
          {
            role,
            content,
            channel,
            attachments,
            metadata,
            options: inForce,
            mark: markOf(store.epoch, message.id),
            awaitReply: input.awaitReply === true,
            onDelta: ({ id, text }) => emit(session.id, { type: 'REPLY_DELTA', messageId: messageIdFrom(session.id, id), text }),
          },
          upstreams.signal,
        );
        if (isProblem(answer)) return answer;
        sent.value = answer;
        // Under the service's id it is the same message, however else it is heard of.
        const id = answer.id === null ? message.id : messageIdFrom(session.id, answer.id);
        return {
          amend: (change, state) => ({
            ...withFacts(change, state.session, answer.facts),
            messages: change.messages.map((each) => ({ ...each, id })),
            events: change.events.map((event) => (event.type === 'MESSAGE_ADDED' ? { ...event, messageId: id } : event)),
          }),
        };
      };
      return ask();
    };
  }

  async function send(caller: Caller, id: SessionId, input: SendInput, requested: Requested | null): Promise<Delivery | Problem> {
    const messageId = newMessageId();
    const sent: { value: Sent | null; underway: Disposable | null } = { value: null, underway: null };
    const decide: Decide = async (state) => {
      if (!maySee(state.session, state.standing)) return noSession(id);
      const unsupported = runner.requireFeature(state.session.backend, input.awaitReply ? 'AGENT_REPLY' : 'MESSAGES');
      if (unsupported !== null) return input.awaitReply ? { ...unsupported, path: ['awaitReply'] } : unsupported;
      // Taken by the service, and heard of by another gateway before it could be recorded here.
      if (sent.value !== null && (await recorded(id, sent.value)) !== null) return null;
      const inReplyTo = await repliedTo(input);
      return isProblem(inReplyTo) ? inReplyTo : decideSend(state, input, { messageId, inReplyTo });
    };
    const run = () => runner.attempt(caller, id, decide, requested, sending(caller, input, sent));
    try {
      // Files are counted, and so exclude each other.
      const outcome = await (input.attachments?.length ? inTurn(id, run) : run());
      if (isProblem(outcome)) return outcome;
      if (outcome.kind === 'repeated') return idempotency.replay(requested, outcome.record) ?? (await deliverAgain(input, outcome.record));
      const [written] = outcome.change?.messages ?? [];
      const message = written ?? (sent.value && (await recorded(id, sent.value)));
      if (message === null || message === undefined) throw new Error('A message that was committed is in its change');
      const delivered: Message = written === undefined ? (message as Message) : { ...written, seq: outcome.seq };
      const said = sent.value?.reply ?? null;
      if (said === null) return { message: delivered, reply: null };
      const taking = takeReply(id, message.id, said);
      if (input.awaitReply !== true) {
        upstreams.background(taking);
        return { message: delivered, reply: null };
      }
      const reply = await taking;
      if (!isProblem(reply)) return { message: delivered, reply };
      return {
        ...reply,
        detail: `Message ${message.id} was sent, but its reply did not come: ${reply.detail ?? reply.title}`,
        path: ['awaitReply'],
      };
    } finally {
      sent.underway?.[Symbol.dispose]();
    }
  }

  return async (caller, input) => {
    const id = sessionIdIn(caller, input);
    if (isProblem(id)) return id;
    const refused = checkSend(input, limits);
    if (refused !== null) return refused;
    const requested = idempotency.request(caller, 'send', input.idempotencyKey, { ...input, sessionId: id });
    if (requested === null) return send(caller, id, input, null);
    // One after the other: a service would be given the message as often as it came.
    return inTurn(`${requested.scope} ${requested.key}`, async () => {
      const before = await idempotency.find(requested);
      if (before !== null) return idempotency.replay(requested, before) ?? deliverAgain(input, before);
      return send(caller, id, input, requested);
    });
  };
}
