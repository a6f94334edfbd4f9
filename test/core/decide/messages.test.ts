import { describe, expect, test } from 'vitest';
import { checkSend, decideClear, decideSend } from '../../../src/core/decide/messages.ts';
import { newMessageId } from '../../../src/core/ids.ts';
import { attachmentsPerMessage, textLimits } from '../../../src/core/limits.ts';
import type { MemberRole } from '../../../src/core/member.ts';
import type { Message, MessageRole } from '../../../src/core/message.ts';
import { noRules } from '../../../src/core/rules.ts';
import type { Rules, Session, TimeoutPolicy } from '../../../src/core/session.ts';
import type { SendInput } from '../../../src/core/use-cases.ts';
import { type Fault, awkward, nested, sized, unstorable } from '../../support/core-bounds.ts';
import {
  type Asker,
  askerIn,
  codeOf,
  decided,
  expectProblem,
  limits,
  memberOf,
  messageOf,
  noon,
  sessionOf,
  stateOf,
} from '../../support/core-fixtures.ts';

const over = [
  ['EXPIRED', { expiresAt: noon + 1_000 }],
  ['EXPIRED', { status: 'EXPIRED', expiresAt: noon }],
  ['ENDED', { status: 'ENDED' }],
] as const;

const sessionWith = (rules: Partial<Rules>, parts: Partial<Session> = {}): Session =>
  sessionOf({ rules: { ...noRules, ...rules }, ...parts });

const sliding: TimeoutPolicy = { timeoutSeconds: 60, autoRenew: true, maxDurationSeconds: null, warningSeconds: 10 };

function send(session: Session, input: Partial<SendInput> = {}, options: { asker?: Asker; inReplyTo?: Message | null; now?: number } = {}) {
  const { asker = 'member', inReplyTo = null, now } = options;
  const message = { content: 'hello', ...input };
  return checkSend(message, limits) ?? decideSend(stateOf(session, asker, now), message, { messageId: newMessageId(), inReplyTo });
}

