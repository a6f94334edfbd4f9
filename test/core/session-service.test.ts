import { beforeEach, describe, expect, test } from 'vitest';
import { decideTick } from '../../src/core/decide/lifecycle.ts';
import { newMemberId, newMessageId, newSessionId } from '../../src/core/ids.ts';
import type { Store } from '../../src/core/ports.ts';
import { type Problem, type ProblemCode, isProblem, orThrow } from '../../src/core/problem.ts';
import type { Admission, UseCases } from '../../src/core/use-cases.ts';
import type { Caller } from '../../src/core/viewer.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { awkward, settingFaults } from '../support/core-bounds.ts';
import { expectProblem } from '../support/core-fixtures.ts';
import {
  type Gateway,
  admitted,
  anonymous,
  apiKey,
  createGateway,
  eventTypesOf,
  everythingOf,
  memberIn,
  messagesOf,
  sessionIn,
  timelineOf,
  user,
  wallet,
} from '../support/core-service.ts';

const address = '0x52908400098527886E0F7030069857D2E4169EE7';
const owner = apiKey('k1');

let store: Store;
let gateway: Gateway;
let sessions: UseCases;
beforeEach(() => {
  store = createMemoryStore();
  gateway = createGateway(store);
  ({ sessions } = gateway);
});

/** A session of an API key's with a host and a guest who have joined by tokens. */
async function room(input: Parameters<UseCases['create']>[1] = {}) {
  const { sessionId } = orThrow(await sessions.create(owner, { owners: ['Ada'], ...input }));
  const host = orThrow(await sessions.join(owner, { sessionId, identity: { name: 'Ada' } }));
  const guest = orThrow(await sessions.join(owner, { sessionId, identity: { name: 'Grace' } }));
  return {
    sessionId,
    host: { ...host, caller: await admitted(store, host) },
    guest: { ...guest, caller: await admitted(store, guest) },
  };
}

/** Every command on a session that is there, with an input that would do. */
const commands: readonly (readonly [string, (caller: Caller, sessionId: string | undefined, memberId: string) => Promise<unknown>])[] = [
  ['leave', (caller, sessionId) => sessions.leave(caller, { sessionId })],
  ['kick', (caller, sessionId, memberId) => sessions.kick(caller, { sessionId, memberId })],
  ['end', (caller, sessionId) => sessions.end(caller, { sessionId })],
  ['update', (caller, sessionId) => sessions.update(caller, { sessionId, title: 'x' })],
  ['replace', (caller, sessionId) => sessions.replace(caller, { sessionId, title: 'x' })],
  ['renew', (caller, sessionId) => sessions.renew(caller, { sessionId })],
  ['heartbeat', (caller, sessionId) => sessions.heartbeat(caller, { sessionId })],
  ['setTimeoutPolicy', (caller, sessionId) => sessions.setTimeoutPolicy(caller, { sessionId, policy: { timeoutSeconds: 99 } })],
  ['send', (caller, sessionId) => sessions.send(caller, { sessionId, content: 'x' })],
  ['clear', (caller, sessionId) => sessions.clear(caller, { sessionId })],
];

describe('which session is meant', () => {
  test.each(commands)('%s: the one that is named, else the current one', async (_, run) => {
    const { sessionId, guest } = await room({ rules: { timeout: {} } });
    orThrow((await run(owner, sessionId, guest.memberId)) as Problem);
    const again = await room({ rules: { timeout: {} } });
    orThrow((await run({ ...owner, currentSessionId: again.sessionId }, undefined, again.guest.memberId)) as Problem);
  });

  test.each(commands)('%s: none, where neither is', async (_, run) => {
    expectProblem(await run(owner, undefined, newMemberId()), 'BAD_INPUT', ['sessionId']);
  });

  test.each(commands)('%s: nothing by an id of another kind, or of none', async (_, run) => {
    for (const id of ['', 'x', newMemberId(), 'ses_', 'ses_ä', `${newSessionId()} `, `ses_${'x'.repeat(201)}`]) {
      expectProblem(await run(owner, id, newMemberId()), 'BAD_INPUT', ['sessionId']);
    }
  });

  test.each(commands)('%s: nothing by the id of a session that there is not', async (_, run) => {
    expectProblem(await run(owner, newSessionId(), newMemberId()), 'NOT_FOUND', ['sessionId']);
  });

  test('a member token speaks for its own session alone', async () => {
    const [one, two] = [await room({ visibility: 'PUBLIC' }), await room({ visibility: 'PUBLIC' })];
    expectProblem(await sessions.send(one.host.caller, { sessionId: two.sessionId, content: 'x' }), 'NOT_A_MEMBER');
    expectProblem(await sessions.end(one.host.caller, { sessionId: two.sessionId }), 'NOT_A_MEMBER');
  });
});

