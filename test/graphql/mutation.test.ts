import { describe, expect, it } from 'vitest';
import { type Answer, type World, createWorld, nobody } from './world.ts';

const mutate = (world: World, field: string, input: object, selection: string, caller = nobody): Promise<Answer> =>
  world.ask(
    `mutation ($input: ${field.charAt(0).toUpperCase()}${field.slice(1)}Input!) { ${field}(input: $input) {
      __typename ${selection} ... on Problem { code status title detail path retryAfterSeconds backend { name } } } }`,
    { input },
    caller,
  );

describe('mutations', () => {
  it('tell the story of a session', async () => {
    const world = createWorld();
    const created = await mutate(
      world,
      'createSession',
      { title: 'Standup', identity: { name: 'Ada' }, rules: { timeout: { timeoutSeconds: 60 } } },
      '... on SessionAdmission { session { id status me { name } members { nodes { name } } messages { totalCount } } member { id role } credentials { token expiresAt } }',
    );
    expect(created.errors).toBeUndefined();
    // The caller came without credentials, and counts as the member that it was made.
    expect(created.data.createSession).toMatchObject({
      session: { status: 'ACTIVE', me: { name: 'Ada' }, members: { nodes: [{ name: 'Ada' }] }, messages: { totalCount: 0 } },
      member: { role: 'HOST' },
      credentials: { expiresAt: null },
    });
    expect(created.data.createSession.credentials.token).toMatch(/\S{20,}/);
    const sessionId: string = created.data.createSession.session.id;
    const [host] = await world.store.members.byIds([created.data.createSession.member.id]);
    if (!host) throw new Error('Expected the host to be stored.');
    const caller = { ...nobody, viewer: { kind: 'MEMBER', member: host }, currentSessionId: host.sessionId } as const;

    const opened = await mutate(
      world,
      'updateSession',
      { visibility: 'PUBLIC', metadata: { a: 1 } },
      '... on SessionChange { session { visibility metadata } }',
      caller,
    );
    expect(opened.data.updateSession.session).toEqual({ visibility: 'PUBLIC', metadata: { a: 1 } });
    const grace = await world.join(sessionId, { identity: { name: 'Grace' } });
    const sent = await mutate(
      world,
      'sendMessage',
      { content: 'hi' },
      '... on MessageDelivery { message { content author { name } session { lastActivityAt } } reply { id } }',
      grace.caller,
    );
    expect(sent.data.sendMessage).toMatchObject({ message: { content: 'hi', author: { name: 'Grace' } }, reply: null });
    const renewed = await mutate(world, 'renewSession', {}, '... on SessionChange { session { renewalCount } }', caller);
    expect(renewed.data.renewSession.session.renewalCount).toBe(2);
    const beat = await mutate(world, 'heartbeatSession', {}, '... on SessionChange { session { renewalCount } }', grace.caller);
    expect(beat.data.heartbeatSession.session.renewalCount).toBe(3);
    const timeout = await mutate(
      world,
      'setTimeoutPolicy',
      { policy: { timeoutSeconds: 120 } },
      '... on SessionChange { session { rules { timeout { timeoutSeconds autoRenew } } } }',
      caller,
    );
    expect(timeout.data.setTimeoutPolicy.session.rules.timeout).toEqual({ timeoutSeconds: 120, autoRenew: true });
    const kicked = await mutate(
      world,
      'kickMember',
      { memberId: grace.memberId, reason: 'spam' },
      '... on MemberRemoval { member { status } session { members { totalCount } } }',
      caller,
    );
    expect(kicked.data.kickMember).toMatchObject({ member: { status: 'KICKED' }, session: { members: { totalCount: 1 } } });
    const cleared = await mutate(world, 'clearMessages', {}, '... on SessionChange { session { messages { totalCount } } }', caller);
    expect(cleared.data.clearMessages.session.messages.totalCount).toBe(0);
    const replaced = await mutate(
      world,
      'replaceSession',
      { title: 'Anew' },
      '... on SessionChange { session { title visibility metadata } }',
      caller,
    );
    expect(replaced.data.replaceSession.session).toEqual({ title: 'Anew', visibility: 'PRIVATE', metadata: {} });
    const ended = await mutate(world, 'endSession', { reason: 'done' }, '... on SessionChange { session { status } }', caller);
    expect(ended.data.endSession.session.status).toBe('ENDED');
    const late = await mutate(world, 'sendMessage', { content: 'late' }, '', caller);
    expect(late.data.sendMessage).toMatchObject({ __typename: 'Problem', code: 'ENDED', status: 410, path: null, backend: null });
  });

  it('show the session to somebody who left it', async () => {
    const world = createWorld();
    const { caller } = await world.create();
    const left = await mutate(
      world,
      'leaveSession',
      {},
      '... on SessionChange { session { title members { totalCount } me { id } } }',
      caller,
    );
    expect(left).toEqual({
      data: { leaveSession: { __typename: 'SessionChange', session: { title: null, members: { totalCount: 0 }, me: null } } },
    });
  });

  it('run one after the other, each seeing what those before did', async () => {
    const world = createWorld();
    const { caller } = await world.create();
    const selection = '{ ... on MessageDelivery { message { session { messages { totalCount } } } } }';
    const source = `mutation ($a: SendMessageInput!, $b: SendMessageInput!) { a: sendMessage(input: $a) ${selection} b: sendMessage(input: $b) ${selection} }`;
    // Interpreted the first time, compiled the next ones.
    for (const before of [0, 2, 4]) {
      const { data } = await world.ask(source, { a: { content: 'a' }, b: { content: 'b' } }, caller);
      expect(data.a.message.session.messages.totalCount).toBe(before + 1);
      expect(data.b.message.session.messages.totalCount).toBe(before + 2);
    }
  });

  it('answer refusals with what to do about them', async () => {
    const world = createWorld();
    const { data } = await mutate(world, 'createSession', { rules: { maxMembers: 0 } }, '');
    expect(data.createSession).toEqual({
      __typename: 'Problem',
      code: 'BAD_INPUT',
      status: 400,
      title: 'The input breaks a rule',
      detail: 'Expected `rules.maxMembers` to be a whole number from 1 to 10000, got 0.',
      path: ['rules', 'maxMembers'],
      retryAfterSeconds: null,
      backend: null,
    });
  });

  it('refuse options for a backend of another kind', async () => {
    const world = createWorld();
    for (const [key, value] of Object.entries({ machani: { channels: [1] }, eliza: {}, julep: { contextOverflow: 'ADAPTIVE' } })) {
      const { data } = await mutate(world, 'createSession', { options: { [key]: value } }, '');
      expect(data.createSession).toMatchObject({ code: 'BAD_INPUT', path: ['options', key] });
    }
  });

  it('refuse options of two kinds at once, in variables and in the text', async () => {
    const world = createWorld();
    for (let round = 0; round < 3; round++) {
      const { data, errors } = await mutate(world, 'createSession', { options: { machani: {}, eliza: {} } }, '');
      expect(data).toBeUndefined();
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    }
    const { errors } = await world.ask('mutation { createSession(input: { options: { machani: {}, eliza: {} } }) { __typename } }');
    expect(errors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
  });

  it('tell a variable that is not given from one that is null', async () => {
    const world = createWorld();
    const { caller } = await world.create({ title: 'kept' });
    const source = 'mutation ($title: String) { updateSession(input: { title: $title }) { ... on SessionChange { session { title } } } }';
    for (let round = 0; round < 3; round++) {
      expect((await world.ask(source, {}, caller)).data.updateSession.session.title).toBe('kept');
    }
    expect((await world.ask(source, { title: null }, caller)).data.updateSession.session.title).toBeNull();
  });

  it('take the name of a backend that there is', async () => {
    const world = createWorld();
    const id: string = (await world.ask('{ backends { id } }')).data.backends[0].id;
    for (const backend of [id, 'local']) {
      expect((await mutate(world, 'createSession', { backend }, '')).data.createSession.__typename).toBe('SessionAdmission');
    }
    for (const [field, input] of [
      ['createSession', { backend: 'nowhere' }],
      ['requestWalletChallenge', { backend: 'nowhere', address: '0x52908400098527886E0F7030069857D2E4169EE7' }],
    ] as const) {
      expect((await mutate(world, field, input, '')).data[field]).toMatchObject({ code: 'BAD_INPUT', path: ['backend'] });
    }
  });

  it('make a wallet a viewer', async () => {
    const { privateKeyToAccount } = await import('viem/accounts');
    const world = createWorld({ anonymous: false });
    const account = privateKeyToAccount(`0x${'1'.repeat(64)}`);
    const asked = await mutate(
      world,
      'requestWalletChallenge',
      { address: account.address },
      '... on WalletChallenge { id message expiresAt }',
    );
    const { id, message, expiresAt } = asked.data.requestWalletChallenge;
    expect(expiresAt).toBe('2030-01-01T00:05:00.000Z');
    const signature = await account.signMessage({ message });
    const verified = await mutate(world, 'verifyWallet', { challengeId: id, signature }, '... on Credentials { token expiresAt }');
    expect(verified.data.verifyWallet).toMatchObject({ __typename: 'Credentials', expiresAt: '2030-01-01T01:00:00.000Z' });
    const again = await mutate(world, 'verifyWallet', { challengeId: id, signature }, '');
    expect(again.data.verifyWallet).toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
