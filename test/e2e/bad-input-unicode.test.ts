import { beforeAll, describe, expect, test } from 'vitest';
import { expectProblem, unchanged } from '../support/bad-input.ts';
import { gatewayOfFile } from '../support/gateway-of-file.ts';
import { type Admitted, createSession, joinSession, mutate, post, query } from '../support/graphql-client.ts';
import { follow, ofType } from '../support/live-client.ts';
import { connectPeer } from '../support/ws-peer.ts';

const gateway = gatewayOfFile();

/** What must come back as it was sent, to the last code unit. None begins or ends with white space, which names do not keep. */
const texts: readonly (readonly [what: string, text: string])[] = [
  ['emoji, joined and coloured', '👩‍👩‍👧‍👦 👋🏽 🏴󠁧󠁢󠁳󠁣󠁴󠁿'],
  ['what is written the other way', 'שלום‮ مرحبا‬ abc'],
  ['marks that combine, and a letter that has them', 'e\u0301 é Z\u0351\u036b\u0343'],
  ['letters of four bytes', '𠮷 𝔘𝔫𝔦 \u{10ffff}'],
  ['what is no character', '\uffff \ufffe \ufdd0 \ufffd'],
  ['what cannot be seen', 'a\u200b\u2060\ufeff\u00ad\u180eb'],
  ['ends of lines', 'a\r\nb\nc\rd\u2028e\u2029f\u0085g\tf\u000bg'],
  ['controls', '\u0001\u0002\u001b[31m\u007f\u009f'],
  ['what others run', `'; DROP TABLE sessions; -- "\\"\\\\ \${x} {{x}} </script><b> %00 %s \\u0000 \\ud800`],
  ['letters that change their length', 'ß ﬁ İ ı ſ Ǆ ŉ'],
  ['names of JavaScript', '__proto__'],
];

/** What a store could give back as something else. */
const unstorable: readonly (readonly [what: string, text: string])[] = [
  ['half of a pair', 'a\ud83db'],
  ['the other half', 'a\udc4bb'],
  ['a pair the wrong way round', '\udc4b\ud83d'],
  ['a pair and a half', '👋\ud83d'],
  ['a NUL', 'a\0b'],
];

/** A session all over which the text stands. */
const sessionWith = (text: string) => ({
  title: text,
  description: text,
  situation: text,
  identity: { name: text },
  rules: { allowlist: [text], allowlistOnly: false },
  defaults: { [text]: text },
  metadata: { [text]: { [text]: [text, { deep: text }] } },
});
const messageWith = (text: string) => ({
  content: text,
  channel: text,
  metadata: { [text]: text },
  options: { [text]: [text] },
  attachments: [{ url: 'https://a.example/b', name: text }],
  idempotencyKey: text,
});

const sessionFields = 'title description situation defaults metadata rules { allowlist } members(status: ACTIVE) { nodes { name } }';
const messageFields = 'content channel metadata options attachments { url name } author { name }';

/** The same as answers show it. */
const shownSession = (text: string) => {
  const { identity, rules, ...rest } = sessionWith(text);
  return { ...rest, rules: { allowlist: rules.allowlist }, members: { nodes: [identity] } };
};
const shownMessage = (text: string) => {
  const { content, channel, metadata, options, attachments } = messageWith(text);
  return { content, channel, metadata, options: { ...sessionWith(text).defaults, ...options }, attachments, author: { name: text } };
};

const events = `subscription ($after: String) { sessionEvents(after: $after) { __typename
  session { ${sessionFields} } ... on MessageAdded { message { ${messageFields} } } ... on MemberKicked { reason member { name } } } }`;

/** For comparisons of every code unit, of the order of keys, and of keys that have a meaning in JavaScript. */
const exact = (value: unknown): string => JSON.stringify(value);