describe('who may', () => {
  const strangers = [
    ['an anonymous caller', anonymous()],
    ['a user', user('mallory')],
    ['a wallet', wallet(address)],
    ['another key', apiKey('k2')],
  ] as const;

  test.each(commands)('%s: a session that the caller may not see is not there for it, and is left as it was', async (_, run) => {
    for (const visibility of ['PRIVATE', 'TEMPORARY'] as const) {
      const { sessionId, guest } = await room({ visibility, rules: { timeout: {} } });
      const { caller: elsewhere } = (await room()).host;
      const before = await everythingOf(store, sessionId);
      for (const caller of [...strangers.map(([, each]) => each), elsewhere]) {
        expectProblem(await run(caller, sessionId, guest.memberId), 'NOT_FOUND', ['sessionId']);
      }
      expect(await everythingOf(store, sessionId)).toEqual(before);
    }
  });

  test.each(commands)('%s: in a session that all may see, a stranger may nothing either', async (_, run) => {
    const { sessionId, guest } = await room({ visibility: 'PUBLIC', rules: { timeout: {} } });
    const before = await everythingOf(store, sessionId);
    for (const [, caller] of strangers) expectProblem(await run(caller, sessionId, guest.memberId), 'NOT_A_MEMBER');
    expect(await everythingOf(store, sessionId)).toEqual(before);
  });

  test('who is on the list sees the session, and is told to join it', async () => {
    const { sessionId } = await room({ rules: { allowlist: ['grace', address] } });
    expectProblem(await sessions.send(user('Grace'), { sessionId, content: 'x' }), 'NOT_A_MEMBER');
    expectProblem(await sessions.send(wallet(address.toLowerCase()), { sessionId, content: 'x' }), 'NOT_A_MEMBER');
    expectProblem(await sessions.send(user('ada lovelace'), { sessionId, content: 'x' }), 'NOT_FOUND', ['sessionId']);
  });

  test('the signed-in creator who left still sees the session', async () => {
    const { sessionId } = orThrow(await sessions.create(user('grace'), {}));
    orThrow(await sessions.leave(user('grace'), { sessionId }));
    expectProblem(await sessions.send(user('grace'), { sessionId, content: 'x' }), 'NOT_A_MEMBER');
  });

  test.each(['kick', 'end', 'update', 'replace', 'setTimeoutPolicy', 'clear'])('%s: a mere member may not', async (name) => {
    const { sessionId, host, guest } = await room({ rules: { timeout: {} } });
    const run = new Map(commands).get(name);
    const before = await everythingOf(store, sessionId);
    expectProblem(await run?.(guest.caller, undefined, host.memberId), 'FORBIDDEN');
    expect(await everythingOf(store, sessionId)).toEqual(before);
  });

  test.each(commands)(
    '%s: the key that made the session may, and need not be a member for it, but to send and to leave',
    async (name, run) => {
      const { sessionId, guest } = await room({ rules: { timeout: {} } });
      orThrow(await sessions.leave(owner, { sessionId }));
      const answer = await run(owner, sessionId, guest.memberId);
      if (name === 'send' || name === 'leave') expectProblem(answer, 'NOT_A_MEMBER');
      else orThrow(answer as Problem);
    },
  );

  test.each(commands)('%s: another member who has left may not', async (_, run) => {
    const { sessionId, host, guest } = await room({ visibility: 'PUBLIC', rules: { timeout: {} } });
    orThrow(await sessions.leave(host.caller, {}));
    expectProblem(await run(host.caller, sessionId, guest.memberId), 'NOT_A_MEMBER');
  });

  test.each(commands)('%s: a member who was kicked may not', async (_, run) => {
    const { sessionId, host, guest } = await room({ visibility: 'PUBLIC', rules: { timeout: {} } });
    orThrow(await sessions.kick(owner, { sessionId, memberId: host.memberId }));
    expectProblem(await run(host.caller, sessionId, guest.memberId), 'NOT_A_MEMBER');
  });
});

