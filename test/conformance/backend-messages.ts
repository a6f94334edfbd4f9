import { expect, test } from 'vitest';
import type { Feature } from '../../src/core/backend.ts';
import { mutate, post, query } from '../support/graphql-client.ts';
import { allEvents, follow, ofType } from '../support/live-client.ts';
import type { BackendSubject } from './backend-subject.ts';
import { type BackendWorld, change, delivery, name, when } from './backend-world.ts';

/** What is said in a session. */
export function messagesTests(subject: BackendSubject, world: BackendWorld): void {
  const { create, join, sessionOf, handleOf, followed } = world;
  const has = (feature: Feature): boolean => subject.features[feature] !== 'UNAVAILABLE';

  test('carries messages to those who follow, and keeps them', async () => {
    const host = await create();
    const guest = await join(host.sessionId);
    const stream = await followed(host);
    const sent = await mutate(world.url, 'sendMessage', { content: 'Good morning 👋' }, delivery, guest.credentials);
    expect(sent).toMatchObject({ message: { content: 'Good morning 👋', author: { name: 'Grace' } } });
    const added = await stream.until((event) => event.__typename === 'MessageAdded' && event.message.id === sent.message.id);
    expect(added.message).toMatchObject({ content: 'Good morning 👋', author: { name: 'Grace' } });
    const history = await sessionOf(host, 'messages { nodes { id content } }');
    expect(history.messages.nodes.filter(({ content }: any) => content === 'Good morning 👋')).toEqual([
      { id: sent.message.id, content: 'Good morning 👋' },
    ]);
    await stream.stop();
  });

  test('resumes from a cursor: nothing lost, nothing twice', async () => {
    const host = await create();
    const first = follow(world.url, allEvents, { types: ['MESSAGE_ADDED'] }, host.credentials);
    await first.until(ofType('StreamOpened'));
    await mutate(world.url, 'sendMessage', { content: 'one' }, delivery, host.credentials);
    const seen = await first.until((event) => event.message?.content === 'one');
    await first.stop();
    await mutate(world.url, 'sendMessage', { content: 'two' }, delivery, host.credentials);
    await mutate(world.url, 'sendMessage', { content: 'three' }, delivery, host.credentials);
    const again = follow(world.url, allEvents, { after: seen.cursor, types: ['MESSAGE_ADDED'] }, host.credentials);
    await again.until((event) => event.message?.content === 'three');
    const texts = again.events.flatMap(({ message }) => (message?.author === null || message === undefined ? [] : [message.content]));
    expect(texts).toEqual(['two', 'three']);
    expect(again.events[0]).toMatchObject({ __typename: 'StreamOpened', recovered: true });
    await again.stop();
  });

  test('clears its messages, and they stay away', async () => {
    const host = await create();
    await mutate(world.url, 'sendMessage', { content: 'forget me' }, delivery, host.credentials);
    expect((await mutate(world.url, 'clearMessages', {}, change, host.credentials)).__typename).toBe('SessionChange');
    expect((await sessionOf(host, 'messages { nodes { content } }')).messages.nodes).toEqual([]);
    const later = await mutate(world.url, 'sendMessage', { content: 'remember me' }, delivery, host.credentials);
    const { messages } = await sessionOf(host, 'messages { nodes { id content author { name } } }');
    expect(messages.nodes.filter(({ author }: any) => author !== null)).toEqual([
      { id: later.message.id, content: 'remember me', author: { name: 'Ada' } },
    ]);
  });

  when(has('AGENT_REPLY'), 'waits for the reply of its agent', async () => {
    const host = await create();
    const stream = await followed(host);
    world.service.at?.reply?.(['Tea', ' is', ' ready.']);
    const sent = await mutate(world.url, 'sendMessage', { content: 'Is it?', awaitReply: true }, delivery, host.credentials);
    expect(sent).toMatchObject({ reply: { role: 'ASSISTANT', content: 'Tea is ready.' } });
    const replies = (await sessionOf(host, 'messages { nodes { id role content } }')).messages.nodes;
    expect(replies.filter(({ role }: any) => role === 'ASSISTANT')).toEqual([
      { id: sent.reply.id, role: 'ASSISTANT', content: 'Tea is ready.' },
    ]);
    await stream.until((event) => event.message?.id === sent.reply.id);
    await stream.stop();
  });

  when(has('REPLY_STREAM'), 'gives the reply in pieces, which name the message that they become', async () => {
    const host = await create();
    const source = `subscription { sessionEvents(types: [REPLY_DELTA, MESSAGE_ADDED]) {
      __typename ... on ReplyDelta { messageId text } ... on MessageAdded { message { id role } } } }`;
    const stream = follow(world.url, source, {}, host.credentials);
    await stream.until(ofType('StreamOpened'));
    world.service.at?.reply?.(['Two', ' pieces']);
    const { reply } = await mutate(world.url, 'sendMessage', { content: 'More?', awaitReply: true }, delivery, host.credentials);
    await stream.until((event) => event.message?.id === reply.id);
    const deltas = stream.events.filter(ofType('ReplyDelta'));
    expect(deltas.map(({ text }) => text)).toEqual(['Two', ' pieces']);
    expect(new Set(deltas.map(({ messageId }) => messageId))).toEqual(new Set([reply.id]));
    await stream.stop();
  });

  when(!has('AGENT_REPLY'), 'says that there is no agent to wait for', async () => {
    const host = await create();
    const refused = await mutate(world.url, 'sendMessage', { content: 'Anybody?', awaitReply: true }, delivery, host.credentials);
    expect(refused).toMatchObject({ __typename: 'Problem', code: 'UNSUPPORTED', path: ['awaitReply'] });
  });

  const suggestions = 'query ($id: ID!) { session(id: $id) { suggestions(first: 5) { nodes { id target content } totalCount } } }';

  when(has('SUGGESTIONS'), 'shows what could be said next', async () => {
    const host = await create();
    const handle = await handleOf(host);
    for (const content of ['Ask for tea', 'Ask for more tea']) await world.service.at?.suggest?.(handle, content);
    const { session } = await query(world.url, suggestions, { id: host.sessionId }, host.credentials);
    expect(session.suggestions.nodes.map(({ content }: any) => content).sort()).toEqual(['Ask for more tea', 'Ask for tea']);
    expect(session.suggestions.totalCount).toBe(2);
  });

  when(!has('SUGGESTIONS'), 'says that it has no suggestions', async () => {
    const host = await create();
    const { errors } = await post(world.url, suggestions, { id: host.sessionId }, host.credentials);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'UNSUPPORTED', backend: name });
  });

  test('merges its defaults into requests, and the request wins', async () => {
    const defaults = subject.defaults ?? { temperature: 0.5, tone: 'dry' };
    const host = await create({ defaults });
    expect((await sessionOf(host, 'defaults')).defaults).toEqual(defaults);
    const sent = '... on MessageDelivery { message { options } }';
    const [key = ''] = Object.keys(defaults);
    const { message } = await mutate(world.url, 'sendMessage', { content: 'x', options: { extra: true } }, sent, host.credentials);
    expect(message.options).toEqual({ ...defaults, extra: true });
    expect(message.options[key]).toEqual(defaults[key]);
  });

  when(subject.others.say, 'brings what others say at the service onto the timeline, once', async () => {
    const say = world.atService('say');
    const host = await create();
    const handle = await handleOf(host);
    await say(handle, 'before anybody looked');
    const stream = follow(world.url, allEvents, { after: host.cursor }, host.credentials);
    await stream.until(ofType('StreamOpened'));
    if (subject.features.HISTORY === 'UPSTREAM') await stream.until((event) => event.message?.content === 'before anybody looked');
    await world.service.at?.followed?.(handle);
    await say(handle, 'while somebody looks');
    await stream.until((event) => event.message?.content === 'while somebody looks');
    const { messages } = await sessionOf(host, 'messages { nodes { content } }');
    const texts = messages.nodes.map(({ content }: any) => content);
    expect(texts.filter((text: string) => text === 'while somebody looks')).toHaveLength(1);
    await stream.stop();
  });
}
