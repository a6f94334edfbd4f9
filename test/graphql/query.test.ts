import { describe, expect, it } from 'vitest';
import { apiKey, callerOf, createWorld, nobody, otherKey, user, wallet } from './world.ts';

const whole = `query ($id: ID!) {
  session(id: $id) {
    __typename id handle title description visibility status createdAt updatedAt lastActivityAt expiresAt renewalCount
    defaults metadata agentId situation cursor
    backend { id name kind features { feature provider } health { status circuit latencyMs checkedAt message } agents { id } }
    rules { maxMembers lifetimeSeconds passwordProtected allowlistOnly allowlist maxFiles maxTotalMegabytes
      timeout { timeoutSeconds autoRenew maxDurationSeconds warningSeconds } }
    members { totalCount nodes { id name address role status joinedAt leftAt online } pageInfo { hasNextPage hasPreviousPage } }
    messages { totalCount nodes { id content role channel metadata options createdAt author { name } session { id } inReplyTo { content }
      attachments { url mediaType name sizeBytes } } }
    me { name role }
  }
}`;

describe('a session', () => {
  it('is read whole', async () => {
    const world = createWorld();
    const { sessionId, caller } = await world.create({
      title: 'Standup',
      visibility: 'PUBLIC',
      identity: { name: 'Ada' },
      rules: { maxMembers: 3, allowlist: ['ada'], allowlistOnly: false, timeout: { timeoutSeconds: 60 } },
      defaults: { model: 'a', depth: 1 },
      metadata: { room: '7' },
    });
    const first = await world.send(caller, 'hello', {
      options: { model: 'b' },
      attachments: [{ url: 'https://example.com/a.png', sizeBytes: 3 }],
    });
    await world.send(caller, 'hello to you', { inReplyTo: first });
    const { data, errors } = await world.ask(whole, { id: sessionId }, caller);
    expect(errors).toBeUndefined();
    expect(data.session).toMatchObject({
      id: sessionId,
      title: 'Standup',
      status: 'ACTIVE',
      createdAt: '2030-01-01T00:00:00.000Z',
      expiresAt: '2030-01-01T00:01:00.000Z',
      renewalCount: 2,
      defaults: { model: 'a', depth: 1 },
      metadata: { room: '7' },
      backend: { name: 'local', kind: 'LOCAL', health: { status: 'UP' }, agents: [] },
      rules: { maxMembers: 3, passwordProtected: false, allowlist: ['ada'], timeout: { timeoutSeconds: 60, autoRenew: true } },
      members: { totalCount: 1, nodes: [{ name: 'Ada', role: 'HOST', online: false }], pageInfo: { hasNextPage: false } },
      me: { name: 'Ada', role: 'HOST' },
    });
    expect(data.session.messages.nodes).toMatchObject([
      {
        content: 'hello',
        options: { model: 'b', depth: 1 },
        author: { name: 'Ada' },
        session: { id: sessionId },
        attachments: [{ sizeBytes: 3 }],
      },
      { content: 'hello to you', inReplyTo: { content: 'hello' } },
    ]);
  });

  it('shows as expired from the instant on, and is still read', async () => {
    const world = createWorld();
    const { sessionId, caller } = await world.create({ rules: { lifetimeSeconds: 10 } });
    await world.clock.advance(9_999);
    expect((await world.ask(whole, { id: sessionId }, caller)).data.session.status).toBe('ACTIVE');
    await world.clock.advance(1);
    expect((await world.ask(whole, { id: sessionId }, caller)).data.session.status).toBe('EXPIRED');
  });

  it('knows who is online', async () => {
    const world = createWorld();
    const { sessionId, memberId, caller } = await world.create();
    const [member] = await world.store.members.byIds([memberId as never]);
    const entered = world.presence.enter((member ?? { id: '' as never }).id);
    expect((await world.ask(whole, { id: sessionId }, caller)).data.session.members.nodes[0].online).toBe(true);
    entered[Symbol.dispose]();
    expect((await world.ask(whole, { id: sessionId }, caller)).data.session.members.nodes[0].online).toBe(false);
  });

  it('has no suggestions here, and says so', async () => {
    const world = createWorld();
    const { sessionId, caller } = await world.create();
    const { data, errors } = await world.ask(
      'query ($id: ID!) { session(id: $id) { suggestions { nodes { content } } } }',
      { id: sessionId },
      caller,
    );
    expect(data).toEqual({ session: null });
    expect(errors).toMatchObject([
      { path: ['session', 'suggestions'], extensions: { code: 'UNSUPPORTED', status: 422, backend: 'local' } },
    ]);
  });
});