describe('what is over', () => {
  const ends: readonly (readonly [ProblemCode, (sessionId: Admission['sessionId']) => Promise<void>])[] = [
    ['EXPIRED', () => gateway.clock.advance(60_000)],
    [
      'ENDED',
      async (sessionId) => {
        orThrow(await sessions.end(owner, { sessionId }));
      },
    ],
  ];
  test.each(ends.flatMap(([code, end]) => commands.map(([name, run]) => [code, name, end, run] as const)))(
    '%s: %s is refused and changes nothing',
    async (code, _, end, run) => {
      const { sessionId, guest, host } = await room({ rules: { timeout: { timeoutSeconds: 60 } } });
      await end(sessionId);
      const before = await everythingOf(store, sessionId);
      for (const caller of [owner, host.caller]) expectProblem(await run(caller, sessionId, guest.memberId), code);
      expect(await everythingOf(store, sessionId)).toEqual(before);
    },
  );
});

describe('what a backend does not do', () => {
  test('is refused by name', async () => {
    const { sessionId, host } = await room();
    expect(
      expectProblem(await sessions.send(host.caller, { content: 'x', awaitReply: true }), 'UNSUPPORTED', ['awaitReply']),
    ).toMatchObject({
      backend: 'local',
      detail: expect.stringContaining('AGENT_REPLY'),
    });
    expect(await messagesOf(store, sessionId)).toEqual([]);
  });

  test('nor does one that is not configured any more', async () => {
    const { sessionId, host } = await room();
    const smaller = createGateway(store, { backends: new Map(), clock: gateway.clock });
    for (const answer of [
      await smaller.sessions.send(host.caller, { content: 'x' }),
      await smaller.sessions.update(host.caller, { title: 'x' }),
      await smaller.sessions.join(anonymous(), { sessionId }),
      await smaller.sessions.leave(host.caller, {}),
    ]) {
      expect(expectProblem(answer, 'UNSUPPORTED').backend).toBe('local');
    }
  });
});

describe('kick', () => {
  test('removes the member and says who did', async () => {
    const { sessionId, host, guest } = await room();
    expect(orThrow(await sessions.kick(host.caller, { memberId: guest.memberId, reason: 'Off topic' }))).toEqual({
      sessionId,
      memberId: guest.memberId,
    });
    expect(await memberIn(store, guest.memberId)).toMatchObject({ status: 'KICKED', banned: true, leftAt: gateway.clock.now() });
    const event = (await timelineOf(store, sessionId)).at(-1);
    expect(event).toMatchObject({
      body: { type: 'MEMBER_KICKED', reason: 'Off topic' },
      member: { id: guest.memberId },
      by: { id: host.memberId },
    });
    expect(gateway.hints.at(-1)).toEqual({ sessionId, seq: event?.seq });
  });

  test.each([true, false, null, undefined])('ban %s', async (ban) => {
    const { host, guest } = await room();
    orThrow(await sessions.kick(host.caller, { memberId: guest.memberId, ban }));
    expect((await memberIn(store, guest.memberId)).banned).toBe(ban !== false);
  });

  test('of oneself, of a stranger, of another host, twice, by what is no id', async () => {
    const { sessionId, host, guest } = await room();
    const elsewhere = await room();
    orThrow(await sessions.join(owner, { sessionId, identity: { name: 'Ada' } }));
    const otherHost = (await store.members.list([{ sessionId, page: { limit: 10 } }]))[0]?.items.at(-1);
    const before = await everythingOf(store, sessionId);
    const kick = (memberId: string) => sessions.kick(host.caller, { memberId });
    expectProblem(await kick(host.memberId), 'CONFLICT', ['memberId']);
    expectProblem(await kick(newMemberId()), 'NOT_FOUND', ['memberId']);
    expectProblem(await kick(elsewhere.guest.memberId), 'NOT_FOUND', ['memberId']);
    expectProblem(await kick(otherHost?.id ?? ''), 'FORBIDDEN', ['memberId']);
    for (const id of ['', 'x', sessionId]) expectProblem(await kick(id), 'BAD_INPUT', ['memberId']);
    expect(await everythingOf(store, sessionId)).toEqual(before);
    orThrow(await kick(guest.memberId));
    expectProblem(await kick(guest.memberId), 'CONFLICT', ['memberId']);
  });
});