describe('what survives', () => {
  const hosts: Admitted[] = [];
  const readBack = async (host: Admitted, text: string): Promise<void> => {
    const source = `query ($text: String) { currentSession { ${sessionFields} all: messages { nodes { ${messageFields} } } one: messages(channel: $text) { nodes { ${messageFields} } } } }`;
    const { all, one, ...session } = (await query(gateway.url, source, { text }, host.credentials)).currentSession;
    expect(exact(session)).toBe(exact(shownSession(text)));
    expect(exact(all.nodes)).toBe(exact([shownMessage(text)]));
    expect(exact(one.nodes)).toBe(exact(all.nodes));
  };

  test.each(texts)('%s', async (_what, text) => {
    const { url } = gateway;
    const host = await createSession(url, sessionWith(text));
    hosts.push(host);
    const stream = follow(url, events, {}, host.credentials);
    await stream.until(ofType('StreamOpened'));

    const send = (input: object) =>
      mutate(url, 'sendMessage', input, `... on MessageDelivery { message { id ${messageFields} } }`, host.credentials);
    const { id, ...sent } = (await send(messageWith(text))).message;
    expect(exact(sent)).toBe(exact(shownMessage(text)));
    // The idempotency key is the same text, and no other that looks like it.
    expect((await send(messageWith(text))).message.id).toBe(id);
    const { message, session } = await stream.until(ofType('MessageAdded'));
    expect(exact(message)).toBe(exact(shownMessage(text)));
    expect(exact(session)).toBe(exact(shownSession(text)));
    await readBack(host, text);

    const guest = await joinSession(url, { sessionId: host.sessionId, identity: { name: `${text}+` } });
    await mutate(url, 'kickMember', { memberId: guest.memberId, reason: text }, '__typename', host.credentials);
    const { reason, member } = await stream.until(ofType('MemberKicked'));
    expect(exact({ reason, member })).toBe(exact({ reason: text, member: { name: `${text}+` } }));
    await stream.stop();

    const { sessions } = await query(
      url,
      'query ($metadata: JSONObject) { sessions(filter: { mine: true, metadata: $metadata }) { nodes { id } } }',
      { metadata: sessionWith(text).metadata },
      host.credentials,
    );
    expect(sessions.nodes).toEqual([{ id: host.sessionId }]);
  });

  test('does so beyond the end of the process', async () => {
    await gateway.restart('SIGKILL');
    for (const [index, [, text]] of texts.entries()) {
      const host = hosts[index];
      if (host === undefined) throw new Error('Each text has its session');
      await readBack(host, text);
      const replay = follow(gateway.url, events, { after: host.cursor }, host.credentials);
      const { reason, session } = await replay.until(ofType('MemberKicked'));
      expect(exact(reason)).toBe(exact(text));
      expect(exact(session)).toBe(exact(shownSession(text)));
      expect(exact(replay.events.find(ofType('MessageAdded')).message)).toBe(exact(shownMessage(text)));
      await replay.stop();
    }
  });

  test('is a password, as it is but for how accents were typed', async () => {
    const { url } = gateway;
    const password = 'e\u0301 👩‍👩‍👧 \uffff"\\';
    const { sessionId } = await createSession(url, { rules: { password } });
    const join = (given: string) => mutate(url, 'joinSession', { sessionId, password: given }, '__typename');
    for (const other of [password.replace('e', 'E'), password.replace('\u200d', ''), `${password} `, password.slice(0, -1)]) {
      expectProblem(await join(other), 'WRONG_PASSWORD', 'password');
    }
    for (const same of [password, password.normalize('NFC')]) expect(await join(same)).toEqual({ __typename: 'SessionAdmission' });
  });
});

