import { expect, test } from 'vitest';
import { check } from './checker.ts';
import { type Rule, describeViolation, rules } from './checks/violation.ts';
import type { Attempt, History, Seen, Stretch, Truth } from './history.ts';

const start = Date.parse('2030-01-01T00:00:00.000Z');

/** At so many seconds after the start. */
const event = (session: string, seq: number, type: string, seconds: number, more: Partial<Seen> = {}): Seen => ({
  __typename: type,
  cursor: `${session}-${seq}`,
  occurredAt: new Date(start + seconds * 1_000).toISOString(),
  ...more,
});

const said = (content: string): Partial<Seen> => ({ message: { id: `id of ${content}`, content } });
const who = (name: string): Partial<Seen> => ({ member: { id: `id of ${name}`, name } });

const room: readonly Seen[] = [
  event('room', 2, 'MemberJoined', 1, who('Ann')),
  event('room', 3, 'MessageAdded', 2, said('one')),
  event('room', 4, 'MemberJoined', 3, who('Ben')),
  event('room', 5, 'MessageAdded', 4, said('two')),
  event('room', 6, 'MessageAdded', 5, said('three')),
  event('room', 7, 'MemberLeft', 6, who('Ben')),
  event('room', 8, 'SessionUpdated', 7),
  event('room', 9, 'MemberJoined', 8, who('Cleo')),
  event('room', 10, 'MemberKicked', 9, who('Cleo')),
  event('room', 11, 'MessageAdded', 10, said('four')),
];

/** Runs out after 4 seconds, but for the message that gives it 4 more. */
const mortal: readonly Seen[] = [
  event('mortal', 2, 'MessageAdded', 2, said('wait')),
  event('mortal', 3, 'SessionExpiring', 5),
  event('mortal', 4, 'SessionExpired', 6),
];

const truthOf = (session: string, events: readonly Seen[], members: readonly string[], status: string): Truth => ({
  session,
  events,
  messages: events.flatMap(({ message }) => (message === undefined ? [] : [message])),
  members,
  status,
  stored: {
    events: ['MemberJoined', ...events.map(({ __typename: type }) => type)].map((type, index) => ({
      seq: index + 1,
      type: type.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase(),
    })),
    seq: events.length + 1,
    activeMembers: members.length,
  },
});

const stretch = (events: readonly Seen[], after: string, end = 'socket closed'): Stretch => ({
  gateway: 'gateway 1',
  after,
  opened: { cursor: after, recovered: true },
  events,
  end,
});

const attempt = (at: number, outcome: Attempt['outcome'], answer: string): Attempt => ({
  gateway: 'gateway 1',
  sentAt: at,
  answeredAt: at + 0.5,
  outcome,
  answer,
});

