import type { Backend } from '../backend.ts';
import { shown } from '../checks.ts';
import { withFacts } from '../decide/facts.ts';
import { checkSend, decideSend } from '../decide/messages.ts';
import { change as changeOf } from '../decide/state.ts';
import { withUnderway } from '../decide/underway.ts';
import type { Idempotency, Requested } from '../idempotency.ts';
import { type MessageId, type SessionId, isMessageId, messageIdFrom, newMessageId } from '../ids.ts';
import type { SessionLimits } from '../limits.ts';
import type { Message } from '../message.ts';
import type { IdempotencyRecord } from '../commit.ts';
import type { Bus, Clock, Emit, Store } from '../ports.ts';
import { type Problem, isProblem, problem } from '../problem.ts';
import type { Serializer } from '../serializer.ts';
import { type Sent, type ServiceMessage, markOf } from '../service.ts';
import { type Unsure, createSentBefore } from '../upstream/sent-before.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import { type Delivery, type SendInput, type UseCases, maySee } from '../use-cases.ts';
import type { Caller } from '../viewer.ts';
import { type Decide, type Effect, type Effected, type Outcome, type Runner, noSession, sessionIdIn } from './runner.ts';
import { shownOf } from './settings.ts';

export interface SendOptions {
  readonly store: Store;
  readonly bus: Pick<Bus, 'tell'>;
  readonly backends: ReadonlyMap<string, Backend>;
  readonly limits: SessionLimits;
  readonly idempotency: Idempotency;
  readonly runner: Runner;
  readonly upstreams: Upstreams;
  readonly inTurn: Serializer;
  readonly emit: Emit;
  readonly clock: Clock;
}

/** How far behind a message its reply is looked for, where the same request comes again. */
const replyWindow = 20;

/** Failures that leave open whether the service has taken the message. */
const unsureCodes: ReadonlySet<Problem['code']> = new Set(['UPSTREAM_FAILED', 'UPSTREAM_TIMEOUT', 'UPSTREAM_UNAVAILABLE']);

/** What names a request, as it comes again. */
const nameOf = ({ scope, key, inputHash }: Requested): string => JSON.stringify([scope, key, inputHash]);

/** A message on its way. */
interface Sending {
  /** What came of it. */
  sent: Sent | null;
  /** Held until it is recorded. */
  message: Disposable | null;
  /** Held until its reply is. */
  reply: Disposable | null;
  /** What other gateways were told of, by the id of its message. */
  announced: MessageId | null;
}

/** The message of a change, with the number that its event got. */
function writtenBy({ seq, change }: Extract<Outcome, { kind: 'done' }>): Message | null {
  const [message] = change?.messages ?? [];
  if (message === undefined || !change) return null;
  const place = change.events.findIndex((event) => event.type === 'MESSAGE_ADDED' && event.messageId === message.id);
  return { ...message, seq: seq - (change.events.length - 1 - place) };
}

