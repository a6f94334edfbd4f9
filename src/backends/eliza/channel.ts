import type { Clock } from '../../core/ports.ts';
import { type Problem, isProblem, problem } from '../../core/problem.ts';
import type { Outgoing, ServiceMessage, Sink } from '../../core/service.ts';
import type { Session } from '../../core/session.ts';
import { createAnswers } from './answers.ts';
import type { ElizaClient, SendBody } from './client.ts';
import { readHistory } from './history.ts';
import { heardOf, isReply } from './mapping.ts';
import type { Ears, Room, Rooms } from './rooms.ts';
import { createTurns } from './turns.ts';
import type { WireSent } from './wire.ts';

export interface ChannelDeps {
  readonly name: string;
  readonly client: ElizaClient;
  readonly rooms: Rooms;
  readonly clock: Clock;
  readonly pollMs: number;
  readonly replyMs: number;
}

export type Posted = { readonly sent: WireSent; readonly reply: Promise<ServiceMessage | Problem> | null };

/** One session's channel while somebody follows it, or waits for a reply in it. */
export interface Channel {
  watch(sink: Sink): Disposable;
  /** With `onDelta`, the reply is waited for. One message after the other: what is heard meanwhile waits until the message's id is known. */
  post(body: SendBody, onDelta: Outgoing['onDelta'] | null, signal?: AbortSignal): Promise<Posted | Problem>;
  close(): void;
}

