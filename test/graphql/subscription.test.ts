import { describe, expect, it } from 'vitest';
import { decodeEventCursor, encodeEventCursor } from '../../src/core/cursor.ts';
import type { LiveEvent } from '../../src/core/event.ts';
import type { MessageId, SessionId } from '../../src/core/ids.ts';
import type { Caller } from '../../src/core/viewer.ts';
import type { Operation, SubscriptionPlan } from '../../src/graphql/engine.ts';
import { type Answer, type Opened, type World, apiKey, createWorld, nobody, otherKey, user } from './world.ts';

function operationOf({ engine }: World, source: string): Operation {
  const operation = engine.prepare(source);
  if ('document' in operation) return operation;
  throw new Error(`Expected a valid operation, got ${operation.map(String).join()}.`);
}

const plan = async (
  world: World,
  source: string,
  variables: object = {},
  caller: Caller = nobody,
): ReturnType<World['engine']['planSubscription']> =>
  world.engine.planSubscription(operationOf(world, source), { ...variables }, world.engine.createContext(caller));

async function planned(...args: Parameters<typeof plan>): Promise<SubscriptionPlan> {
  const found = await plan(...args);
  if ('field' in found) return found;
  throw new Error(`Expected a plan, got ${found.map(String).join()}.`);
}

async function refused(...args: Parameters<typeof plan>): Promise<unknown> {
  const found = await plan(...args);
  if ('field' in found) throw new Error(`Expected a refusal, got ${JSON.stringify(found)}.`);
  const [world] = args;
  return found.map((error) => world.engine.formatError(error));
}

const events =
  'subscription ($id: ID, $after: String, $types: [SessionEventType!]) { sessionEvents(sessionId: $id, after: $after, types: $types) { cursor } }';

