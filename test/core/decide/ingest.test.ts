import { describe, expect, it } from 'vitest';
import { noUpstream } from '../../../src/core/decide/facts.ts';
import { type Ingestion, decideIngest, idsOfMessage, mayComeAgain, unknownIn } from '../../../src/core/decide/ingest.ts';
import { messageIdFrom, newMessageId } from '../../../src/core/ids.ts';
import { markOf } from '../../../src/core/service.ts';
import { decided, memberOf, noon, sessionOf } from '../../support/core-fixtures.ts';
import { said } from '../../support/scripted-service.ts';

const now = noon + 10_000;
const session = sessionOf({ upstream: noUpstream });
const ingest = (parts: Partial<Ingestion>, at = session, when = now): ReturnType<typeof decideIngest> =>
  decideIngest(
    { session: at, now: when },
    { messages: [], epoch: 'epoch', known: new Set(), sent: [], active: [], inReplyTo: null, ...parts },
  );
const at = (id: string, parts = {}): ReturnType<typeof said> => said(id, { createdAt: now, ...parts });
const contents = (change: ReturnType<typeof decideIngest>): readonly string[] => (change?.messages ?? []).map(({ content }) => content);

describe('messages of a service', () => {
  it('are recorded in order, each with its event, author and link', () => {
    const member = memberOf(session, { upstream: { id: 'at-Eve', sealed: null } });
    const link = newMessageId();
    const change = decided(
      ingest({
        messages: [at('a', { author: { id: 'at-Eve', name: 'Eve' } }), at('b')],
        active: [memberOf(session), member],
        inReplyTo: link,
      }),
    );
    expect(change.messages).toMatchObject([
      { id: messageIdFrom(session.id, 'a'), authorId: member.id, inReplyTo: link, options: {}, channel: null },
      { id: messageIdFrom(session.id, 'b'), authorId: null },
    ]);
    expect(change.events).toEqual(change.messages.map(({ id }) => ({ type: 'MESSAGE_ADDED', messageId: id })));
    expect(change.guard.exclusive).toBe(true);
  });

  it('are counted with their files, as those that are sent from here', () => {
    const file = (sizeBytes: number | null) => ({ url: 'https://example.org/f', mediaType: null, name: null, sizeBytes });
    const change = decided(
      ingest({ messages: [at('a', { attachments: [file(5), file(null)] }), at('b'), at('c', { attachments: [file(2)] })] }),
    );
    expect(change.add).toEqual({ files: 3, fileBytes: 7 });
    // A size that no file has would spoil the sum.
    const huge = decided(ingest({ messages: [at('a', { attachments: [file(2 ** 53 - 1), file(1)] })] }));
    expect(huge.add).toEqual({ files: 2, fileBytes: 1 });
    expect(huge.messages[0]?.attachments).toEqual([file(null), file(1)]);
  });

  it('are none where they are known, twice there, cleared, or the session is over', () => {
    expect(ingest({ messages: [at('a')], known: new Set([messageIdFrom(session.id, 'a')]) })).toBeNull();
    expect(contents(ingest({ messages: [at('a'), at('a')] }))).toEqual(['text of a']);
    const cleared = { ...session, upstream: { ...noUpstream, clearedAt: now } };
    expect(contents(ingest({ messages: [at('a'), at('b', { createdAt: now + 1 })] }, cleared))).toEqual(['text of b']);
    expect(ingest({ messages: [at('a')] }, { ...session, status: 'EXPIRED' })).toBeNull();
    expect(ingest({})).toBeNull();
  });

  it('are our own by their mark: on the way at first, later those of a sender that died', () => {
    const id = newMessageId();
    const marked = at('a', { mark: markOf('epoch', id) });
    expect(ingest({ messages: [marked] })).toBeNull();
    expect(ingest({ messages: [marked] }, session, now + 60_001)?.messages).toMatchObject([{ id }]);
    expect(ingest({ messages: [at('a', { mark: markOf('another', id) })] })?.messages).toMatchObject([
      { id: messageIdFrom(session.id, 'a') },
    ]);
    // Under whichever of its ids it is there.
    for (const known of idsOfMessage(session, 'epoch', marked))
      expect(ingest({ messages: [marked], known: new Set([known]) }, session, now + 60_001)).toBeNull();
    expect(unknownIn(session, { messages: [marked], epoch: 'epoch', known: new Set([messageIdFrom(session.id, 'a')]) })).toEqual([]);
  });

  it('are our own by what they say, as often as it was sent', () => {
    const sent = [
      { role: 'USER', content: 'text of a' },
      { role: 'USER', content: 'text of a' },
      { role: 'ASSISTANT', content: 'text of b' },
    ] as const;
    const messages = [at('a'), at('a2', { content: 'text of a' }), at('a3', { content: 'text of a' }), at('b')];
    expect(ingest({ messages, sent })?.messages.map(({ id }) => id)).toEqual([
      messageIdFrom(session.id, 'a3'),
      messageIdFrom(session.id, 'b'),
    ]);
  });

  it('are compared with what was sent, and answers that came with a call, but not with what they were recognised by', () => {
    const own = newMessageId();
    const heard = messageIdFrom(session.id, 'a');
    expect(mayComeAgain({ id: own, inReplyTo: null }, new Set())).toBe(true);
    expect(mayComeAgain({ id: heard, inReplyTo: null }, new Set())).toBe(false);
    expect(mayComeAgain({ id: heard, inReplyTo: own }, new Set())).toBe(true);
    expect(mayComeAgain({ id: heard, inReplyTo: own }, new Set([heard]))).toBe(false);
  });

  it('are activity of when they were said', () => {
    const timed = sessionOf({ upstream: noUpstream }, { rules: { timeout: { timeoutSeconds: 60 } } });
    expect(ingest({ messages: [at('a', { createdAt: noon - 5 })] }, timed)?.touch).toBeNull();
    expect(ingest({ messages: [at('a', { createdAt: noon + 5 })] }, timed)?.touch).toMatchObject({ at: noon + 5, renewed: true });
    // A clock that goes ahead gives no life beyond that of now.
    expect(ingest({ messages: [at('a', { createdAt: now + 999_000 })] }, timed)?.touch?.at).toBe(now);
  });
});