describe('update and replace', () => {
  test.each(['update', 'replace'] as const)('%s: bad fields change nothing', async (name) => {
    const { sessionId, host } = await room({ title: 'Old' });
    const before = await everythingOf(store, sessionId);
    for (const [, input, code, path] of settingFaults) expectProblem(await sessions[name](host.caller, input), code, path);
    expect(await everythingOf(store, sessionId)).toEqual(before);
    expect(gateway.hints.at(-1)?.seq).toBe(3);
  });

  test.each(['update', 'replace'] as const)('%s: lists are kept as EIP-55 writes addresses', async (name) => {
    const { sessionId, host } = await room();
    orThrow(await sessions[name](host.caller, { rules: { allowlist: [address.toLowerCase(), 'Grace'] } }));
    expect((await sessionIn(store, sessionId)).rules).toMatchObject({ allowlistOnly: true, allowlist: [address, 'Grace'] });
    const bad = '0x52908400098527886E0F7030069857D2E4169Ee7';
    expectProblem(await sessions[name](host.caller, { rules: { allowlist: ['x', bad] } }), 'BAD_INPUT', ['rules', 'allowlist', '1']);
  });

  test.each(['update', 'replace'] as const)('%s: a stranger does not get a password hashed', async (name) => {
    let hashed = 0;
    const { sessionId, guest } = await room({ visibility: 'PUBLIC' });
    const counting = createGateway(store, {
      clock: gateway.clock,
      passwords: {
        hash: async () => {
          hashed += 1;
          return '$hash';
        },
        verify: async () => false,
      },
    });
    expectProblem(await counting.sessions[name](anonymous(), { sessionId, rules: { password: 'x' } }), 'NOT_A_MEMBER');
    expectProblem(await counting.sessions[name](guest.caller, { rules: { password: 'x' } }), 'FORBIDDEN');
    expect(hashed).toBe(0);
    orThrow(await counting.sessions[name](owner, { sessionId, rules: { password: 'x' } }));
    expect(hashed).toBe(1);
  });

  test('a password is set, kept, changed and taken away', async () => {
    const { sessionId, host } = await room();
    const join = async (password: string) => {
      const answer = await sessions.join(anonymous(), { sessionId, password });
      return isProblem(answer) ? answer.code : 'in';
    };
    orThrow(await sessions.update(host.caller, { rules: { password: 'one' } }));
    expect([await join('one'), await join('two')]).toEqual(['in', 'WRONG_PASSWORD']);
    orThrow(await sessions.update(host.caller, { title: 'x' }));
    expect(await join('two')).toBe('WRONG_PASSWORD');
    orThrow(await sessions.update(host.caller, { rules: { password: 'two' } }));
    expect([await join('one'), await join('two')]).toEqual(['WRONG_PASSWORD', 'in']);
    orThrow(await sessions.replace(host.caller, { title: 'y' }));
    expect(await join('three')).toBe('in');
  });

  test('what changes nothing is no event', async () => {
    const { sessionId, host } = await room({ title: 'Same' });
    const before = await everythingOf(store, sessionId);
    expect(orThrow(await sessions.update(host.caller, { title: 'Same' }))).toEqual({ sessionId });
    expect(await everythingOf(store, sessionId)).toEqual(before);
  });

  test('a TEMPORARY session is one from when it is said to be', async () => {
    const { sessionId, host, guest } = await room();
    orThrow(await sessions.update(host.caller, { visibility: 'TEMPORARY' }));
    orThrow(await sessions.leave(guest.caller, {}));
    orThrow(await sessions.leave(owner, { sessionId }));
    expect((await sessionIn(store, sessionId)).status).toBe('ACTIVE');
    orThrow(await sessions.leave(host.caller, {}));
    expect((await sessionIn(store, sessionId)).status).toBe('ENDED');
    expect((await eventTypesOf(store, sessionId)).slice(-2)).toEqual(['MEMBER_LEFT', 'SESSION_ENDED']);
  });

  test('the clock is told of new times', async () => {
    const { sessionId, host } = await room();
    expect(gateway.scheduled).toEqual([]);
    orThrow(await sessions.setTimeoutPolicy(host.caller, { policy: { timeoutSeconds: 10, warningSeconds: 0 } }));
    expect(gateway.scheduled).toEqual([{ sessionId, dueAt: gateway.clock.now() + 10_000 }]);
  });
});