describe('send', () => {
  test("a member's message is one event, and waits for no other", () => {
    const session = sessionOf();
    const state = stateOf(session, 'member');
    const messageId = newMessageId();
    const change = decided(decideSend(state, { content: ' hello ' }, { messageId, inReplyTo: null }));
    expect(change).toMatchObject({
      kind: 'change',
      sessionId: session.id,
      guard: { version: session.version, exclusive: false },
      set: {},
      touch: { at: state.now, expiry: null, renewed: false },
      add: { files: 0, fileBytes: 0 },
      members: [],
      clearMessages: false,
      events: [{ type: 'MESSAGE_ADDED', messageId }],
      at: state.now,
    });
    expect(change.messages).toEqual([
      {
        id: messageId,
        sessionId: session.id,
        authorId: askerIn(state).id,
        role: 'USER',
        content: ' hello ',
        channel: null,
        attachments: [],
        metadata: {},
        options: {},
        inReplyTo: null,
        createdAt: state.now,
      },
    ]);
  });

  test('what is said of a message is kept', () => {
    const session = sessionOf();
    const inReplyTo = messageOf(session);
    const input = {
      channel: 'random',
      metadata: { mood: 'good' },
      options: { model: 'large' },
      inReplyTo: inReplyTo.id,
      attachments: [
        { url: 'https://example.org/a.png', mediaType: 'image/png', name: 'a.png', sizeBytes: 5 },
        { url: 'ipfs://bafy', mediaType: null },
      ],
    };
    const change = decided(send(session, input, { inReplyTo }));
    expect(change.messages[0]).toMatchObject({
      ...input,
      attachments: [
        { url: 'https://example.org/a.png', mediaType: 'image/png', name: 'a.png', sizeBytes: 5 },
        { url: 'ipfs://bafy', mediaType: null, name: null, sizeBytes: null },
      ],
    });
    expect(change.add).toEqual({ files: 2, fileBytes: 5 });
  });

  test("the session's defaults go into the options, and the request wins", () => {
    const session = sessionOf({ defaults: { model: 'small', limits: { tokens: 5, time: 1 }, language: 'en' } });
    const change = decided(send(session, { options: { model: 'large', limits: { tokens: 9 }, language: null } }));
    expect(change.messages[0]?.options).toEqual({ model: 'large', limits: { tokens: 9 }, language: null });
    expect(decided(send(session)).messages[0]?.options).toEqual(session.defaults);
    expect(decided(send(session, { options: null })).messages[0]?.options).toEqual(session.defaults);
  });

  test.each(over)('nothing is sent to what is over: %s', (code, parts) => {
    expectProblem(send(sessionOf(parts)), code);
  });

  test.each(['owner', 'stranger'] as const)('a %s who is no member sends nothing', (asker) => {
    expectProblem(send(sessionOf({ visibility: 'PUBLIC' }), {}, { asker }), 'NOT_A_MEMBER');
  });

  test.each<readonly [MemberRole, MessageRole, boolean]>([
    ['MEMBER', 'USER', true],
    ['MEMBER', 'ASSISTANT', false],
    ['MEMBER', 'SYSTEM', false],
    ['MEMBER', 'TOOL', false],
    ['AGENT', 'USER', true],
    ['AGENT', 'ASSISTANT', true],
    ['AGENT', 'SYSTEM', false],
    ['HOST', 'ASSISTANT', true],
    ['HOST', 'SYSTEM', true],
    ['HOST', 'TOOL', true],
  ])('a %s sends as %s: %s', (role, as, may) => {
    const session = sessionOf();
    const state = { session, standing: { member: memberOf(session, { role }), owner: false, invited: false }, now: noon };
    const decision = decideSend(state, { content: 'x', role: as }, { messageId: newMessageId(), inReplyTo: null });
    expect(codeOf(decision)).toBe(may ? 'done' : 'FORBIDDEN');
    expect(decision).toMatchObject(may ? { messages: [{ role: as }] } : { path: ['role'] });
  });

  test('an answer is to a message of the session', () => {
    const session = sessionOf();
    const elsewhere = messageOf(sessionOf());
    expectProblem(send(session, { inReplyTo: elsewhere.id }, { inReplyTo: elsewhere }), 'NOT_FOUND', ['inReplyTo']);
    expectProblem(send(session, { inReplyTo: newMessageId() }), 'NOT_FOUND', ['inReplyTo']);
  });

  describe('activity', () => {
    test.each<readonly [string, Partial<TimeoutPolicy> | null, number | null]>([
      ['starts the timeout anew', {}, 90],
      ['does not, where it is not to renew', { autoRenew: false }, null],
      ['does nothing where there is no timeout', null, null],
      ['carries the session to its maximum duration and no further', { maxDurationSeconds: 70 }, 70],
    ])('%s', (_, policy, seconds) => {
      const session = sessionOf({}, { rules: { ...(policy && { timeout: { ...sliding, ...policy } }) } });
      const { touch, guard, set } = decided(send(session, {}, { now: noon + 30_000 }));
      expect(touch).toEqual({
        at: noon + 30_000,
        renewed: seconds !== null,
        expiry: seconds === null ? null : { expiresAt: noon + seconds * 1_000, dueAt: noon + (seconds - 10) * 1_000 },
      });
      expect(guard.exclusive).toBe(false);
      expect(set).toEqual({});
    });

    test('after the warning gives the session a new one to be warned of', () => {
      const session = sessionOf({ warnedFor: noon + 60_000, dueAt: noon + 60_000 }, { rules: { timeout: sliding } });
      expect(decided(send(session, {}, { now: noon + 55_000 })).touch?.expiry).toEqual({
        expiresAt: noon + 115_000,
        dueAt: noon + 105_000,
      });
    });
  });

  describe('files', () => {
    const file = (sizeBytes?: number) => ({ url: 'https://example.org/f', ...(sizeBytes !== undefined && { sizeBytes }) });

    test('are counted one after the other: who sends some excludes whoever else does', () => {
      const change = decided(send(sessionOf(), { attachments: [file(7), file()] }));
      expect(change.guard.exclusive).toBe(true);
      expect(change.add).toEqual({ files: 2, fileBytes: 7 });
      expect(decided(send(sessionWith({ maxFiles: 0 }), { attachments: [] })).guard.exclusive).toBe(false);
    });

    test.each([
      [3, 0, 3, true],
      [3, 1, 3, false],
      [3, 3, 1, false],
      [0, 0, 1, false],
      [0, 0, 0, true],
    ])('at most %d, %d there, %d more: %s', (maxFiles, files, more, may) => {
      const decision = send(sessionWith({ maxFiles }, { files }), { attachments: Array.from({ length: more }, () => file()) });
      expect(codeOf(decision)).toBe(may ? 'done' : 'TOO_LARGE');
    });

    test.each([
      [1, 0, [400_000, 600_000], true],
      [1, 0, [400_000, 600_001], false],
      [1, 1_000_000, [1], false],
      [1, 1_000_000, [0], true],
      [0, 0, [1], false],
    ])('at most %d megabytes, %d bytes there, %j more: %s', (maxTotalMegabytes, fileBytes, sizes, may) => {
      const decision = send(sessionWith({ maxTotalMegabytes }, { fileBytes }), { attachments: sizes.map(file) });
      expect(codeOf(decision)).toBe(may ? 'done' : 'TOO_LARGE');
    });

    test('that are more than a bound allows which came later keep nobody from talking', () => {
      const session = sessionWith({ maxFiles: 1, maxTotalMegabytes: 1 }, { files: 2, fileBytes: 2_000_000 });
      decided(send(session));
      decided(send(session, { attachments: [] }));
      expectProblem(send(session, { attachments: [file(0)] }), 'TOO_LARGE', ['attachments']);
    });

    test('have a size where the megabytes are bounded', () => {
      const attachments = [file(1), file()];
      expectProblem(send(sessionWith({ maxTotalMegabytes: 1 }), { attachments }), 'BAD_INPUT', ['attachments', '1', 'sizeBytes']);
      decided(send(sessionOf(), { attachments }));
    });

    test('never add up to a number that a store cannot hold', () => {
      const most = 1e12;
      decided(send(sessionOf(), { attachments: [file(most)] }));
      expectProblem(send(sessionOf(), { attachments: [file(most), file(1)] }), 'TOO_LARGE', ['attachments']);
      expectProblem(send(sessionOf({ fileBytes: most }), { attachments: [file(1)] }), 'TOO_LARGE', ['attachments']);
      // What has no size adds none.
      decided(send(sessionOf({ fileBytes: most }), { attachments: [file()] }));
    });
  });

  describe('the bounds of each field', () => {
    const url = 'https://example.org/f';
    const faults: readonly Fault<Partial<SendInput>>[] = [
      ['no content', { content: '' }, 'BAD_INPUT', ['content']],
      ['content over its bytes', { content: 'x'.repeat(limits.contentBytes + 1) }, 'TOO_LARGE', ['content']],
      ['content over its bytes in emoji', { content: '💥'.repeat(limits.contentBytes / 4) + 'x' }, 'TOO_LARGE', ['content']],
      ...unstorable.map((content): Fault<Partial<SendInput>> => [
        `content with ${JSON.stringify(content)}`,
        { content },
        'BAD_INPUT',
        ['content'],
      ]),
      ['an empty channel', { channel: '' }, 'BAD_INPUT', ['channel']],
      ['a channel that is too long', { channel: 'x'.repeat(textLimits.channel + 1) }, 'BAD_INPUT', ['channel']],
      ['metadata over their bytes', { metadata: sized(limits.objectBytes + 1) }, 'TOO_LARGE', ['metadata']],
      ['metadata nested too deep', { metadata: nested(limits.objectDepth + 1) }, 'BAD_INPUT', ['metadata']],
      ['options over their bytes', { options: sized(limits.objectBytes + 1) }, 'TOO_LARGE', ['options']],
      ['options nested too deep', { options: nested(limits.objectDepth + 1) }, 'BAD_INPUT', ['options']],
      ['an idempotency key that is too long', { idempotencyKey: 'x'.repeat(256) }, 'BAD_INPUT', ['idempotencyKey']],
      [
        'too many attachments',
        { attachments: Array.from({ length: attachmentsPerMessage + 1 }, () => ({ url })) },
        'TOO_LARGE',
        ['attachments'],
      ],
      ...['', 'example.org/f', '/f', 'javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', `${url}/${'x'.repeat(2_048)}`].map(
        (bad): Fault<Partial<SendInput>> => [
          `a URL ${bad.slice(0, 40)}`,
          { attachments: [{ url }, { url: bad }] },
          'BAD_INPUT',
          ['attachments', '1', 'url'],
        ],
      ),
      ['an empty media type', { attachments: [{ url, mediaType: '' }] }, 'BAD_INPUT', ['attachments', '0', 'mediaType']],
      ['an empty file name', { attachments: [{ url, name: ' ' }] }, 'BAD_INPUT', ['attachments', '0', 'name']],
      ...[-1, 0.5, NaN].map((sizeBytes): Fault<Partial<SendInput>> => [
        `a size of ${sizeBytes}`,
        { attachments: [{ url, sizeBytes }] },
        'BAD_INPUT',
        ['attachments', '0', 'sizeBytes'],
      ]),
    ];

    test.each(faults)('%s is refused', (_, input, code, path) => {
      const { detail } = expectProblem(send(sessionOf(), input), code, path);
      expect(detail).toContain(path.join('.'));
    });

    test('at the bounds, nothing is', () => {
      const input: SendInput = {
        content: '💥'.repeat(limits.contentBytes / 4),
        channel: 'x'.repeat(textLimits.channel),
        metadata: sized(limits.objectBytes),
        options: nested(limits.objectDepth),
        attachments: Array.from({ length: attachmentsPerMessage }, () => ({ url: `${url}/${'x'.repeat(2_048 - url.length - 1)}` })),
        idempotencyKey: 'x'.repeat(255),
      };
      expect(decided(send(sessionOf(), input)).messages[0]?.content).toBe(input.content);
    });

    test.each([...awkward, ' '])('%j is content as any other', (content) => {
      expect(decided(send(sessionOf(), { content })).messages[0]?.content).toBe(content);
    });
  });
});

describe('clear', () => {
  test.each(['host', 'owner'] as const)('a %s clears the history', (asker) => {
    const state = stateOf(sessionOf(), asker);
    expect(decided(decideClear(state))).toMatchObject({
      guard: { exclusive: true },
      clearMessages: true,
      set: { updatedAt: state.now },
      touch: null,
      messages: [],
      events: [{ type: 'MESSAGES_CLEARED' }],
    });
  });

  test('a member does not', () => {
    expectProblem(decideClear(stateOf(sessionOf(), 'member')), 'FORBIDDEN');
  });

  test('a stranger does not', () => {
    expectProblem(decideClear(stateOf(sessionOf(), 'stranger')), 'NOT_A_MEMBER');
  });

  test.each(over)('nothing is cleared that is over: %s', (code, parts) => {
    expectProblem(decideClear(stateOf(sessionOf(parts), 'host')), code);
  });
});
