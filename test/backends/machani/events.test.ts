import { describe, expect, test } from 'vitest';
import { hear } from '../../../src/backends/machani/events.ts';
import { channelOf, cleaned } from '../../../src/backends/machani/message.ts';
import { chunkOf } from '../../../src/backends/machani/wire.ts';
import type { ServiceMessage } from '../../../src/core/service.ts';

const at = Date.UTC(2026, 0, 16, 10, 0, 30);

function said(message: unknown, more: Readonly<Record<string, unknown>> = {}, heardAt = at): ServiceMessage {
  const heard = hear({ event: 'message', message, ...more }, heardAt);
  if (heard.kind !== 'message') throw new Error(`Expected a message, got ${heard.kind}.`);
  return heard.message;
}

describe('an event', () => {
  test.each([
    ['message', 'message'],
    ['MESSAGE_PUBLISHED', 'message'],
    ['EVENT_TYPE_MESSAGE', 'message'],
    ['conversation.session.message', 'message'],
    [undefined, 'message'],
    ['', 'message'],
    ['user_joined', 'joined'],
    ['JoinSession', 'joined'],
    ['participant.left', 'left'],
    ['memberKicked', 'left'],
    ['session_ended', 'ended'],
    ['SESSION_DELETED', 'ended'],
    ['closed', 'changed'],
    ['session_user_deleted', 'changed'],
    ['message_deleted', 'changed'],
    ['session', 'changed'],
    ['constructor', 'changed'],
    [4, 'changed'],
    ['keep-alive', 'nothing'],
  ])('called %o is: %s', (event, kind) => {
    expect(hear({ event, message: { name: 'eve', content: 'x' } }, at).kind).toBe(kind);
  });

  test.each([
    [{ name: 'eve' }, 'eve'],
    [{ user: { name: 'eve', id: 3 } }, 'eve'],
    [{ userName: 'eve' }, 'eve'],
    ['eve', 'eve'],
  ])('of joining names who it is: %o', (message, id) => {
    expect(hear({ event: 'user_joined', message }, at)).toMatchObject({
      kind: 'joined',
      member: { id, name: 'eve', address: null, role: 'MEMBER' },
    });
    expect(hear({ event: 'user_left', message }, at)).toEqual({ kind: 'left', id });
  });

  test('that lacks what it should have is looked into', () => {
    expect(hear({ event: 'user_joined', message: {} }, at).kind).toBe('changed');
    expect(hear({ event: 'message' }, at).kind).toBe('changed');
  });

  test('nested deeper than a stack is cut', () => {
    const depth = 100_000;
    const deep: unknown = JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
    expect(said(deep).content).toContain('null');
  });
});

describe('a message', () => {
  test.each([
    [{ content: 'x' }, 'x'],
    [{ text: 'x' }, 'x'],
    [{ body: 'x' }, 'x'],
    [{ b: [2], a: 1 }, '{"a":1,"b":[2]}'],
    [{ name: 'eve', message: { text: 'x' } }, 'x'],
  ])('says: %o', (message, content) => {
    expect(said(message).content).toBe(content);
  });

  test('names its author within, beside, or not at all', () => {
    expect(said({ sender: { displayName: 'eve' }, text: 'x' }).author).toEqual({ id: 'eve', name: 'eve' });
    expect(said({ text: 'x' }, { name: 'eve' }).author).toEqual({ id: 'eve', name: 'eve' });
    expect(said({ name: 'eve', message: { text: 'x' } }).author).toEqual({ id: 'eve', name: 'eve' });
    expect(said({ name: 'Bob#abcd1234', text: 'x' }).author).toEqual({ id: 'Bob#abcd1234', name: 'Bob' });
    expect(said({ text: 'x' }).author).toEqual({ id: null, name: null });
  });

  test('has the id that it brings', () => {
    expect(said({ id: 'm1', text: 'x' }).id).toBe('m1');
    expect(said({ messageId: 7, text: 'x' }).id).toBe('7');
    expect(said({ text: 'x' }, { id: 'e1' }).id).toBe('e1');
    expect(said({ id: 'of the service', mark: 'parley:e:m', text: 'x' })).toMatchObject({ id: 'of the service', mark: 'parley:e:m' });
  });

  test('without an id has the same one for all who hear it, and another one when it is said again', () => {
    const one = said({ name: 'eve', text: 'yes' });
    expect(one.id).toMatch(/^content:[\w-]{43}$/);
    expect(said({ text: 'yes', name: 'eve' }, {}, at + 20_000).id).toBe(one.id);
    expect(said({ name: 'eve', text: 'yes' }, {}, at + 60_000).id).not.toBe(one.id);
    expect(said({ name: 'dan', text: 'yes' }).id).not.toBe(one.id);
    const timed = { name: 'eve', text: 'yes', createdAt: '2026-01-16T10:00:00Z' };
    expect(said(timed, {}, at + 3_600_000).id).toBe(said(timed).id);
  });

  test.each([
    ['2026-01-16T10:00:00Z', Date.UTC(2026, 0, 16, 10)],
    ['2026-01-16T10:00:00.5Z', Date.UTC(2026, 0, 16, 10, 0, 0, 500)],
    ['2026-01-16T10:00:00.123456789Z', Date.UTC(2026, 0, 16, 10, 0, 0, 123)],
    [1_768_557_600, 1_768_557_600_000],
    [1_768_557_600_123, 1_768_557_600_123],
    ['soon', at],
    [-1, at],
    [1e300, at],
  ])('was said at %o', (createdAt, instant) => {
    expect(said({ text: 'x', createdAt }).createdAt).toBe(instant);
  });

  test('keeps roles that there are, and attachments that can be followed without harm', () => {
    expect(said({ role: 'assistant', text: 'x' }).role).toBe('ASSISTANT');
    expect(said({ role: 'pilot', text: 'x' }).role).toBe('USER');
    const attachments = [{ url: 'javascript:alert(1)' }, { url: 'https://a.example/b', sizeBytes: -1 }, 7, { url: 'https://' }];
    expect(said({ text: 'x', attachments }).attachments).toEqual([
      { url: 'https://a.example/b', mediaType: null, name: null, sizeBytes: null },
    ]);
  });
});

test('channels are numbers where they are', () => {
  expect(['1', '0', '42', '01', '-1', '1.5', '1e3', 'side', '9999999999'].map(channelOf)).toEqual([
    1,
    0,
    42,
    '01',
    '-1',
    '1.5',
    '1e3',
    'side',
    '9999999999',
  ]);
});

test('secrets are left out wherever they are', () => {
  expect(cleaned({ secretKey: 1, a: [{ SecretKey: 1, b: { secret_key: 1, c: null } }] })).toEqual({ a: [{ b: { c: null } }] });
});

test('a line is an event, in `result` or not, or a failure', () => {
  expect(chunkOf({ result: { event: 'x' } })).toEqual({ kind: 'event', event: { event: 'x' } });
  expect(chunkOf({ event: 'x', message: {} })).toEqual({ kind: 'event', event: { event: 'x', message: {} } });
  expect(chunkOf({ error: { code: 5, message: 'gone' } })).toMatchObject({ kind: 'error', status: { code: 5, message: 'gone' } });
  expect(chunkOf({ error: { grpc_code: 5 } })).toMatchObject({ kind: 'error', status: { grpc_code: 5 } });
  expect([chunkOf(null), chunkOf(3), chunkOf([])]).toEqual([null, null, null]);
});