/** The command that sends a message. */
export function createSend(options: SendOptions): UseCases['send'] {
  const { store, bus, backends, limits, idempotency, runner, upstreams, inTurn, emit, clock } = options;
  const sentBefore = createSentBefore(store, upstreams.signal);

  async function repliedTo({ inReplyTo }: SendInput): Promise<Message | null | Problem> {
    if (inReplyTo === null || inReplyTo === undefined) return null;
    if (isMessageId(inReplyTo)) return (await store.messages.byIds([inReplyTo]))[0] ?? null;
    return problem('BAD_INPUT', `Expected \`inReplyTo\` to be a Message id (msg_…), got ${shown(inReplyTo)}.`, { path: ['inReplyTo'] });
  }

  /** The message as somebody else has recorded it, who heard of it from the service. */
  async function recorded(id: SessionId, own: MessageId, { id: serviceId }: Sent): Promise<Message | null> {
    const ids = serviceId === null ? [own] : [messageIdFrom(id, serviceId), own];
    return (await store.messages.byIds(ids)).find((message) => message !== null) ?? null;
  }

  /** The reply to a message, where one has come. */
  async function replyTo({ id, sessionId, seq }: Message): Promise<Message | null> {
    const [page] = await store.messages.list([{ sessionId, page: { limit: replyWindow, after: seq } }]);
    return page?.items.find(({ inReplyTo, role }) => inReplyTo === id && role === 'ASSISTANT') ?? null;
  }

  async function deliverAgain({ awaitReply }: SendInput, { result }: IdempotencyRecord): Promise<Delivery | Problem> {
    const [message = null] = await store.messages.byIds(result.messageId === undefined ? [] : [result.messageId]);
    if (message !== null) return { message, reply: awaitReply === true ? await replyTo(message) : null };
    return problem('CONFLICT', 'The message of this idempotency key was sent, and has been removed since.', { path: ['idempotencyKey'] });
  }

  /** Records what the agent said, and gives it as it is recorded. */
  async function takeReply(id: SessionId, to: MessageId, said: Promise<ServiceMessage | Problem>): Promise<Message | Problem> {
    const reply = await said;
    if (isProblem(reply)) {
      upstreams.background(upstreams.ingest.announce(id, to, []));
      return reply;
    }
    await upstreams.ingest.reply(id, reply, to);
    const [message = null] = await store.messages.byIds([messageIdFrom(id, reply.id)]);
    return message ?? problem('ENDED', `Session ${id} was over, or cleared, before the reply came.`);
  }

  /** Sends by the service, where it has a part in messages. */
  function sending(input: SendInput, sending: Sending): Effect {
    return ({ session, standing }, { messages: [message] }) => {
      const service = backends.get(session.backend)?.service ?? null;
      if (service?.send === undefined || message === undefined) return null;
      const send = service.send.bind(service);
      const { role, content, channel, attachments, metadata } = message;
      const ask = async (): Promise<Effected | Problem> => {
        const at = await upstreams.access.at(service, session, standing.member);
        sending.message ??= upstreams.ingest.expecting(session.id, { role, content });
        const answers = backends.get(session.backend)?.features.AGENT_REPLY !== 'UNAVAILABLE';
        if (sending.sent === null && (service.matchesByContent || answers)) {
          // Before it is known to be told: what was written without an answer is to be taken back, too.
          sending.announced = message.id;
          await upstreams.ingest.announce(session.id, message.id, [
            ...(service.matchesByContent ? [{ id: message.id, role, content }] : []),
            // No answer comes before what it answers.
            ...(answers ? [{ id: message.id, role: 'ASSISTANT', content: null } as const] : []),
          ]);
        }
        const answer =
          sending.sent ??
          (await send(
            at,
            {
              role,
              content,
              channel,
              attachments,
              metadata,
              // With what the record is not to have.
              options: { ...message.options, ...input.options },
              mark: markOf(store.epoch, message.id),
              awaitReply: input.awaitReply === true,
              onDelta: ({ id, text }) => {
                const messageId = messageIdFrom(session.id, id);
                emit(session.id, { type: 'REPLY_DELTA', messageId, text });
                if (service.deltasInCall === true) bus.tell({ sessionId: session.id, messageId, text });
              },
            },
            upstreams.signal,
          ));
        if (isProblem(answer)) return answer;
        sending.sent = answer;
        if (answer.reply !== null) sending.reply = upstreams.ingest.expecting(session.id, { role: 'ASSISTANT', content: null });
        // Under the service's id it is the same message, however else it is heard of.
        const id = answer.id === null ? message.id : messageIdFrom(session.id, answer.id);
        return {
          amend: (change, state) => {
            const messages = change.messages.map((each) => ({ ...each, id }));
            const events = change.events.map((event) => (event.type === 'MESSAGE_ADDED' ? { ...event, messageId: id } : event));
            const decided = withFacts({ ...change, messages, events }, state.session, answer.facts);
            if (sending.announced === null && answer.reply === null) return decided;
            const awaited = answer.reply === null ? [] : [{ id, role: 'ASSISTANT', content: null } as const];
            return withUnderway(decided, state.session, { gone: message.id, next: awaited });
          },
        };
      };
      return ask();
    };
  }

  /** What came of an earlier try, where the service has taken the message without that being known here. */
  async function lookFor(caller: Caller, id: SessionId, input: SendInput, unsure: Unsure, under: Sending): Promise<Problem | null> {
    const state = await runner.load(caller, id);
    const service = state && (backends.get(state.session.backend)?.service ?? null);
    if (state?.session.status !== 'ACTIVE' || service === null) return null;
    const said = { role: input.role ?? 'USER', content: input.content } as const;
    // Until it is recorded, so that nobody else brings in what is found.
    under.message = upstreams.ingest.expecting(id, said);
    const found = await sentBefore.find(service, await upstreams.access.at(service, state.session, state.standing.member), unsure, said);
    // Sending to a session that is over is refused in its own way.
    if (found === null || (isProblem(found) && !unsureCodes.has(found.code) && found.code !== 'RATE_LIMITED')) return null;
    if (isProblem(found)) return found;
    under.sent = { id: found.id, facts: {}, reply: found.reply && Promise.resolve(found.reply) };
    return null;
  }

  async function send(caller: Caller, id: SessionId, input: SendInput, requested: Requested | null): Promise<Delivery | Problem> {
    const unsure = requested && sentBefore.of(nameOf(requested));
    const { messageId, since } = unsure ?? { messageId: newMessageId(), since: clock.now() };
    const under: Sending = { sent: null, message: null, reply: null, announced: null };
    let isRecorded = false;
    /** Whether other gateways know by the commit itself that nothing is under way any more. */
    let isTold = false;
    const decide: Decide = async (state) => {
      if (!maySee(state.session, state.standing)) return noSession(id);
      const { backend } = state.session;
      const unsupported = runner.requireFeature(backend, input.awaitReply ? 'AGENT_REPLY' : 'MESSAGES');
      if (unsupported !== null) return input.awaitReply ? { ...unsupported, path: ['awaitReply'] } : unsupported;
      // Taken by the service, and heard of by another gateway before it could be recorded here.
      const message = under.sent && (await recorded(id, messageId, under.sent));
      if (message !== null) {
        const answer = requested && idempotency.of(requested, { sessionId: id, messageId: message.id });
        return answer && { ...changeOf(state, { exclusive: false, events: [] }), idempotency: answer };
      }
      const inReplyTo = await repliedTo(input);
      if (isProblem(inReplyTo)) return inReplyTo;
      const secret = backends.get(backend)?.service?.secretDefaults ?? [];
      return decideSend(state, { ...input, options: shownOf(input.options ?? {}, secret) }, { messageId, inReplyTo });
    };
    try {
      const unknown = unsure && (await lookFor(caller, id, input, unsure, under));
      if (unknown !== null) return unknown;
      // Files are counted, and so exclude each other.
      const exclusive = (input.attachments?.length ?? 0) > 0;
      const outcome = await runner.attempt(caller, id, decide, { requested, exclusive, effect: sending(input, under) });
      if (isProblem(outcome)) {
        if (requested !== null && unsureCodes.has(outcome.code)) sentBefore.remember(nameOf(requested), { messageId, since });
        return outcome;
      }
      if (requested !== null) sentBefore.forget(nameOf(requested));
      if (outcome.kind === 'repeated') return idempotency.replay(requested, outcome.record) ?? (await deliverAgain(input, outcome.record));
      isTold = writtenBy(outcome) !== null;
      const message = writtenBy(outcome) ?? (under.sent && (await recorded(id, messageId, under.sent)));
      if (message === null) throw new Error('A message that was committed is in its change');
      isRecorded = true;
      if (under.sent !== null) sentBefore.answered(message.id);
      under.message?.[Symbol.dispose]();
      return await replied(input, message, under);
    } finally {
      under.message?.[Symbol.dispose]();
      if (under.announced !== null && !isTold) upstreams.background(upstreams.ingest.announce(id, under.announced, []));
      if (!isRecorded) {
        // Also where the store failed: the same request, come again, is not to be sent again.
        if (requested !== null && under.sent !== null) sentBefore.remember(nameOf(requested), { messageId, since });
        under.reply?.[Symbol.dispose]();
        // There is nothing that it would answer.
        if (under.sent?.reply) upstreams.background(under.sent.reply);
      }
    }
  }

  /** The delivery with its reply, where that is waited for. */
  async function replied(input: SendInput, message: Message, { sent, reply: expected }: Sending): Promise<Delivery | Problem> {
    if (!sent?.reply) return { message, reply: null };
    const taking = takeReply(message.sessionId, message.id, sent.reply).finally(() => expected?.[Symbol.dispose]());
    if (input.awaitReply !== true) {
      upstreams.background(taking);
      return { message, reply: null };
    }
    const reply = await taking;
    if (!isProblem(reply)) return { message, reply };
    return {
      ...reply,
      detail: `Message ${message.id} was sent, but its reply did not come: ${reply.detail ?? reply.title}`,
      path: ['awaitReply'],
    };
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