/** @param onIdle - Nobody needs it any more: it is closed. */
export function createChannel(
  deps: ChannelDeps,
  session: Pick<Session, 'backend' | 'handle' | 'agentId' | 'metadata'>,
  channelId: string,
  onIdle: () => void,
): Channel {
  const { name, client, rooms, clock, pollMs, replyMs } = deps;
  const sinks = new Set<Sink>();
  const turns = createTurns();
  const answers = createAnswers({ client, session, channelId, replyMs });
  let state: 'JOINING' | 'JOINED' | 'LOST' = 'JOINING';
  /** Whether the room could be entered, or not for now. */
  const decided = Promise.withResolvers<void>();
  let posting: Promise<unknown> = Promise.resolve();
  let hearing: Promise<unknown> = Promise.resolve();
  let poll: Disposable | null = null;
  /** Whether a reply was heard of which the service could not be asked whose it is. */
  let unsure = false;
  let users = 0;
  let closed = false;
  const timers = new Set<Disposable>();

  const tell = (act: (sink: Sink) => void): void => {
    for (const sink of sinks) act(sink);
  };

  const asked = <T>(work: Promise<T | Problem>): Promise<T | Problem> =>
    work.catch((error: unknown) => problem('UPSTREAM_FAILED', `Backend ${name} could not be asked: ${String(error)}`, { backend: name }));

  /** Gives replies to the turns of the messages that they answer. */
  async function settle(replies: readonly ServiceMessage[]): Promise<void> {
    const answered = await asked(answers.of(replies));
    if (isProblem(answered)) {
      unsure = true;
      return planPoll();
    }
    for (const reply of replies) {
      const messageId = answered.get(reply.id);
      if (messageId !== undefined) turns.settle(reply, messageId);
    }
  }

  /** A message of the socket, once it is known which messages of our own came before it. */
  async function hear(message: ServiceMessage): Promise<void> {
    if (closed) return;
    if (isReply(message)) {
      const asks = turns.waiting && turns.ended(message.id) === null;
      if (asks) await settle([message]);
      // Where nobody waits, the worst that comes of taking it for the first one's is that a comparison is put off.
      const turn = turns.ended(message.id) ?? (asks ? null : turns.pass(message));
      // Whoever waits for the reply takes it in as one.
      if (turn !== null && turn.onDelta !== null) return;
      // What others send by REST is not on the socket: the history has it, in front of its reply.
      if (turn === null) tell((sink) => sink.opened());
    }
    tell((sink) => sink.message(message));
  }

  /** Looks in the history for replies that are waited for. */
  async function look(): Promise<void> {
    if (!turns.waiting) {
      unsure = false;
      return;
    }
    const messages = await asked(readHistory(client, session, turns.since));
    if (!isProblem(messages)) {
      unsure = false;
      return settle(messages.filter((each) => isReply(each) && turns.ended(each.id) === null));
    }
    if (messages.code === 'EXPIRED') turns.endAll(messages);
  }

  /** A reply will not be finished. Whose it was is known only where nobody else waits for one. */
  async function breakOff(replyId: string): Promise<void> {
    if (closed || !turns.waiting || turns.ended(replyId) !== null) return;
    const messageId = await asked(answers.alone(turns.since));
    if (messageId === null || isProblem(messageId)) return;
    const detail = `Backend ${name} says that the agent failed in the middle of its reply: send the message again.`;
    turns.fail(messageId, problem('UPSTREAM_FAILED', detail, { backend: name }));
  }

  /** One after the other, once what is being sent was taken. */
  function inOrder(work: () => Promise<void>): void {
    const sent = posting;
    hearing = hearing.then(() => sent).then(work);
  }

  const isBlind = (): boolean => state !== 'JOINED' || unsure;

  function planPoll(): void {
    if (closed || poll !== null || !isBlind()) return;
    poll = clock.at(clock.now() + pollMs, () => {
      poll = null;
      if (closed || !isBlind()) return;
      room.retry();
      tell((sink) => sink.changed());
      void look().then(planPoll);
    });
  }

  const ears: Ears = {
    joined() {
      state = 'JOINED';
      poll?.[Symbol.dispose]();
      poll = null;
      decided.resolve();
      tell((sink) => sink.opened());
      void look();
    },
    lost(cause) {
      state = 'LOST';
      decided.resolve();
      tell((sink) => sink.failed(cause));
      planPoll();
    },
    said(broadcast) {
      const message = heardOf(broadcast, session);
      inOrder(() => hear(message));
    },
    streamed({ messageId: id, chunk: text }) {
      // Each piece once: those who follow the session are told by their sink. By its id it belongs to the reply, to no message.
      if (sinks.size > 0) tell((sink) => sink.delta({ id, text }));
      else turns.listener(id)?.onDelta?.({ id, text });
    },
    broken: (id) => inOrder(() => breakOff(id)),
    changed: () => tell((sink) => sink.changed()),
  };
  const room: Room = rooms.enter(channelId, ears);

  function use(): Disposable {
    users += 1;
    let left = false;
    return {
      [Symbol.dispose]() {
        if (left) return;
        left = true;
        users -= 1;
        if (users === 0) close();
      },
    };
  }

  function close(): void {
    if (closed) return;
    closed = true;
    decided.resolve();
    room[Symbol.dispose]();
    poll?.[Symbol.dispose]();
    for (const timer of timers) timer[Symbol.dispose]();
    turns.endAll(problem('UPSTREAM_UNAVAILABLE', `Backend ${name} is being shut down here: try again in a moment.`, { backend: name }));
    onIdle();
  }

  function later(ms: number, act: () => void): Disposable {
    const timer = clock.at(clock.now() + ms, () => {
      timers.delete(timer);
      act();
    });
    timers.add(timer);
    return timer;
  }

  /** Sends it, and takes its turn before anything else is sent. */
  async function take(body: SendBody, onDelta: Outgoing['onDelta'] | null, signal: AbortSignal | undefined): Promise<Posted | Problem> {
    signal?.throwIfAborted();
    const turn = turns.begin(onDelta);
    const late = problem(
      'UPSTREAM_TIMEOUT',
      `Backend ${name} did not bring the agent's reply within ${replyMs / 1_000} s: it may still come.`,
      {
        backend: name,
      },
    );
    let sent: WireSent | Problem = late;
    try {
      sent = await client.send(session.handle, body, signal);
    } finally {
      if (isProblem(sent)) turn.end(sent);
    }
    if (isProblem(sent)) return sent;
    turn.taken = sent.userMessage;
    const timer = later(replyMs, () => {
      // Not heard of is not the same as not there.
      void (onDelta === null ? Promise.resolve() : look()).then(() => turn.end(late));
    });
    void turn.reply.finally(() => {
      timers.delete(timer);
      timer[Symbol.dispose]();
    });
    if (onDelta !== null && state !== 'JOINED') planPoll();
    return { sent, reply: onDelta === null ? null : turn.reply };
  }

  return {
    watch(sink) {
      sinks.add(sink);
      const held = use();
      if (state === 'JOINED') sink.opened();
      return {
        [Symbol.dispose]() {
          sinks.delete(sink);
          held[Symbol.dispose]();
        },
      };
    },
    async post(body, onDelta, signal) {
      const held = use();
      let reply: Promise<unknown> | null = null;
      try {
        // The room is entered before the message is sent: what is said before one is in it is not heard.
        if (onDelta !== null) await decided.promise;
        const work = posting.then(() => take(body, onDelta, signal));
        posting = work.catch(() => {});
        const posted = await work;
        if (!isProblem(posted)) ({ reply } = posted);
        return posted;
      } finally {
        if (reply === null) held[Symbol.dispose]();
        else void reply.then(() => held[Symbol.dispose]());
      }
    },
    close,
  };
}
