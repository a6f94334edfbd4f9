import type { MemberId } from '../../src/core/ids.ts';
import type { Session } from '../../src/core/session.ts';
import type { IdempotencyRecord } from '../../src/core/commit.ts';
import type { Store } from '../../src/core/ports.ts';
import { aChange, aMember, aMessage, aSending, created, joined, sent, start, stored } from './store-fixtures.ts';

/** Texts that a database may have no form for, or an order of its own. */
export const oddTexts: readonly string[] = [
  '',
  'a\0b',
  '\0',
  '\ud800 alone',
  'alone \udfff',
  '\uffff',
  '\uffff"a"',
  '\\u0000',
  "'; DROP TABLE sessions; --",
  'Ⅷ ﬁ ß ẞ İ ı',
  '👩‍👩‍👧‍👦 e\u0301 é \u202e',
  '\t\n\r\u2028\u007f',
  'x'.repeat(70_000),
];

const deep = (levels: number): object => (levels === 0 ? { end: oddTexts.slice(0, -1) } : { deeper: [deep(levels - 1)] });

const oddJson = {
  numbers: [0, 1e21, 1e-7, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, Number.MAX_VALUE, 5e-324, 123_456_789_012_345_680_000],
  empty: [[], {}, '', null, false],
  2: 'after 10 as text, before it as a number',
  10: 'ten',
  ['__proto__x']: { constructor: 1 },
  'a\0key': 1,
  '\ud800': 2,
  '\uffff': 3,
  deep: deep(60),
};

/** An idempotency record as odd as it can be. */
export const oddKey = (session: Session, text: string): IdempotencyRecord => ({
  scope: `scope ${text}`,
  key: text,
  inputHash: 'ab'.repeat(32),
  result: { sessionId: session.id },
  createdAt: start,
});

/** Fills a store with all that a store can hold, odd values included. Answers with a session of it. */
export async function fillOddly(store: Store): Promise<Session> {
  const plain = await created(store, {}, { events: [{ type: 'SESSION_UPDATED', changed: [] }] });
  for (const [index, text] of oddTexts.entries()) {
    const session = await created(store, {
      handle: `${index} ${text}`,
      title: text,
      description: text,
      createdBy: text,
      agentId: text,
      situation: text,
      owners: [text],
      metadata: oddJson,
      defaults: { [text]: text },
      expiresAt: start + index * 1_000,
      dueAt: start + index,
      rules: { ...plain.rules, allowlist: [text, text], passwordHash: '$argon2id$x', maxFiles: Number.MAX_SAFE_INTEGER },
      upstream: { data: { [text]: oddJson }, sealed: 'sealed', clock: index % 2 === 0, endsAt: null, clearedAt: index },
      visibility: index % 2 === 0 ? 'PUBLIC' : 'PRIVATE',
    });
    const [member] = await joined(store, session.id, [
      { name: text, address: text, principal: text, banned: true, status: 'KICKED', leftAt: start, upstream: { id: text, sealed: null } },
      { name: text },
    ]);
    await sent(store, session.id, [
      {
        content: text,
        channel: text,
        authorId: member?.id ?? null,
        metadata: oddJson,
        options: { [text]: null },
        attachments: [{ url: `https://example.com/${index}`, mediaType: text, name: text, sizeBytes: 1 }],
      },
      {},
    ]);
    await store.commit(
      aChange(session.id, {
        guard: { version: 1, exclusive: true },
        events: [{ type: 'MEMBER_KICKED', memberId: member?.id as MemberId, byId: null, reason: text }, { type: 'MESSAGES_CLEARED' }],
        clearMessages: index % 3 === 0,
        idempotency: oddKey(session, text),
      }),
    );
    await store.challenges.put({ id: `challenge-${index}`, payload: text, expiresAt: start + index });
    await store.apiKeys.insert({
      id: `key-${index}`,
      name: text,
      tier: 'PRO',
      hash: `${index}`.padStart(64, '0'),
      createdAt: start,
      revokedAt: null,
    });
  }
  await store.apiKeys.revoke('key-1', start);
  return stored(store, plain.id);
}

/** A session with so many messages, a hundred to a commit. */
export async function fillPlainly(store: Store, messages: number): Promise<Session> {
  const session = await created(store, {}, { members: [] });
  await store.commit(aChange(session.id, { members: [aMember(session.id)] }));
  for (let done = 0; done < messages; done += 100) {
    const batch = Array.from({ length: Math.min(100, messages - done) }, (_, index) =>
      aMessage(session.id, { content: `${done + index}` }),
    );
    await store.commit(aSending(session.id, batch));
  }
  return stored(store, session.id);
}
