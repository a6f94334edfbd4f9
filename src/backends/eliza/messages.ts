import { isProblem } from '../../core/problem.ts';
import type { Service, SessionAt } from '../../core/service.ts';
import { type Channel, type ChannelDeps, createChannel } from './channel.ts';
import { readHistory } from './history.ts';
import { bodyOf, factsOfSent } from './mapping.ts';
import { dataShape } from './wire.ts';

/** The service's part in messages: sending, history, and what is said meanwhile. */
export type Messages = Required<Pick<Service, 'send' | 'history' | 'watch'>> & AsyncDisposable;

export function createMessages(deps: ChannelDeps): Messages {
  const { name, client, rooms } = deps;
  const channels = new Map<string, Channel>();

  /** Answers of the service put it into the record; another's record has none, and no channel by its own id. */
  const channelIdOf = ({ session }: SessionAt): string => dataShape.safeParse(session.upstream?.data).data?.channelId ?? session.handle;

  function channelOf(at: SessionAt): Channel {
    const id = channelIdOf(at);
    const known = channels.get(id);
    if (known !== undefined) return known;
    const made = createChannel(deps, at.session, id, () => channels.delete(id));
    channels.set(id, made);
    return made;
  }

  return {
    async send(at, message, signal) {
      const body = bodyOf(name, message);
      if (isProblem(body)) return body;
      if (message.awaitReply) {
        const posted = await channelOf(at).post(body, message.onDelta, signal);
        return isProblem(posted) ? posted : { id: posted.sent.userMessage.id, facts: factsOfSent(posted.sent), reply: posted.reply };
      }
      // Where others wait for replies in the channel, this one's must not be taken for theirs.
      const open = channels.get(channelIdOf(at));
      const posted = open === undefined ? await client.send(at.session.handle, body, signal) : await open.post(body, null, signal);
      if (isProblem(posted)) return posted;
      const sent = 'sent' in posted ? posted.sent : posted;
      return { id: sent.userMessage.id, facts: factsOfSent(sent), reply: null };
    },
    history: (at, after, signal) => readHistory(client, at.session, after, signal),
    watch(at, sink) {
      const watched = channelOf(at).watch(sink);
      return { [Symbol.asyncDispose]: async () => watched[Symbol.dispose]() };
    },
    async [Symbol.asyncDispose]() {
      for (const channel of channels.values()) channel.close();
      await rooms[Symbol.asyncDispose]();
    },
  };
}
