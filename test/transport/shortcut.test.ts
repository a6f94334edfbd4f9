import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Apollo, type AskedRequest, type HttpAnswer, createApollo } from '../../src/transport/apollo.ts';
import { type Shortcut, createShortcut } from '../../src/transport/shortcut.ts';
import { type Opened, type World, createWorld, nobody } from '../graphql/world.ts';

let world: World;
let apollo: Apollo;
let shortcut: Shortcut;
let host: Opened;
/** How often Apollo Server was asked, and how often it was given what had come of the operation. */
let asked: { whole: number; executed: number };

beforeEach(async () => {
  world = createWorld();
  apollo = await createApollo({ engine: world.engine, introspection: true, logger: pino({ level: 'silent' }) });
  asked = { whole: 0, executed: 0 };
  const answer: Apollo['answer'] = (request, caller, executed) => {
    asked[executed === undefined ? 'whole' : 'executed'] += 1;
    return apollo.answer(request, caller, executed);
  };
  shortcut = createShortcut({ engine: world.engine, apollo: { answer } });
  host = await world.create({ title: 'Deck' });
  await world.send(host.caller, 'Ahoy');
});
afterEach(async () => {
  await apollo[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const json = { 'content-type': 'application/json' };
const post = (body: unknown, headers: AskedRequest['headers'] = json): AskedRequest => ({ method: 'POST', url: '/graphql', headers, body });

/** An answer as a client gets it; ids that are drawn for each error are all alike. */
const seen = ({ status, headers, body }: HttpAnswer): unknown => ({
  status,
  headers: [...headers],
  body: body.replaceAll(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, '<id>'),
});
const byShortcut = async (request: AskedRequest, caller = host.caller): Promise<unknown> => seen(await shortcut.answer(request, caller));
const byApollo = async (request: AskedRequest, caller = host.caller): Promise<unknown> => seen(await apollo.answer(request, caller));

const card = `query Card($id: ID!, $first: Int, $messages: Boolean = true) { session(id: $id) {
  id title status visibility createdAt rules { maxMembers passwordProtected } me { role } backend { name features { feature } }
  members(first: $first) { totalCount nodes { id name joinedAt } edges { cursor } pageInfo { hasNextPage startCursor } }
  messages @include(if: $messages) { nodes { content author { name } } } } }`;
const ids = (): Readonly<Record<string, unknown>> => ({ id: host.sessionId });

/** Operations that come out without errors. */
const good: readonly (readonly [name: string, body: () => Readonly<Record<string, unknown>>])[] = [
  ['a query without variables', () => ({ query: '{ viewer { kind session { title } member { name } } }' })],
  ['a query of many fields', () => ({ query: card, variables: ids() })],
  ['the same with a condition', () => ({ query: card, variables: { ...ids(), messages: false }, operationName: 'Card' })],
  ['one that finds nothing', () => ({ query: card, variables: { id: 'ses_nothing' } })],
  ['values in the text', () => ({ query: `{ node(id: "${host.sessionId}") { __typename id ... on Session { title } } }` })],
  ['one of several operations', () => ({ query: 'query a { __typename } query b { viewer { kind } }', operationName: 'b' })],
  ['nothing in place of what may be left out', () => ({ query: '{ __typename }', variables: null, operationName: null, extensions: null })],
  ['extensions of a client', () => ({ query: '{ __typename }', extensions: { clientLibrary: { name: 'client', version: '1' } } })],
  ['introspection', () => ({ query: '{ __schema { queryType { name } } }' })],
  ['letters beyond ASCII', () => ({ query: '{ viewer { kind } } # ⚓' })],
  [
    'a mutation that is refused',
    () => ({ query: 'mutation { kickMember(input: { memberId: "x" }) { ... on Problem { code detail path } } }' }),
  ],
];

/** Operations that have errors, whether or not there is data. */
const faulty: readonly (readonly [name: string, body: () => Readonly<Record<string, unknown>>])[] = [
  ['a problem', () => ({ query: '{ sessions(first: 1, after: "garbage") { nodes { id } } }' })],
  ['a problem beside data', () => ({ query: 'query ($id: ID!) { session(id: $id) { id suggestions { totalCount } } }', variables: ids() })],
  ['a variable that is missing', () => ({ query: 'query ($id: ID!) { session(id: $id) { id } }' })],
  ['a variable of another type', () => ({ query: 'query ($n: Int) { sessions(first: $n) { totalCount } }', variables: { n: 'many' } })],
  ['a list too long', () => ({ query: 'query ($n: Int) { sessions(first: $n) { totalCount } }', variables: { n: 101 } })],
];

/** Requests that are Apollo Server's, however often they come. */
const others: readonly (readonly [name: string, request: () => AskedRequest])[] = [
  ['GET', () => ({ method: 'GET', url: '/graphql?query={__typename}', headers: { 'apollo-require-preflight': '1' }, body: undefined })],
  ['GET that might be forged', () => ({ method: 'GET', url: '/graphql?query={__typename}', headers: {}, body: undefined })],
  ['no content type', () => post({ query: '{ __typename }' }, {})],
  ['a simple content type', () => post({ query: '{ __typename }' }, { 'content-type': 'text/plain' })],
  ['a content type with parameters', () => post({ query: '{ __typename }' }, { 'content-type': 'application/json; a=b' })],
  ['an Accept that nothing fits', () => post({ query: '{ __typename }' }, { ...json, accept: 'text/html' })],
  ['a syntax error', () => post({ query: '{' })],
  ['an unknown field', () => post({ query: '{ nope }' })],
  ['no query', () => post({ variables: {} })],
  ['an empty query', () => post({ query: '' })],
  ['a query that is no text', () => post({ query: 1 })],
  ['variables that are no object', () => post({ query: '{ __typename }', variables: [] })],
  ['variables as text', () => post({ query: '{ __typename }', variables: '{}' })],
  ['a name that is no text', () => post({ query: '{ __typename }', operationName: 1 })],
  ['an empty name', () => post({ query: '{ __typename }', operationName: '' })],
  ['an unknown name', () => post({ query: 'query a { __typename }', operationName: 'b' })],
  ['no name among several', () => post({ query: 'query a { __typename } query b { __typename }' })],
  ['extensions as text', () => post({ query: '{ __typename }', extensions: 'x' })],
  ['a persisted query', () => post({ query: '{ __typename }', extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } })],
  ['a subscription', () => post({ query: 'subscription { sessionEvents { cursor } }' })],
  ['a list of operations', () => post([{ query: '{ __typename }' }])],
  ['no object', () => post('{ __typename }')],
  ['nothing', () => post(null)],
];

describe('a request that was answered before', () => {
  test.each(good)('%s: is answered without Apollo Server as by it', async (_, body) => {
    const request = post(body());
    const expected = await byApollo(request);
    // The first is Apollo Server's; then it is interpreted, then compiled.
    for (let time = 0; time < 4; time += 1) expect(await byShortcut(request)).toEqual(expected);
    expect(asked).toEqual({ whole: 1, executed: 0 });
  });

  test.each(faulty)('%s: is executed once, and told by Apollo Server', async (_, body) => {
    await byShortcut(post({ query: '{ __typename }' }));
    const request = post(body());
    const expected = await byApollo(request);
    for (let time = 0; time < 4; time += 1) expect(await byShortcut(request)).toEqual(expected);
    expect(asked).toEqual({ whole: 1, executed: 4 });
  });

  test.each(others)('%s: is left to Apollo Server', async (_, request) => {
    await byShortcut(post({ query: '{ __typename }' }));
    await byShortcut(post({ query: 'query a { __typename } query b { __typename }', operationName: 'a' }));
    const before = asked.whole;
    const expected = await byApollo(request());
    for (let time = 0; time < 3; time += 1) expect(await byShortcut(request())).toEqual(expected);
    expect(asked).toEqual({ whole: before + 3, executed: 0 });
  });

  test.each([
    undefined,
    '',
    '*/*',
    'application/json',
    'application/graphql-response+json, application/json;q=0.9',
    'text/html, */*;q=0.1',
  ])('has the type that its Accept asks for: %s', async (accept) => {
    const request = post({ query: '{ viewer { kind } }' }, accept === undefined ? json : { ...json, accept });
    const expected = await byApollo(request);
    for (let time = 0; time < 3; time += 1) expect(await byShortcut(request)).toEqual(expected);
    expect(asked.whole).toBe(1);
  });

  test('is answered for the caller that asks now', async () => {
    const request = post({ query: '{ viewer { kind member { id } } }' });
    const guest = await world.join(host.sessionId, { identity: { name: 'Grace' } });
    for (const caller of [host.caller, guest.caller, nobody, host.caller]) {
      expect(await byShortcut(request, caller)).toEqual(await byApollo(request, caller));
    }
  });
});

test('a mutation whose result has errors is carried out once', async () => {
  const request = post({
    query: `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
      ... on MessageDelivery { message { id content session { suggestions { totalCount } messages { totalCount } } } } } }`,
    variables: { input: { content: 'once' } },
  });
  const sentSoFar = async (): Promise<number> =>
    (await world.store.messages.list([{ sessionId: host.sessionId, page: { limit: 9 } }]))[0]?.totalCount ?? 0;
  for (let times = 1; times <= 4; times += 1) {
    const before = await sentSoFar();
    expect(await byShortcut(request)).toMatchObject({ body: expect.stringContaining('"UNSUPPORTED"') });
    expect(await sentSoFar()).toBe(before + 1);
  }
  expect(asked.executed).toBe(3);
});

test('what fails unexpectedly is masked, and reported once', async () => {
  const request = post({ query: '{ sessions(first: 1) { nodes { id } } }' });
  await byShortcut(request);
  Object.assign(world.store.sessions, { list: () => Promise.reject(new Error('SQL: the table is secret')) });
  const expected = await byApollo(request);
  expect(JSON.stringify(expected)).toContain('INTERNAL_SERVER_ERROR');
  for (let time = 1; time <= 3; time += 1) {
    const before = world.reports.length;
    expect(await byShortcut(request)).toEqual(expected);
    expect(world.reports).toHaveLength(before + 1);
  }
  expect(asked.executed).toBe(3);
});