describe('activity', () => {
  test.each(['send', 'heartbeat', 'renew'] as const)('%s moves the expiry', async (name) => {
    const { sessionId, guest } = await room({ rules: { timeout: { timeoutSeconds: 60 } } });
    await gateway.clock.advance(30_000);
    orThrow(name === 'send' ? await sessions.send(guest.caller, { content: 'x' }) : await sessions[name](guest.caller, {}));
    const now = gateway.clock.now();
    expect(await sessionIn(store, sessionId)).toMatchObject({ lastActivityAt: now, expiresAt: now + 60_000, renewalCount: 1 });
  });

  test('that brings the next warning nearer than what the clock was told is told to it', async () => {
    const { sessionId, guest } = await room({ rules: { timeout: { timeoutSeconds: 60, warningSeconds: 50 } } });
    await gateway.clock.advance(10_000);
    const warning = decideTick(await sessionIn(store, sessionId), gateway.clock.now());
    if (warning === null) throw new Error('The warning is due');
    await store.commit(warning);
    const expiry = (await sessionIn(store, sessionId)).dueAt;
    await gateway.clock.advance(10_000);
    orThrow(await sessions.heartbeat(guest.caller, {}));
    const dueAt = gateway.clock.now() + 10_000;
    expect(await sessionIn(store, sessionId)).toMatchObject({ dueAt });
    expect(dueAt).toBeLessThan(expiry ?? 0);
    expect(gateway.scheduled.at(-1)).toEqual({ sessionId, dueAt });
  });

  test('that joins and leaves is none', async () => {
    const { sessionId, guest } = await room({ rules: { timeout: { timeoutSeconds: 60 } } });
    const before = await sessionIn(store, sessionId);
    await gateway.clock.advance(30_000);
    orThrow(await sessions.leave(guest.caller, {}));
    expect(await sessionIn(store, sessionId)).toMatchObject({ lastActivityAt: before.lastActivityAt, expiresAt: before.expiresAt });
  });

  test('a change of the title meanwhile takes nothing of it back', async () => {
    const { sessionId, host, guest } = await room({ rules: { timeout: { timeoutSeconds: 60 } } });
    let between: (() => Promise<unknown>) | null = null;
    const slow = createGateway(
      {
        ...store,
        async commit(commit) {
          const run = between;
          between = null;
          await run?.();
          return store.commit(commit);
        },
      },
      { clock: gateway.clock },
    );
    between = async () => {
      await gateway.clock.advance(30_000);
      orThrow(await sessions.send(guest.caller, { content: 'x' }));
    };
    orThrow(await slow.sessions.update(host.caller, { title: 'x' }));
    const now = gateway.clock.now();
    expect(await sessionIn(store, sessionId)).toMatchObject({ title: 'x', lastActivityAt: now, expiresAt: now + 60_000 });
  });
});