describe('ids', () => {
  const node =
    'query ($id: ID!) { node(id: $id) { __typename id ... on Member { name } ... on Message { content } ... on Backend { kind } } }';

  it.each(['Backend', 'Session', 'Member', 'Message'])('%s is a node', async (type) => {
    const world = createWorld();
    const { sessionId, memberId, caller } = await world.create();
    const messageId = await world.send(caller, 'hello');
    const backendId = (await world.ask('{ backends { id } }')).data.backends[0].id;
    const id = { Backend: backendId, Session: sessionId, Member: memberId, Message: messageId }[type];
    expect((await world.ask(node, { id }, caller)).data.node).toMatchObject({ __typename: type, id });
  });

  it('that are well-formed but name nothing are null, in their place', async () => {
    const world = createWorld();
    const { sessionId } = await world.create({ visibility: 'PUBLIC' });
    const ids = ['ses_00000000000000000000000000000000', sessionId, 'mem_0', 'msg_0', 'bck_bm9uZQ'];
    expect(await world.ask('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids })).toEqual({
      data: { nodes: [null, { id: sessionId }, null, null, null] },
    });
  });

  it.each(['', 'x', 'ses_', 'ses_a b', 'usr_1', 'agt_QQ', 'sug_QQ', '\u0000', 'ses_'.padEnd(300, 'a')])(
    'that are malformed are refused: %j',
    async (id) => {
      const world = createWorld();
      const answer = await world.ask(node, { id });
      expect(answer.data).toEqual({ node: null });
      expect(answer.errors).toMatchObject([{ extensions: { code: 'BAD_INPUT', status: 400, path: ['id'] } }]);
      expect(answer.errors?.[0]?.message).toMatch(/^Expected `id` to be a Backend, Session, Member or Message id, got /);
    },
  );

  it('of another type are refused where a session is meant', async () => {
    const world = createWorld();
    const { memberId } = await world.create();
    const answer = await world.ask('query ($id: ID!) { session(id: $id) { id } }', { id: memberId });
    expect(answer.errors?.[0]?.message).toBe(`Expected \`id\` to be a Session id, got ${JSON.stringify(memberId)}.`);
  });

  it('come at most 100 at once', async () => {
    const world = createWorld();
    const ids = Array.from({ length: 101 }, () => 'mem_0');
    const answer = await world.ask('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids });
    expect(answer.errors).toMatchObject([
      { message: 'Expected `ids` to have at most 100 entries, got 101.', extensions: { code: 'BAD_INPUT' } },
    ]);
  });
});

describe('what a caller may not see', () => {
  const all = `query ($id: ID!, $member: ID!, $message: ID!, $handle: String!) {
    session(id: $id) { id } sessionByHandle(backend: "local", handle: $handle) { id }
    member: node(id: $member) { id } message: node(id: $message) { id } sessions { totalCount nodes { id } } }`;

  async function privateSession(input: Readonly<Record<string, unknown>> = {}) {
    const world = createWorld();
    const host = await world.create(input, apiKey);
    const message = await world.send(host.caller, 'secret');
    const [session] = await world.store.sessions.byIds([host.sessionId]);
    return { world, host, variables: { id: host.sessionId, member: host.memberId, message, handle: session?.handle } };
  }

  it('is not there', async () => {
    const { world, variables } = await privateSession();
    const none = { session: null, sessionByHandle: null, member: null, message: null, sessions: { totalCount: 0, nodes: [] } };
    for (const caller of [nobody, otherKey, wallet, user, callerOf({ kind: 'ANONYMOUS' }, variables.id)]) {
      expect(await world.ask(all, variables, caller)).toEqual({ data: none });
    }
    expect(
      (
        await world.ask(
          '{ currentSession { id } viewer { session { id } member { id } } }',
          {},
          callerOf({ kind: 'ANONYMOUS' }, variables.id),
        )
      ).data,
    ).toEqual({
      currentSession: null,
      viewer: { session: null, member: null },
    });
  });

  it('is there for its members and its owner', async () => {
    const { world, host, variables } = await privateSession();
    for (const caller of [host.caller, apiKey]) {
      const { data, errors } = await world.ask(all, variables, caller);
      expect(errors).toBeUndefined();
      expect(data).toMatchObject({
        session: { id: variables.id },
        sessionByHandle: { id: variables.id },
        member: { id: variables.member },
        message: { id: variables.message },
        sessions: { totalCount: 1 },
      });
    }
  });

  it('shows to those who are invited, but for its messages', async () => {
    const { world, variables } = await privateSession({ rules: { allowlist: ['ADA', '0x52908400098527886e0f7030069857d2e4169ee7'] } });
    for (const caller of [wallet, user]) {
      const { data } = await world.ask(all, variables, caller);
      expect(data).toMatchObject({ session: { id: variables.id }, member: { id: variables.member }, message: null });
      const read = await world.ask(
        'query ($id: ID!) { session(id: $id) { title rules { allowlist } messages { nodes { id } } } }',
        { id: variables.id },
        caller,
      );
      expect(read.errors).toMatchObject([{ extensions: { code: 'NOT_A_MEMBER', status: 403 } }]);
      const rules = await world.ask(
        'query ($id: ID!) { session(id: $id) { rules { allowlistOnly allowlist } } }',
        { id: variables.id },
        caller,
      );
      expect(rules).toEqual({ data: { session: { rules: { allowlistOnly: true, allowlist: null } } } });
    }
  });

  it('includes the messages of a public session that asks for a password', async () => {
    const { world, variables } = await privateSession({ visibility: 'PUBLIC', rules: { password: 'sesame' } });
    const { data } = await world.ask(all, variables, nobody);
    expect(data).toMatchObject({ session: { id: variables.id }, message: null });
  });

  it('is forgotten by a member token whose member was removed, even on an old connection', async () => {
    const { world, host, variables } = await privateSession();
    const guest = await world.join(host.sessionId, {}, apiKey);
    await world.ask(
      'mutation ($input: KickMemberInput!) { kickMember(input: $input) { __typename } }',
      { input: { sessionId: host.sessionId, memberId: guest.memberId } },
      apiKey,
    );
    expect((await world.ask(all, variables, guest.caller)).data).toMatchObject({ session: null, member: null, message: null });
  });
});

describe('the list of sessions', () => {
  const list = `query ($first: Int, $after: String, $filter: SessionFilter) { sessions(first: $first, after: $after, filter: $filter) {
    totalCount problems { code } nodes { title } edges { cursor node { title } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

  async function many() {
    const world = createWorld();
    for (const title of ['a', 'b', 'c', 'd', 'e']) {
      await world.create(
        { title, visibility: title === 'e' ? 'PRIVATE' : 'PUBLIC', metadata: { letter: title } },
        title < 'c' ? apiKey : nobody,
      );
      await world.clock.advance(1_000);
    }
    return world;
  }
  const titles = (answer: { readonly data?: any }): string =>
    answer.data.sessions.nodes.map(({ title }: { readonly title: string }) => title).join('');

  it('is newest first, in pages', async () => {
    const world = await many();
    const page = await world.ask(list, { first: 3 });
    expect(titles(page)).toBe('dcb');
    expect(page.data.sessions).toMatchObject({ totalCount: 4, problems: [], pageInfo: { hasNextPage: true, hasPreviousPage: false } });
    const rest = await world.ask(list, { first: 3, after: page.data.sessions.pageInfo.endCursor });
    expect(titles(rest)).toBe('a');
    expect(rest.data.sessions.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect(rest.data.sessions.edges[0].cursor).toBe(rest.data.sessions.pageInfo.startCursor);
  });

  it('narrows', async () => {
    const world = await many();
    expect(titles(await world.ask(list, { filter: { metadata: { letter: 'c' } } }))).toBe('c');
    expect(titles(await world.ask(list, { filter: { visibility: ['PRIVATE'] } }))).toBe('');
    expect(titles(await world.ask(list, { filter: { status: ['ENDED', 'EXPIRED'] } }))).toBe('');
    expect(titles(await world.ask(list, { filter: { backends: ['local'] } }))).toBe('dcba');
    expect(titles(await world.ask(list, { filter: { agentId: 'nobody' } }))).toBe('');
    expect(titles(await world.ask(list, { filter: { mine: true } }, apiKey))).toBe('ba');
    expect(titles(await world.ask(list, { filter: { mine: true } }, nobody))).toBe('');
    const e = await world.create({ title: 'f' });
    expect(titles(await world.ask(list, { filter: { mine: true } }, e.caller))).toBe('f');
  });

  it('names the backend that is not configured', async () => {
    const answer = await createWorld().ask(list, { filter: { backends: ['nowhere'] } });
    expect(answer.errors).toMatchObject([
      {
        message: 'Expected `filter.backends` to be one of local, got "nowhere".',
        extensions: { code: 'BAD_INPUT', path: ['filter', 'backends'] },
      },
    ]);
  });
});

describe('who is asking', () => {
  const who = '{ viewer { kind name address tier session { id } member { name } } currentSession { id } }';

  it.each([
    ['ANONYMOUS', nobody, { name: null, address: null, tier: null }],
    ['API_KEY', apiKey, { name: 'robot', address: null, tier: 'PRO' }],
    ['WALLET', wallet, { name: null, address: '0x52908400098527886E0F7030069857D2E4169EE7', tier: null }],
    ['USER', user, { name: 'ada', address: null, tier: null }],
  ] as const)('%s', async (kind, caller, fields) => {
    const answer = await createWorld().ask(who, {}, caller);
    expect(answer.data).toEqual({ viewer: { kind, ...fields, session: null, member: null }, currentSession: null });
  });

  it('MEMBER, with its session', async () => {
    const world = createWorld();
    const { caller, sessionId } = await world.create({ identity: { name: 'Ada' } });
    const { data } = await world.ask(who, {}, caller);
    expect(data).toMatchObject({
      viewer: { kind: 'MEMBER', name: 'Ada', session: { id: sessionId }, member: { name: 'Ada' } },
      currentSession: { id: sessionId },
    });
  });

  it('a user with a session picked by header', async () => {
    const world = createWorld();
    const { sessionId } = await world.create({ identity: { name: 'Ada' } }, user);
    const { data } = await world.ask(who, {}, callerOf(user.viewer, sessionId));
    expect(data).toMatchObject({ viewer: { session: { id: sessionId }, member: { name: 'Ada' } }, currentSession: { id: sessionId } });
  });
});
