import { buildSchema as parseSchema, isObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { enforce, policy } from '../../src/graphql/policy.ts';
import { readSchemaText } from '../../src/graphql/schema.ts';
import { apiKey, createWorld, nobody, user, wallet } from './world.ts';

describe('the policy', () => {
  it('has a rule for every field of every type, and no other', () => {
    const schema = parseSchema(readSchemaText());
    const fields = Object.values(schema.getTypeMap()).flatMap((type) =>
      isObjectType(type) && !type.name.startsWith('__') ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`) : [],
    );
    expect(fields.length).toBeGreaterThan(150);
    expect([...policy.keys()].toSorted()).toEqual(fields.toSorted());
  });

  it('does not start with a field that it does not know', () => {
    expect(() => enforce(parseSchema('type Query { viewer: String, secrets: String }'))).toThrow(
      'Expected a rule for Query.secrets in the policy, got none: add one.',
    );
  });
});

const roots = {
  backends: '{ backends { name } }',
  sessions: '{ sessions { totalCount } }',
  session: '{ session(id: "ses_0") { id } }',
  sessionByHandle: '{ sessionByHandle(backend: "local", handle: "x") { id } }',
  currentSession: '{ currentSession { id } }',
  node: '{ node(id: "ses_0") { id } }',
  nodes: '{ nodes(ids: ["ses_0"]) { id } }',
  'viewer.session': '{ viewer { session { id } } }',
} as const;

const mutations: Readonly<Record<string, object>> = {
  createSession: {},
  joinSession: { sessionId: 'ses_0' },
  leaveSession: { sessionId: 'ses_0' },
  kickMember: { sessionId: 'ses_0', memberId: 'mem_0' },
  endSession: { sessionId: 'ses_0' },
  updateSession: { sessionId: 'ses_0' },
  replaceSession: { sessionId: 'ses_0' },
  renewSession: { sessionId: 'ses_0' },
  heartbeatSession: { sessionId: 'ses_0' },
  setTimeoutPolicy: { sessionId: 'ses_0', policy: {} },
  sendMessage: { sessionId: 'ses_0', content: 'x' },
  clearMessages: { sessionId: 'ses_0' },
};

const mutate = (field: string): string =>
  `mutation ($input: ${field.charAt(0).toUpperCase()}${field.slice(1)}Input!) { ${field}(input: $input) { __typename ... on Problem { code } } }`;

describe('without anonymous access', () => {
  it.each(Object.entries(roots))('an anonymous caller does not read %s', async (_, query) => {
    const world = createWorld({ anonymous: false });
    const { errors } = await world.ask(query);
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED', status: 401 } }]);
    expect(world.reads).toEqual([]);
    expect((await world.ask(query, {}, apiKey)).errors).toBeUndefined();
  });

  it.each(Object.entries(mutations))('an anonymous caller does not %s', async (field, input) => {
    const world = createWorld({ anonymous: false });
    expect(await world.ask(mutate(field), { input })).toEqual({ data: { [field]: { __typename: 'Problem', code: 'UNAUTHENTICATED' } } });
    expect(world.reads).toEqual([]);
  });

  it('an anonymous caller learns who it is, and may prove a wallet', async () => {
    const world = createWorld({ anonymous: false });
    expect(await world.ask('{ __typename viewer { kind } }')).toEqual({ data: { __typename: 'Query', viewer: { kind: 'ANONYMOUS' } } });
    const { data } = await world.ask(
      'mutation ($input: RequestWalletChallengeInput!) { requestWalletChallenge(input: $input) { ... on WalletChallenge { message } ... on Problem { code } } }',
      { input: { address: '0x52908400098527886E0F7030069857D2E4169EE7' } },
    );
    expect(data.requestWalletChallenge.message).toContain('0x52908400098527886E0F7030069857D2E4169EE7');
    const verified = await world.ask(mutate('verifyWallet'), { input: { challengeId: 'x', signature: '0x' } });
    expect(verified.data.verifyWallet).toEqual({ __typename: 'Problem', code: 'BAD_INPUT' });
  });

  it('keys, wallets and users create sessions; a member token does not', async () => {
    const world = createWorld({ anonymous: false });
    for (const caller of [apiKey, wallet, user]) {
      const { data } = await world.ask(mutate('createSession'), { input: {} }, caller);
      expect(data.createSession.__typename).toBe('SessionAdmission');
    }
    const { caller } = await world.create({}, apiKey);
    expect((await world.ask(mutate('createSession'), { input: {} }, caller)).data.createSession.code).toBe('FORBIDDEN');
  });
});

describe('with anonymous access', () => {
  it('anybody creates sessions', async () => {
    const world = createWorld();
    const { caller } = await world.create({}, nobody);
    expect((await world.ask(mutate('createSession'), { input: {} }, caller)).data.createSession.__typename).toBe('SessionAdmission');
  });
});

describe('the allowlist', () => {
  const read = 'query ($id: ID!) { session(id: $id) { rules { allowlist } } }';

  it('is for hosts', async () => {
    const world = createWorld();
    const host = await world.create({ visibility: 'PUBLIC', rules: { allowlist: ['ada', 'grace'], allowlistOnly: false } }, apiKey);
    const guest = await world.join(host.sessionId);
    const seenBy = async (caller: typeof nobody): Promise<unknown> =>
      (await world.ask(read, { id: host.sessionId }, caller)).data.session.rules.allowlist;
    expect(await seenBy(host.caller)).toEqual(['ada', 'grace']);
    expect(await seenBy(apiKey)).toEqual(['ada', 'grace']);
    expect(await seenBy(guest.caller)).toBeNull();
    expect(await seenBy(nobody)).toBeNull();
  });
});