describe('send', () => {
  test('answers with the message as it is stored', async () => {
    const { sessionId, guest } = await room({ defaults: { model: 'small', tone: 'kind' } });
    const { message, reply } = orThrow(await sessions.send(guest.caller, { content: 'hello', options: { model: 'large' } }));
    expect(reply).toBeNull();
    expect(await messagesOf(store, sessionId)).toEqual([message]);
    expect(message).toMatchObject({ authorId: guest.memberId, content: 'hello', options: { model: 'large', tone: 'kind' } });
    expect((await timelineOf(store, sessionId)).at(-1)).toMatchObject({ seq: message.seq, message });
    expect(gateway.hints.at(-1)).toEqual({ sessionId, seq: message.seq });
  });

  test('answers to another message', async () => {
    const { guest, host } = await room();
    const { message } = orThrow(await sessions.send(guest.caller, { content: 'why?' }));
    expect(orThrow(await sessions.send(host.caller, { content: 'because', inReplyTo: message.id })).message.inReplyTo).toBe(message.id);
    const elsewhere = orThrow(await sessions.send((await room()).guest.caller, { content: 'x' })).message;
    expectProblem(await sessions.send(host.caller, { content: 'x', inReplyTo: elsewhere.id }), 'NOT_FOUND', ['inReplyTo']);
    expectProblem(await sessions.send(host.caller, { content: 'x', inReplyTo: newMessageId() }), 'NOT_FOUND', ['inReplyTo']);
    for (const id of ['', 'x', host.memberId, 'msg_ä']) {
      expectProblem(await sessions.send(host.caller, { content: 'x', inReplyTo: id }), 'BAD_INPUT', ['inReplyTo']);
    }
  });

  test.each(awkward)('%j comes back as it was sent', async (content) => {
    const { sessionId, guest } = await room();
    orThrow(await sessions.send(guest.caller, { content, channel: content, metadata: { [content]: content } }));
    expect(await messagesOf(store, sessionId)).toMatchObject([{ content, channel: content, metadata: { [content]: content } }]);
  });

  test('what is cleared is gone, and what comes after is numbered on', async () => {
    const { sessionId, host, guest } = await room();
    orThrow(await sessions.send(guest.caller, { content: 'one', attachments: [{ url: 'https://example.org/f', sizeBytes: 5 }] }));
    orThrow(await sessions.clear(host.caller, {}));
    expect(await sessionIn(store, sessionId)).toMatchObject({ files: 0, fileBytes: 0 });
    const { message } = orThrow(await sessions.send(guest.caller, { content: 'two' }));
    expect(await messagesOf(store, sessionId)).toEqual([message]);
    expect((await eventTypesOf(store, sessionId)).slice(3)).toEqual(['MESSAGE_ADDED', 'MESSAGES_CLEARED', 'MESSAGE_ADDED']);
  });
});

test('a failing store is an exception, and not a refusal', async () => {
  const broken = createGateway({ ...store, commit: () => Promise.reject(new Error('disk full')) });
  await expect(broken.sessions.create(anonymous(), {})).rejects.toThrow('disk full');
  expect(broken.hints).toEqual([]);
  // And does not keep what comes after it from its turn.
  const { sessionId } = orThrow(await sessions.create(owner, {}));
  let failures = 1;
  const flaky = createGateway({
    ...store,
    async commit(commit) {
      failures -= 1;
      if (failures >= 0) throw new Error('disk full');
      return store.commit(commit);
    },
  });
  const answers = await Promise.allSettled([
    flaky.sessions.update(owner, { sessionId, title: 'one' }),
    flaky.sessions.update(owner, { sessionId, title: 'two' }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  expect((await sessionIn(store, sessionId)).title).toBe('two');
});
