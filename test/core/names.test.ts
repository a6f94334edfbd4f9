import { describe, expect, test } from 'vitest';
import { decodeEventCursor, encodeEventCursor } from '../../src/core/cursor.ts';
import { idOf, idPrefixes, kindOfId, nameInId, newMemberId, newMessageId, newSessionId } from '../../src/core/ids.ts';

describe('ids', () => {
  test('say what they are of', () => {
    expect(kindOfId(newSessionId())).toBe('Session');
    expect(kindOfId(newMemberId())).toBe('Member');
    expect(kindOfId(newMessageId())).toBe('Message');
    for (const kind of ['Backend', 'Agent', 'Suggestion'] as const) expect(kindOfId(idOf(kind, 'local'))).toBe(kind);
    expect(new Set(Object.values(idPrefixes)).size).toBe(Object.keys(idPrefixes).length);
  });

  test('sort in the order in which they were made, and no two are alike', () => {
    const made = Array.from({ length: 1_000 }, newMessageId);
    expect(made.toSorted()).toEqual(made);
    expect(new Set(made).size).toBe(1_000);
  });

  test.each(['local', 'a-b-1', 'ä💥', 'x'.repeat(100)])('carry the name %s there and back', (name) => {
    expect(nameInId(idOf('Backend', name))).toBe(name);
  });

  test.each([
    '',
    'ses',
    'ses_',
    '_abc',
    'xxx_abc',
    'ses_a b',
    'ses_a\n',
    '\nses_a',
    'ses_ä',
    'SES_abc',
    `ses_${'x'.repeat(201)}`,
    'ses_a\0',
  ])('%j is none', (id) => {
    expect(kindOfId(id)).toBeNull();
  });
});

describe('cursors', () => {
  const sessionId = newSessionId();

  test.each([0, 1, 35, 36, 1_000_000, Number.MAX_SAFE_INTEGER])('carry the place %d there and back', (seq) => {
    const cursor = encodeEventCursor({ epoch: 'abcd0123', sessionId, seq });
    expect(cursor).toMatch(/^[\w-]+$/);
    expect(decodeEventCursor(cursor)).toEqual({ epoch: 'abcd0123', sessionId, seq });
  });

  const wrap = (text: string) => Buffer.from(text).toString('base64url');
  const good = encodeEventCursor({ epoch: 'abcd0123', sessionId, seq: 7 });
  test.each([
    ['nothing', ''],
    ['garbage', '%%%'],
    ['an id', sessionId],
    ['one with something before it', ` ${good}`],
    ['one with something behind it', `${good}=`],
    ['one of another version', wrap(`t2.abcd0123.7.${sessionId}`)],
    ['one without an epoch', wrap(`t1..7.${sessionId}`)],
    ['one of another kind', wrap(`t1.abcd0123.7.${newMemberId()}`)],
    ['a negative place', wrap(`t1.abcd0123.-7.${sessionId}`)],
    ['a place beyond what a number can hold', wrap(`t1.abcd0123.zzzzzzzzzzz.${sessionId}`)],
    ['one that is too long', wrap(`t1.abcd0123.7.ses_${'x'.repeat(500)}`)],
  ])('%s is none', (_, text) => {
    expect(decodeEventCursor(text)).toBeNull();
  });

  test('a changed character makes another place of it, or none', () => {
    for (let index = 0; index < good.length; index += 1) {
      const changed = good.slice(0, index) + (good[index] === 'x' ? 'y' : 'x') + good.slice(index + 1);
      expect(decodeEventCursor(changed)).not.toEqual(decodeEventCursor(good));
    }
  });
});