/** A history in which nothing is wrong, and much has gone wrong for the clients. */
function faultless(): History {
  // As JSON, so that nothing is shared and a fault is in one place only.
  const history: History = {
    sessions: [
      { id: 'room', cursor: 'room-1', members: ['id of Host'], maxMembers: 3, expiresAt: null, timeoutMs: null },
      { id: 'mortal', cursor: 'mortal-1', members: ['id of Host'], maxMembers: null, expiresAt: start + 4_000, timeoutMs: 4_000 },
    ],
    writes: [
      {
        client: 'Host',
        session: null,
        operation: 'create',
        subject: 'Room',
        attempts: [attempt(0, 'unknown', ''), attempt(1, 'done', 'room')],
      },
      { client: 'Ann', session: 'room', operation: 'join', subject: 'Ann', attempts: [attempt(1, 'done', 'id of Ann')] },
      {
        client: 'Ann',
        session: 'room',
        operation: 'send',
        subject: 'one',
        attempts: [attempt(2, 'unknown', ''), attempt(3, 'done', 'id of one')],
      },
      { client: 'Ben', session: 'room', operation: 'join', subject: 'Ben', attempts: [attempt(2.9, 'unknown', '')] },
      {
        client: 'Ann',
        session: 'room',
        operation: 'send',
        subject: 'two',
        attempts: [attempt(4, 'done', 'id of two'), attempt(5, 'done', 'id of two')],
      },
      { client: 'Ann', session: 'room', operation: 'send', subject: 'three', attempts: [attempt(5, 'unknown', '')] },
      { client: 'Ben', session: 'room', operation: 'leave', subject: 'id of Ben', attempts: [attempt(6, 'done', 'id of Ben')] },
      { client: 'Host', session: 'room', operation: 'update', subject: 'new', attempts: [attempt(7, 'unknown', '')] },
      { client: 'Host', session: 'room', operation: 'kick', subject: 'id of Cleo', attempts: [attempt(9, 'done', 'id of Cleo')] },
      { client: 'Ann', session: 'room', operation: 'send', subject: 'four', attempts: [attempt(10, 'done', 'id of four')] },
      { client: 'Ann', session: 'room', operation: 'send', subject: 'never', attempts: [attempt(10, 'refused', 'RATE_LIMITED')] },
      { client: 'Dan', session: 'room', operation: 'join', subject: 'Dan', attempts: [attempt(10, 'unknown', '')] },
    ],
    streams: [
      {
        client: 'first',
        session: 'room',
        member: null,
        stretches: [stretch(room.slice(0, 4), 'room-1'), stretch(room.slice(4), 'room-5', 'stopped')],
      },
      {
        client: 'second',
        session: 'room',
        member: null,
        stretches: [{ ...stretch([], 'room-2'), opened: null }, stretch(room.slice(1), 'room-2', 'stopped')],
      },
      { client: 'Ben', session: 'room', member: 'id of Ben', stretches: [stretch(room.slice(3, 6), 'room-4', 'complete')] },
      { client: 'Cleo', session: 'room', member: 'id of Cleo', stretches: [stretch([], 'room-9')] },
      { client: 'third', session: 'mortal', member: null, stretches: [stretch(mortal, 'mortal-1', 'complete')] },
      { client: 'late', session: 'mortal', member: null, stretches: [stretch(mortal, 'mortal-1'), stretch([], 'mortal-4', 'complete')] },
    ],
    faults: [],
    truths: [truthOf('room', room, ['id of Host', 'id of Ann'], 'ACTIVE'), truthOf('mortal', mortal, ['id of Host'], 'EXPIRED')],
    listed: [{ id: 'room', title: 'Room' }],
  };
  return JSON.parse(JSON.stringify(history));
}

test('a history without a fault has none', () => {
  expect(check(faultless())).toEqual([]);
});

type Plant = (history: any) => void;

/** The events of a session in the end, as rows and replay and pages say them together: what the database itself got wrong. */
const rewrite =
  (session: string, change: (events: Seen[]) => readonly Seen[], members: readonly string[] = ['id of Host', 'id of Ann']): Plant =>
  (history) => {
    const index = history.truths.findIndex((truth: Truth) => truth.session === session);
    const events = change(structuredClone([...history.truths[index].events])).map((each, place) =>
      Object.assign({}, each, { cursor: `${session}-${place + 2}` }),
    );
    history.truths[index] = truthOf(session, events, members, history.truths[index].status);
    // Subscribers saw just that.
    for (const stream of history.streams.filter((each: any) => each.session === session)) {
      const { after } = stream.stretches[0];
      const seen = stream.member === null ? events.slice(events.findIndex(({ cursor }) => cursor === after) + 1) : [];
      stream.stretches = [stretch(seen, stream.member === null ? after : `${session}-2`, 'stopped')];
    }
  };

const insert =
  (at: number, ...added: readonly Seen[]) =>
  (events: Seen[]): readonly Seen[] =>
    events.toSpliced(at, 0, ...added);