describe('keys that have a meaning in JavaScript', () => {
  const keys =
    '{"0":1,"__proto__":{"polluted":true,"__proto__":[1]},"constructor":{"prototype":{"polluted":true}},"hasOwnProperty":0,"toJSON":"x","toString":null,"":{"":""},"__typename":"Session","a.b":1,"$ref":"#"}';

  test('are keys like any others in metadata, defaults and options, and harm nobody', async () => {
    const { url } = gateway;
    const raw = async (source: string, input: string, credentials = {}): Promise<any> => {
      const answer = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...credentials },
        body: `{"query":${JSON.stringify(source)},"variables":{"input":${input}}}`,
      });
      return ((await answer.json()) as any).data;
    };
    const create = `mutation ($input: CreateSessionInput!) { createSession(input: $input) { ... on SessionAdmission { session { id metadata defaults } credentials { token } } } }`;
    const { session, credentials } = (await raw(create, `{"metadata":${keys},"defaults":${keys}}`)).createSession;
    expect(JSON.stringify(session.metadata)).toBe(keys);
    expect(JSON.stringify(session.defaults)).toBe(keys);
    const as = { authorization: `Bearer ${credentials.token}` };

    const send =
      'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { ... on MessageDelivery { message { metadata options } } } }';
    const { message } = (await raw(send, `{"content":"x","metadata":${keys},"options":{"__proto__":2}}`, as)).sendMessage;
    expect(JSON.stringify(message.metadata)).toBe(keys);
    expect(JSON.stringify(message.options)).toBe(keys.replace('{"polluted":true,"__proto__":[1]}', '2'));

    // Merging key by key: null takes one away, the others stay.
    const update =
      'mutation ($input: UpdateSessionInput!) { updateSession(input: $input) { ... on SessionChange { session { metadata } } } }';
    const changed = (await raw(update, '{"metadata":{"__proto__":{"own":1},"constructor":null}}', as)).updateSession.session;
    expect(JSON.stringify(changed.metadata)).toBe(
      keys.replace('{"polluted":true,"__proto__":[1]}', '{"own":1}').replace('"constructor":{"prototype":{"polluted":true}},', ''),
    );

    const fresh = await createSession(url);
    const { currentSession } = await query(url, '{ currentSession { metadata defaults } }', {}, fresh.credentials);
    expect(JSON.stringify(currentSession)).toBe('{"metadata":{},"defaults":{}}');
  });

  test('also where they stand in the text of the operation', async () => {
    const { url } = gateway;
    const source =
      'mutation { createSession(input: { metadata: { __proto__: { a: [1] }, constructor: "x" } }) { ... on SessionAdmission { session { metadata } } } }';
    for (let round = 0; round < 3; round += 1) {
      const { createSession } = await query(url, source);
      expect(JSON.stringify(createSession.session.metadata)).toBe('{"__proto__":{"a":[1]},"constructor":"x"}');
    }
  });
});

test('one text, however it is escaped', async () => {
  const { url } = gateway;
  const host = await createSession(url);
  const bodies = [
    String.raw`{"query":"mutation { sendMessage(input: { content: \"👋\" }) { ...m } } "}`,
    String.raw`{"query":"mutation { sendMessage(input: { content: \"\\ud83d\\udc4b\" }) { ...m } } "}`,
    String.raw`{"query":"mutation { sendMessage(input: { content: \"\\u{1F44B}\" }) { ...m } } "}`,
    String.raw`{"query":"mutation { sendMessage(input: { content: \"\"\"\ud83d\udc4b\"\"\" }) { ...m } } "}`,
    String.raw`{"query":"mutation ($c: String!) { sendMessage(input: { content: $c }) { ...m } } ","variables":{"c":"\uD83D\uDC4B"}}`,
  ];
  for (const body of bodies) {
    const answer = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...host.credentials },
      body: body.replace(' } "', ' } fragment m on MessageDelivery { message { content } }"'),
    });
    expect(await answer.json()).toEqual({ data: { sendMessage: { message: { content: '👋' } } } });
  }
});