describe('the plan of a subscription', () => {
  it('is of the session that is named, else of the current one', async () => {
    const world = createWorld();
    const { sessionId, caller, cursor } = await world.create();
    expect(await planned(world, events, { id: sessionId, after: cursor }, caller)).toEqual({
      field: 'sessionEvents',
      sessionIds: [sessionId],
      after: { epoch: 'testtest', sessionId, seq: 1 },
      types: null,
      channel: null,
      groupKey: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(await planned(world, events, {}, caller)).toMatchObject({ sessionIds: [sessionId], after: null });
    expect(await planned(world, events, { types: ['MESSAGE_ADDED'] }, caller)).toMatchObject({
      types: new Set(['STREAM_OPENED', 'MESSAGE_ADDED']),
    });
    expect(await planned(world, 'subscription { messageAdded(channel: "late") { cursor } }', {}, caller)).toMatchObject({
      field: 'messageAdded',
      channel: 'late',
      types: new Set(['MESSAGE_ADDED']),
    });
  });

  it('is of every session of the caller where none is meant', async () => {
    const world = createWorld();
    for (const field of ['memberKicked', 'sessionExpired']) {
      const source = `subscription ($id: ID) { ${field}(sessionId: $id) { cursor } }`;
      expect(await planned(world, source, {}, user)).toMatchObject({ field, sessionIds: 'mine', after: null });
      const { sessionId, caller } = await world.create();
      expect(await planned(world, source, {}, caller)).toMatchObject({ sessionIds: [sessionId] });
      expect(await planned(world, source, { id: sessionId }, caller)).toMatchObject({ sessionIds: [sessionId] });
      expect(await refused(world, source)).toMatchObject([{ path: [field], extensions: { code: 'UNAUTHENTICATED' } }]);
    }
  });

  it('keeps a cursor of another store, for the timeline to judge', async () => {
    const world = createWorld();
    const { sessionId, caller } = await world.create();
    const after = { epoch: 'another1', sessionId, seq: 9 };
    expect((await planned(world, events, { after: encodeEventCursor(after) }, caller)).after).toEqual(after);
  });

  it('is refused where an argument is none', async () => {
    const world = createWorld();
    const { memberId, caller } = await world.create();
    const elsewhere = await world.create();
    const cases: readonly (readonly [object, string, RegExp])[] = [
      [{ id: 'x' }, 'sessionId', /got "x"/],
      [{ id: memberId }, 'sessionId', /to be a Session id, got "mem_/],
      [{ after: 'garbage' }, 'after', /got "garbage"/],
      [{ after: '' }, 'after', /got ""/],
      [{ after: elsewhere.cursor }, 'after', new RegExp(`got one of session ${elsewhere.sessionId}`)],
      [{ types: [] }, 'types', /got none/],
    ];
    const ofChannel = 'subscription ($channel: String) { messageAdded(channel: $channel) { cursor } }';
    for (const channel of ['', 'x'.repeat(129), 'half \ud800']) {
      expect(await refused(world, ofChannel, { channel }, caller)).toMatchObject([
        { extensions: { code: 'BAD_INPUT', path: ['channel'] } },
      ]);
    }
    for (const [variables, path, message] of cases) {
      expect(await refused(world, events, variables, caller)).toMatchObject([
        { message: expect.stringMatching(message), path: ['sessionEvents'], extensions: { code: 'BAD_INPUT', path: [path] } },
      ]);
    }
    expect(await refused(world, events)).toMatchObject([{ extensions: { code: 'BAD_INPUT', path: ['sessionId'] } }]);
    expect(await refused(world, events, { types: 'NOTHING' }, caller)).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  it('is refused to whoever may not read the session', async () => {
    const world = createWorld();
    const hidden = await world.create({}, apiKey);
    const guarded = await world.create({ visibility: 'PUBLIC', rules: { password: 'x' } });
    const open = await world.create({ visibility: 'PUBLIC' });
    expect(await refused(world, events, { id: hidden.sessionId })).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    expect(await refused(world, events, { id: hidden.sessionId }, otherKey)).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    expect(await refused(world, events, { id: 'ses_0' })).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    expect(await refused(world, events, { id: guarded.sessionId })).toMatchObject([{ extensions: { code: 'NOT_A_MEMBER' } }]);
    await planned(world, events, { id: hidden.sessionId }, apiKey);
    await planned(world, events, { id: open.sessionId });
    const closed = createWorld({ anonymous: false });
    expect(await refused(closed, events, { id: 'ses_0' })).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    expect(closed.reads).toEqual([]);
  });

  it('is refused where its root may be skipped, and where it costs too much', async () => {
    const world = createWorld();
    const { caller } = await world.create();
    const source = 'subscription ($a: Boolean!) { sessionEvents @skip(if: $a) { cursor } }';
    expect(world.engine.prepare(source)).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
    const fixed = 'subscription { ... @include(if: true) { sessionEvents { cursor } } }';
    expect(await refused(world, fixed, {}, caller)).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
    const dear =
      'subscription ($n: Int) { sessionEvents { session { members(first: $n) { nodes { name } } messages(first: $n) { nodes { author { name } } } } } }';
    const small = createWorld({ limits: { maxCost: 100 } });
    const host = await small.create();
    expect(await refused(small, dear, { n: 50 }, host.caller)).toMatchObject([{ extensions: { code: 'OPERATION_TOO_COMPLEX' } }]);
    await planned(small, dear, { n: 5 }, host.caller);
  });
});

describe('the group of a subscription', () => {
  const groups = async (world: World, source: string, ...sent: readonly (readonly [object, Caller])[]): Promise<number> => {
    const keys = await Promise.all(sent.map(async ([variables, caller]) => (await planned(world, source, variables, caller)).groupKey));
    return new Set(keys).size;
  };

  async function open(): Promise<{
    readonly world: World;
    readonly host: Opened;
    readonly guest: Opened;
    readonly id: SessionId;
    readonly cursor: string;
  }> {
    const world = createWorld();
    const host = await world.create({ visibility: 'PUBLIC' });
    const guest = await world.join(host.sessionId);
    return { world, host, guest, id: host.sessionId, cursor: host.cursor };
  }

  it('is one for all who send the same and would see the same', async () => {
    const { world, host, guest, id, cursor } = await open();
    expect(
      await groups(
        world,
        events,
        [{ id }, nobody],
        [{ id, after: cursor }, guest.caller],
        [{ id, types: ['MEMBER_LEFT'] }, host.caller],
        [{}, host.caller],
      ),
    ).toBe(1);
    const channel = 'subscription ($c: String) { messageAdded(channel: $c) { message { content } } }';
    expect(await groups(world, channel, [{ c: 'a' }, host.caller], [{ c: 'b' }, guest.caller], [{}, guest.caller])).toBe(1);
  });

  it('differs by what is used below the root, and in directives', async () => {
    const { world, host, guest } = await open();
    const below =
      'subscription ($n: Int, $a: Boolean = true) { sessionEvents { session { ...F members(first: $n) { nodes { name } } } } } fragment F on Session { title @include(if: $a) }';
    expect(await groups(world, below, [{ n: 1 }, host.caller], [{ n: 1, a: true }, guest.caller])).toBe(1);
    expect(
      await groups(world, below, [{ n: 1 }, host.caller], [{ n: 2 }, host.caller], [{ n: 1, a: false }, host.caller], [{}, host.caller]),
    ).toBe(4);
  });

  it('counts a variable that the root uses as well', async () => {
    const { world, host } = await open();
    const both = 'subscription ($c: String) { messageAdded(channel: $c) { session { messages(channel: $c) { totalCount } } } }';
    expect(await groups(world, both, [{ c: 'a' }, host.caller], [{ c: 'b' }, host.caller])).toBe(2);
  });

  it('finds the root in a fragment', async () => {
    const { world, host, cursor } = await open();
    const source =
      'subscription ($after: String) { ...F } fragment F on Subscription { ... { e: sessionEvents(after: $after) { cursor } } }';
    expect(await planned(world, source, { after: cursor }, host.caller)).toMatchObject({ field: 'sessionEvents', after: { seq: 1 } });
    expect(await groups(world, source, [{ after: cursor }, host.caller], [{}, host.caller])).toBe(1);
  });

  it('differs by text and by operation name', async () => {
    const { world, host } = await open();
    const keys = new Set<string>();
    for (const source of [
      'subscription { sessionEvents { cursor } }',
      'subscription A { sessionEvents { cursor } }',
      'subscription { sessionEvents { cursor  } }',
    ]) {
      keys.add((await planned(world, source, {}, host.caller)).groupKey);
    }
    expect(keys.size).toBe(3);
  });

  it.each([
    'session { me { name } }',
    'session { rules { allowlist } }',
    'session { ...F } } } fragment F on Session { messages { nodes { session { me { id } } }',
  ])('is the caller’s own where results depend on the caller: %s', async (selection) => {
    const { world, host, guest, id } = await open();
    const source = `subscription ($id: ID) { sessionEvents(sessionId: $id) { ${selection} } }`;
    expect(await groups(world, source, [{ id }, host.caller], [{ id }, host.caller])).toBe(1);
    expect(
      await groups(world, source, [{ id }, host.caller], [{ id }, guest.caller], [{ id }, apiKey], [{ id }, nobody], [{ id }, nobody]),
    ).toBe(5);
  });
});

describe('an event', () => {
  const all = `subscription ($id: ID) { e: sessionEvents(sessionId: $id) { __typename cursor occurredAt session { id title }
    ... on StreamOpened { recovered } ... on MemberJoined { member { name } } ... on MemberLeft { member { status } }
    ... on MemberKicked { member { name } by { name } reason } ... on MessageAdded { message { content author { name } session { title } inReplyTo { id } } }
    ... on ReplyDelta { messageId text } ... on SessionUpdated { changed } ... on SessionRenewed { expiresAt }
    ... on SessionExpiring { secondsLeft } ... on SessionEnded { by { name } reason } } }`;

  const deliver = async (
    world: World,
    source: string,
    event: LiveEvent,
    caller: Caller = nobody,
    variables: object = {},
  ): Promise<Answer> => {
    const operation = operationOf(world, source);
    const results = [];
    // Interpreted, then compiled.
    for (let round = 0; round < 3; round++)
      results.push(await world.engine.executeEvent(operation, { ...variables }, event, world.engine.createContext(caller)));
    const [first, ...rest] = results.map(({ data, errors = [] }) => ({
      data,
      errors: errors.map((error) => world.engine.formatError(error)),
    }));
    for (const other of rest) expect(JSON.parse(JSON.stringify(other))).toEqual(JSON.parse(JSON.stringify(first)));
    return JSON.parse(JSON.stringify(first));
  };

  /** A session, and what happened in it. */
  async function happened(): Promise<{
    readonly world: World;
    readonly host: Opened;
    readonly guest: Opened;
    readonly stored: readonly LiveEvent[];
  }> {
    const world = createWorld();
    const host = await world.create({ title: 'Standup', identity: { name: 'Ada' }, rules: { timeout: { timeoutSeconds: 60 } } });
    const guest = await world.join(host.sessionId, { identity: { name: 'Grace' } });
    await world.send(host.caller, 'hello');
    const story = [
      'mutation { updateSession(input: { metadata: { a: 1 } }) { __typename } }',
      'mutation { clearMessages(input: {}) { __typename } }',
      `mutation { kickMember(input: { memberId: "${guest.memberId}", reason: "spam" }) { __typename } }`,
      'mutation { endSession(input: { reason: "done" }) { __typename } }',
    ];
    for (const source of story) await world.ask(source, {}, host.caller);
    const { events: stored } = await world.store.timeline.read(host.sessionId, 0, 100);
    return { world, host, guest, stored };
  }

  it('of each type is shown by its type', async () => {
    const { world, host, stored } = await happened();
    const shown = [];
    for (const event of stored.filter(({ body, message }) => body.type !== 'MESSAGE_ADDED' || message !== null)) {
      const { data, errors } = await deliver(world, all, event, host.caller);
      expect(errors).toEqual([]);
      expect(decodeEventCursor(data.e.cursor)).toEqual({ epoch: 'testtest', sessionId: host.sessionId, seq: event.seq });
      expect(data.e).toMatchObject({ occurredAt: '2030-01-01T00:00:00.000Z', session: { id: host.sessionId, title: 'Standup' } });
      shown.push(data.e);
    }
    expect(shown).toMatchObject([
      { __typename: 'MemberJoined', member: { name: 'Ada' } },
      { __typename: 'MemberJoined', member: { name: 'Grace' } },
      { __typename: 'SessionUpdated', changed: ['metadata'] },
      { __typename: 'MessagesCleared' },
      { __typename: 'MemberKicked', member: { name: 'Grace' }, by: { name: 'Ada' }, reason: 'spam' },
      { __typename: 'SessionEnded', by: { name: 'Ada' }, reason: 'done' },
    ]);
  });

  it('that is not on the timeline is shown too', async () => {
    const { world, host } = await happened();
    const base = { sessionId: host.sessionId, seq: 3, at: world.clock.now(), member: null, by: null, message: null };
    const expected = [
      [
        { type: 'STREAM_OPENED', recovered: false },
        { __typename: 'StreamOpened', recovered: false },
      ],
      [
        { type: 'REPLY_DELTA', messageId: 'msg_1' as MessageId, text: 'Hel' },
        { __typename: 'ReplyDelta', messageId: 'msg_1', text: 'Hel' },
      ],
      [
        { type: 'SESSION_RENEWED', expiresAt: null },
        { __typename: 'SessionRenewed', expiresAt: null },
      ],
      [
        { type: 'SESSION_EXPIRING', secondsLeft: 60 },
        { __typename: 'SessionExpiring', secondsLeft: 60 },
      ],
      [{ type: 'SESSION_EXPIRED' }, { __typename: 'SessionExpired' }],
    ] as const;
    for (const [body, shown] of expected) expect((await deliver(world, all, { ...base, body }, host.caller)).data.e).toMatchObject(shown);
  });

  it('costs no store call where all that is asked came with it', async () => {
    const world = createWorld();
    const host = await world.create({ identity: { name: 'Ada' } });
    await world.send(host.caller, 'hello');
    const { events: stored } = await world.store.timeline.read(host.sessionId, 1, 100);
    const added = stored.find(({ body }) => body.type === 'MESSAGE_ADDED');
    if (added === undefined) throw new Error('Expected a message.');
    const [ada] = await world.store.members.byIds([added.message?.authorId ?? ('' as never)]);
    world.reads.length = 0;
    const source = 'subscription { messageAdded { cursor occurredAt message { id content author { name } } } }';
    const { data } = await deliver(world, source, { ...added, member: ada ?? null }, host.caller);
    expect(data).toMatchObject({ messageAdded: { message: { content: 'hello', author: { name: 'Ada' } } } });
    expect(world.reads).toEqual([]);
  });

  it('is answered at once where nothing has to be read', async () => {
    const world = createWorld();
    const host = await world.create();
    await world.send(host.caller, 'hello');
    const [event] = (await world.store.timeline.read(host.sessionId, 0, 1)).events;
    if (event === undefined) throw new Error('Expected an event.');
    const operation = operationOf(world, 'subscription { sessionEvents { __typename cursor } }');
    for (let round = 0; round < 3; round++) {
      expect(world.engine.executeEvent(operation, {}, event, world.engine.createContext(nobody))).not.toBeInstanceOf(Promise);
    }
  });

  it('is delivered by whoever follows, also after being removed; but nobody is shown more of themselves than they are', async () => {
    const { world, guest, stored } = await happened();
    const kick = stored.find(({ body }) => body.type === 'MEMBER_KICKED');
    if (kick === undefined) throw new Error('Expected a kick.');
    const source = 'subscription { memberKicked { member { name } session { title messages { totalCount } members { totalCount } } } }';
    const { data, errors } = await deliver(world, source, kick, guest.caller);
    expect(errors).toEqual([]);
    expect(data.memberKicked).toEqual({
      member: { name: 'Grace' },
      session: { title: 'Standup', messages: { totalCount: 0 }, members: { totalCount: 1 } },
    });
    const own = await deliver(world, 'subscription { memberKicked { session { me { name } rules { allowlist } } } }', kick, guest.caller);
    expect(own.data.memberKicked.session).toEqual({ me: null, rules: { allowlist: null } });
  });

  it('goes by the variables below the root', async () => {
    const world = createWorld();
    const host = await world.create({ title: 'Standup' });
    await world.join(host.sessionId);
    const [event] = (await world.store.timeline.read(host.sessionId, 0, 1)).events;
    if (event === undefined) throw new Error('Expected an event.');
    const source =
      'subscription ($n: Int!, $t: Boolean!) { sessionEvents { session { title @include(if: $t) members(first: $n) { nodes { id } } } } }';
    const shown = async (n: number, t: boolean): Promise<unknown> =>
      (await deliver(world, source, event, host.caller, { n, t })).data.sessionEvents.session;
    expect(await shown(1, true)).toMatchObject({ title: 'Standup', members: { nodes: [{}] } });
    expect(await shown(2, false)).toEqual({ members: { nodes: [{ id: expect.any(String) }, { id: expect.any(String) }] } });
  });
});