const plants: readonly (readonly [string, Rule, { readonly client?: string; readonly cursor?: string | null }, Plant])[] = [
  [
    'an event that a subscriber was not given',
    'event-lost',
    { client: 'first', cursor: 'room-4' },
    ({ streams }) => streams[0].stretches[0].events.splice(2, 1),
  ],
  [
    'the first event after a resumption lost',
    'event-lost',
    { client: 'first', cursor: 'room-6' },
    ({ streams }) => streams[0].stretches[1].events.shift(),
  ],
  ['the last event lost', 'event-lost', { client: 'second', cursor: 'room-11' }, ({ streams }) => streams[1].stretches[1].events.pop()],
  [
    'an event twice in a row',
    'event-doubled',
    { client: 'first', cursor: 'room-3' },
    ({ streams }) => streams[0].stretches[0].events.splice(2, 0, room[1]),
  ],
  [
    'an event again after a resumption',
    'event-doubled',
    { client: 'first', cursor: 'room-5' },
    ({ streams }) => streams[0].stretches[1].events.unshift(room[3]),
  ],
  [
    'an event from before the cursor',
    'event-doubled',
    { client: 'second', cursor: 'room-2' },
    ({ streams }) => streams[1].stretches[1].events.unshift(room[0]),
  ],
  [
    'two events swapped',
    'event-swapped',
    { client: 'first', cursor: 'room-3' },
    ({ streams }) => streams[0].stretches[0].events.splice(1, 2, room[2], room[1]),
  ],
  [
    'an event that two subscribers saw differently',
    'event-differs',
    { client: 'second', cursor: 'room-5' },
    ({ streams }) => Object.assign(streams[1].stretches[1].events[2].message, { content: 'other' }),
  ],
  [
    'an event that is not there',
    'event-unknown',
    { client: 'third', cursor: 'mortal-9' },
    ({ streams }) => streams[4].stretches[0].events.unshift(event('mortal', 9, 'SessionUpdated', 1)),
  ],
  [
    'a cursor that was not recovered',
    'not-recovered',
    { client: 'first', cursor: 'room-5' },
    ({ streams }) => Object.assign(streams[0].stretches[1].opened, { recovered: false }),
  ],
  [
    'a stream opened elsewhere than asked for',
    'not-recovered',
    { client: 'first' },
    ({ streams }) => Object.assign(streams[0].stretches[1].opened, { cursor: 'room-6' }),
  ],
  [
    'a subscription completed before its end',
    'ended-early',
    { client: 'second', cursor: 'room-11' },
    ({ streams }) => Object.assign(streams[1].stretches[1], { end: 'complete' }),
  ],
  [
    "a subscription completed by another member's leaving",
    'ended-early',
    { client: 'Cleo' },
    ({ streams }) => Object.assign(streams[3].stretches[0], { events: [], end: 'complete' }),
  ],
  ['an acknowledged message that is gone', 'write-lost', { client: 'Ann' }, rewrite('room', (events) => events.toSpliced(3, 1))],
  [
    'an acknowledged joining that is gone',
    'write-lost',
    { client: 'Ann' },
    rewrite('room', (events) => events.toSpliced(0, 1), ['id of Host']),
  ],
  ['an acknowledged session that is gone', 'write-lost', { client: 'Host' }, ({ listed }) => listed.pop()],
  [
    'an acknowledged removal that is gone',
    'write-lost',
    { client: 'Host' },
    rewrite('room', (events) => events.toSpliced(8, 1), ['id of Host', 'id of Ann', 'id of Cleo']),
  ],
  [
    'an acknowledged change that is gone',
    'write-lost',
    { client: 'Host' },
    (history) => {
      history.writes[7].attempts[0].outcome = 'done';
      rewrite('room', (events) => events.toSpliced(6, 1))(history);
    },
  ],
  [
    'one key carried out twice',
    'write-doubled',
    { client: 'Ann' },
    rewrite('room', insert(5, { ...event('room', 0, 'MessageAdded', 5), message: { id: 'another id', content: 'two' } })),
  ],
  [
    'an unanswered joining carried out twice',
    'write-doubled',
    { client: 'Ben' },
    rewrite('room', insert(6, { ...event('room', 0, 'MemberJoined', 6), member: { id: 'another id', name: 'Ben' } }), [
      'id of Host',
      'id of Ann',
      'another id',
    ]),
  ],
  [
    'one key that made two sessions',
    'write-doubled',
    { client: 'Host' },
    ({ listed }) => listed.push({ id: 'second room', title: 'Room' }),
  ],
  ['a change carried out twice', 'write-doubled', { client: 'Host' }, rewrite('room', insert(7, event('room', 0, 'SessionUpdated', 7)))],
  [
    'one key with two answers',
    'answers-differ',
    { client: 'Ann' },
    ({ writes }) => Object.assign(writes[4].attempts[1], { answer: 'another id' }),
  ],
  [
    'a refused message that is there',
    'write-refused-yet-done',
    { client: 'Ann' },
    rewrite('room', insert(9, event('room', 0, 'MessageAdded', 10, said('never')))),
  ],
  [
    'a message before one that was acknowledged earlier',
    'writes-out-of-order',
    { client: 'Ann' },
    rewrite('room', (events) => [events[0], events[3], events[2], events[1], ...events.slice(4)] as Seen[]),
  ],
  [
    'a gap in the numbers',
    'timeline-gap',
    {},
    ({ truths }) => truths[0].stored.events.forEach((row: any) => (row.seq += row.seq > 4 ? 1 : 0)),
  ],
  ['a head that no event has', 'timeline-gap', {}, ({ truths }) => (truths[0].stored.seq += 1)],
  [
    'a cursor for two events',
    'timeline-gap',
    { cursor: 'room-4' },
    ({ truths }) => Object.assign(truths[0].events[3], { cursor: 'room-4' }),
  ],
  ['a replay without a row that is stored', 'replay-differs', { cursor: 'room-4' }, ({ truths }) => truths[0].events.splice(3, 1)],
  ['a page without a message', 'history-differs', { cursor: 'room-5' }, ({ truths }) => truths[0].messages.splice(1, 1)],
  ['pages in another order', 'history-differs', { cursor: 'room-3' }, ({ truths }) => truths[0].messages.unshift(truths[0].messages.pop())],
  [
    'more members than there is room for',
    'over-full',
    { cursor: 'room-5' },
    rewrite('room', (events) =>
      insert(3, { ...event('room', 0, 'MemberJoined', 3, who('Eve')) }, event('room', 0, 'MemberLeft', 3, who('Eve')))(events),
    ),
  ],
  [
    'somebody who left twice',
    'members-differ',
    { cursor: 'room-8' },
    rewrite('room', insert(6, event('room', 0, 'MemberLeft', 6, who('Ben')))),
  ],
  ['a list without a member', 'members-differ', {}, ({ truths }) => truths[0].members.pop()],
  ['a count that is too high', 'members-differ', {}, ({ truths }) => (truths[0].stored.activeMembers += 1)],
  [
    'an expiry twice',
    'expired-twice',
    { cursor: 'mortal-5' },
    rewrite('mortal', insert(3, event('mortal', 0, 'SessionExpired', 7)), ['id of Host']),
  ],
  [
    'an expiry before its time',
    'expired-early',
    { cursor: 'mortal-4' },
    ({ truths }) => Object.assign(truths[1].events[2], { occurredAt: new Date(start + 5_900).toISOString() }),
  ],
  ['an expiry that nobody was told of', 'not-expired', {}, rewrite('mortal', (events) => events.slice(0, 2), ['id of Host'])],
  [
    'a second warning',
    'warned-twice',
    { cursor: 'mortal-4' },
    rewrite('mortal', insert(2, event('mortal', 0, 'SessionExpiring', 5)), ['id of Host']),
  ],
  [
    'a message after the end',
    'after-the-end',
    { cursor: 'mortal-5' },
    rewrite('mortal', insert(3, event('mortal', 0, 'MessageAdded', 7, said('late'))), ['id of Host']),
  ],
];

test.each(plants)('%s is found: %s', (_, rule, where, plant) => {
  const history = faultless();
  plant(history);
  const found = check(history);
  expect(found).toContainEqual(expect.objectContaining({ rule, ...where }));
  expect(found.map(describeViolation).join('\n')).toContain(rules[rule]);
});

test('each rule is shown to be broken', () => {
  expect(new Set(plants.map(([, rule]) => rule))).toEqual(new Set(Object.keys(rules)));
});

test('a session whose truth was not read is no session without a fault', () => {
  const history = faultless();
  history.truths.pop();
  expect(() => check(history)).toThrow('The truth about session mortal was not read.');
});