describe('what could be stored as something else is refused', () => {
  let host: Admitted;
  let guest: Admitted;
  beforeAll(async () => {
    host = await createSession(gateway.url, { title: 'Kept', rules: { password: 'open sesame' } });
    guest = await joinSession(gateway.url, { sessionId: host.sessionId, password: 'open sesame' });
  });

  const places: readonly (readonly [field: string, path: string, input: (text: string) => object])[] = [
    ...['createSession', 'updateSession', 'replaceSession'].flatMap((field): typeof places => [
      [field, 'title', (text) => ({ title: text })],
      [field, 'description', (text) => ({ description: text })],
      [field, 'situation', (text) => ({ situation: text })],
      [field, 'rules.password', (text) => ({ rules: { password: text } })],
      [field, 'rules.allowlist.0', (text) => ({ rules: { allowlist: [text] } })],
      [field, 'metadata', (text) => ({ metadata: { [text]: 1 } })],
      [field, 'metadata', (text) => ({ metadata: { list: [{ deep: text }] } })],
      [field, 'defaults', (text) => ({ defaults: { [text]: 1 } })],
      [field, 'defaults', (text) => ({ defaults: { value: text } })],
    ]),
    ['createSession', 'identity.name', (text) => ({ identity: { name: text } })],
    ['createSession', 'identity.address', (text) => ({ identity: { address: text } })],
    ['createSession', 'owners.0', (text) => ({ owners: [text] })],
    ['createSession', 'handle', (text) => ({ handle: text })],
    ['createSession', 'backend', (text) => ({ backend: text })],
    ['createSession', 'idempotencyKey', (text) => ({ idempotencyKey: text })],
    ['sendMessage', 'content', (text) => ({ content: text })],
    ['sendMessage', 'channel', (text) => ({ content: 'x', channel: text })],
    ['sendMessage', 'metadata', (text) => ({ content: 'x', metadata: { [text]: text } })],
    ['sendMessage', 'options', (text) => ({ content: 'x', options: { a: [text] } })],
    ['sendMessage', 'attachments.0.url', (text) => ({ content: 'x', attachments: [{ url: `https://a.example/${text}` }] })],
    ['sendMessage', 'attachments.0.name', (text) => ({ content: 'x', attachments: [{ url: 'https://a.example/', name: text }] })],
    ['sendMessage', 'attachments.0.mediaType', (text) => ({ content: 'x', attachments: [{ url: 'https://a.example/', mediaType: text }] })],
    ['sendMessage', 'inReplyTo', (text) => ({ content: 'x', inReplyTo: text })],
    ['sendMessage', 'idempotencyKey', (text) => ({ content: 'x', idempotencyKey: text })],
    ['joinSession', 'identity.name', (text) => ({ sessionId: host.sessionId, password: 'open sesame', identity: { name: text } })],
    ['joinSession', 'password', (text) => ({ sessionId: host.sessionId, password: text })],
    ['joinSession', 'sessionId', (text) => ({ sessionId: text })],
    ['kickMember', 'reason', (text) => ({ memberId: guest.memberId, reason: text })],
    ['kickMember', 'memberId', (text) => ({ memberId: text })],
    ['endSession', 'reason', (text) => ({ reason: text })],
  ];

  test.each(unstorable)('%s', async (_what, text) => {
    const { url } = gateway;
    await unchanged(url, host, async () => {
      for (const [field, path, inputOf] of places) {
        const credentials = field === 'createSession' || field === 'joinSession' ? {} : host.credentials;
        expectProblem(await mutate(url, field, inputOf(text), '__typename', credentials), 'BAD_INPUT', path, [`\`${path}\``]);
      }
    });
  });

  test.each(unstorable)('%s, over WebSocket', async (_what, text) => {
    await unchanged(gateway.url, host, async () => {
      using peer = await connectPeer(gateway.url);
      await peer.init(host.credentials);
      peer.subscribe('1', 'mutation ($c: String!) { sendMessage(input: { content: $c }) { ... on Problem { code path } } }', { c: text });
      expect((await peer.next()).payload).toEqual({ data: { sendMessage: { code: 'BAD_INPUT', path: ['content'] } } });
    });
  });

  test.each(unstorable)('%s in the text of an operation', async (_what, text) => {
    await unchanged(gateway.url, host, async () => {
      const send = (literal: string) =>
        post(gateway.url, `mutation { sendMessage(input: { content: ${literal} }) { ... on Problem { code } } }`, {}, host.credentials);
      const codeOf = ({ data, errors }: Awaited<ReturnType<typeof send>>) => errors?.[0]?.extensions?.['code'] ?? data.sendMessage.code;
      const escaped = Array.from({ length: text.length }, (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`).join(
        '',
      );
      for (const literal of [`"${text}"`, `"${escaped}"`, `"""${text}"""`])
        expect(['BAD_INPUT', 'GRAPHQL_PARSE_FAILED']).toContain(codeOf(await send(literal)));
    });
  });

  test.each(unstorable)('%s finds nothing where it is looked for, and does no harm', async (_what, text) => {
    const source = `query ($text: String!) { sessionByHandle(backend: "local", handle: $text) { id }
      currentSession { messages(channel: $text) { totalCount } } sessions(filter: { agentId: "a" }) { totalCount } }`;
    expect(await query(gateway.url, source, { text }, host.credentials)).toEqual({
      sessionByHandle: null,
      currentSession: { messages: { totalCount: 0 } },
      sessions: { totalCount: 0 },
    });
  });
});
