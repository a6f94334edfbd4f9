import { expect } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import type { Attachment } from '../../src/core/message.ts';
import type { NewMessage } from '../../src/core/commit.ts';
import type { JsonObject } from '../../src/core/session.ts';
import { aChange, aCreation, aSession, created, joined, sent, start, stored } from '../support/store-fixtures.ts';
import type { Checks } from './store-suite.ts';

/** Texts that storage is apt to change. */
const texts: Readonly<Record<string, string>> = {
  empty: '',
  blank: ' \t\r\n ',
  emoji: '\u{1f469}\u200d\u{1f4bb} \u{1f1ea}\u{1f1fa}',
  'right to left': '\u202e\u05e9\u05dc\u05d5\u05dd \u0627\u0644\u0633\u0644\u0627\u0645',
  combining: 'Zoe\u0308 Zo\u00eb \u1100\u1161',
  NUL: 'a\u0000b',
  'lone surrogates': '\ud800x\udc00',
  'lone surrogate beside its replacement': '\ufffd\ud800',
  noncharacters: '\uffff"\ufffe\ufeff',
  quotes: `'"\\\`--;/*%_`,
  'number-like': '0012e3',
  'null-like': 'null',
};

export const valueChecks: Checks = (check) => {
  check('keeps texts as they are, wherever they stand', async (store) => {
    for (const [name, text] of Object.entries(texts)) {
      const session = aSession({
        handle: `${name} ${text}`,
        title: text,
        description: text,
        createdBy: text,
        agentId: text,
        situation: text,
        owners: [text],
        defaults: { [text]: text },
        metadata: { [text]: { [text]: [text] } },
      });
      await store.commit(aCreation(session));
      const [member] = await joined(store, session.id, [{ name: text, address: text, principal: text, banned: true, status: 'KICKED' }]);
      const [message] = await sent(store, session.id, [{ content: text, channel: text, metadata: { [text]: text } }]);
      if (member === undefined || message === undefined) throw new Error('A member and a message were expected');
      const event: EventBody = { type: 'SESSION_ENDED', byId: null, reason: text };
      await store.commit(aChange(session.id, { events: [event] }));
      const [page] = await store.messages.list([{ sessionId: session.id, channel: text, page: { limit: 2 } }]);
      const { events } = await store.timeline.read(session.id, 1, 1);
      expect({
        name,
        sessions: await store.sessions.byHandles([{ backend: 'local', handle: session.handle }]),
        members: await store.members.byIds([member.id]),
        banned: await store.members.banned(session.id, { principal: null, address: null, name: text }),
        messages: await store.messages.byIds([message.id]),
        ofChannel: page?.items,
        event: events[0]?.body,
      }).toEqual({
        name,
        sessions: [{ ...session, seq: 2 }],
        members: [member],
        banned: [member],
        messages: [message],
        ofChannel: [message],
        event,
      });
    }
  });

  check('keeps different texts different', async (store) => {
    const handles = ['\ud800', '\udfff', '\ufffd', '\uffff', '\uffff"\\ud800"', 'e\u0301', '\u00e9', 'E\u0301', '\u0000', ''];
    for (const handle of handles) await created(store, { handle, title: handle });
    const found = await store.sessions.byHandles(handles.map((handle) => ({ backend: 'local', handle })));
    expect(found.map((session) => session?.title)).toEqual(handles);
    const { id } = await created(store);
    for (const text of handles) {
      const idempotency = { scope: text, key: text, inputHash: 'h', result: { sessionId: id }, createdAt: start };
      expect(await store.commit(aChange(id, { idempotency }))).toMatchObject({ kind: 'committed' });
      expect(await store.sessions.idempotency(text, text)).toEqual(idempotency);
    }
  });

  check('keeps texts of 64 KiB', async (store) => {
    const content = '\u{1f98a}\u00e9x\u05d0'.repeat(6_500);
    const { id } = await created(store, { metadata: { content } });
    const [message] = await sent(store, id, [{ content }]);
    expect(await store.messages.byIds(message === undefined ? [] : [message.id])).toEqual([message]);
    expect((await stored(store, id)).metadata).toEqual({ content });
  });

  check('keeps JSON objects, odd keys and numbers among them', async (store) => {
    const odd = JSON.parse(
      '{"__proto__":{"polluted":true},"constructor":1,"":0,"toString":null,"n":[9007199254740991,-9007199254740991,1e308,5e-324,0.1,-1.5],"deep":[[[[{}]]]]}',
    ) as JsonObject;
    const { id } = await created(store, { metadata: odd, defaults: odd });
    const session = await stored(store, id);
    for (const object of [session.metadata, session.defaults]) {
      expect(JSON.stringify(object)).toBe(JSON.stringify(odd));
      expect(Object.hasOwn(object, '__proto__')).toBe(true);
      expect((object as { polluted?: unknown }).polluted).toBeUndefined();
    }
    const attachment: Attachment = { url: 'https://x', mediaType: null, name: null, sizeBytes: Number.MAX_SAFE_INTEGER };
    const parts: Partial<NewMessage> = { metadata: odd, options: odd, attachments: [attachment, { ...attachment, name: 'n' }] };
    const [message] = await sent(store, id, [parts]);
    expect(JSON.stringify(await store.messages.byIds(message === undefined ? [] : [message.id]))).toBe(JSON.stringify([message]));
  });

  check('keeps big counters and instants', async (store) => {
    const last = 8_640_000_000_000_000;
    const { id } = await created(store, { createdAt: last, expiresAt: last, dueAt: last, fileBytes: Number.MAX_SAFE_INTEGER - 1 });
    await store.commit(aChange(id, { add: { files: 2_147_483_648, fileBytes: 1 } }));
    expect(await stored(store, id)).toMatchObject({ expiresAt: last, files: 2_147_483_648, fileBytes: Number.MAX_SAFE_INTEGER });
    expect(await store.sessions.due(last, 5)).toEqual([{ id, dueAt: last }]);
  });

  check('keeps what it was given, whatever becomes of the objects', async (store) => {
    const metadata: Record<string, unknown> = { list: [1] };
    const session = aSession({ metadata });
    const creation = store.commit(aCreation(session));
    metadata['list'] = 'changed';
    await creation;
    const first = await stored(store, session.id);
    expect(first.metadata).toEqual({ list: [1] });
    const attempt = (): void => {
      (first.metadata['list'] as number[]).push(2);
    };
    try {
      attempt();
    } catch (error) {
      // A store may answer with frozen objects.
      expect(error).toBeInstanceOf(TypeError);
    }
    expect((await stored(store, session.id)).metadata).toEqual({ list: [1] });
  });
};
