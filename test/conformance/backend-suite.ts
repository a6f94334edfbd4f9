import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { features } from '../../src/core/backend.ts';
import { type Gateway, createGateway } from '../../src/gateway.ts';
import { type Admitted, type Credentials, createSession, joinSession, mutate, post, query } from '../support/graphql-client.ts';
import { allEvents, follow, ofType } from '../support/live-client.ts';
import type { BackendSubject, OpenedService } from './backend-subject.ts';

const name = 'far';
const change = '... on SessionChange { session { id status title description situation metadata defaults expiresAt renewalCount } }';
const delivery = '... on MessageDelivery { message { id content author { name } } reply { id role content inReplyTo { id } } }';
const removal = '... on MemberRemoval { member { id status } }';
const nameOf = ({ kind, variant }: BackendSubject): string => (variant === undefined ? kind : `${kind} ${variant}`);

/**
 * What a client may expect of every backend alike, over the public API of a real gateway with the service beside it. A frontend that knows
 * the contract must not notice which service it talks to.
 */
export function backendSuite(subject: BackendSubject): void {
  const { limits = {} } = subject;
  const has = (feature: keyof BackendSubject['features']): boolean => subject.features[feature] !== 'UNAVAILABLE';

  describe(nameOf(subject), () => {
    let service: OpenedService;
    let gateway: Gateway;
    let url: string;

    beforeAll(async () => {
      service = await subject.open({ pollMs: 200 });
      gateway = await createGateway({
        // Each person comes from an address of its own.
        server: { port: 0, trustProxy: true },
        store: { driver: 'memory' },
        log: { level: 'silent' },
        backends: { [name]: service.config },
        defaultBackend: name,
        live: { lingerMs: 0 },
      });
      ({ url } = await gateway.start());
    });
    afterAll(async () => {
      await gateway[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
    });

    const person = (): Promise<Credentials> => service.person(url, name);
    const create = async (input: object = {}, credentials?: Credentials): Promise<Admitted> =>
      createSession(url, { identity: { name: 'Ada' }, ...subject.base, ...input }, credentials ?? (await person()));
    const join = async (sessionId: string, input: object = {}): Promise<Admitted> =>
      joinSession(url, { sessionId, identity: { name: 'Grace' }, ...input }, await person());
    const sessionOf = async ({ sessionId, credentials }: Admitted, fields: string): Promise<any> =>
      (await query(url, `query ($id: ID!) { session(id: $id) { ${fields} } }`, { id: sessionId }, credentials)).session;
    const handleOf = async (who: Admitted): Promise<string> => (await sessionOf(who, 'handle')).handle;

    test('says of every feature who has it', async () => {
      const { backends } = await query(url, '{ backends { name kind features { feature provider } health { status circuit } } }');
      const [backend] = backends;
      expect(backend).toMatchObject({ name, kind: subject.kind, health: { status: 'UP', circuit: 'CLOSED' } });
      expect(Object.fromEntries(backend.features.map(({ feature, provider }: any) => [feature, provider]))).toEqual(subject.features);
      expect(backend.features).toHaveLength(features.length);
    });

    test('creates a session that is found by its id and its handle', async () => {
      const host = await create({ title: 'Stand-up', metadata: { topic: 'tea' } });
      const fields = 'id handle title status visibility metadata createdAt backend { name } members { nodes { name role } }';
      const session = await sessionOf(host, fields);
      expect(session).toMatchObject({
        id: host.sessionId,
        title: 'Stand-up',
        status: 'ACTIVE',
        metadata: { topic: 'tea' },
        backend: { name },
        members: { nodes: [{ name: 'Ada', role: 'HOST' }] },
      });
      const source = 'query ($backend: ID!, $handle: String!) { sessionByHandle(backend: $backend, handle: $handle) { id } }';
      expect(await query(url, source, { backend: name, handle: session.handle }, host.credentials)).toEqual({
        sessionByHandle: { id: host.sessionId },
      });
      if (service.at !== null) expect(service.at.has(session.handle)).toBe(true);
    });

    test('admits with the password, and nobody without it', async () => {
      const host = await create({ rules: { password: 'open sesame' } });
      expect((await sessionOf(host, 'rules { passwordProtected }')).rules.passwordProtected).toBe(true);
      for (const password of [undefined, 'guess']) {
        const refused = await mutate(url, 'joinSession', { sessionId: host.sessionId, password }, '__typename', await person());
        expect(refused).toMatchObject({ __typename: 'Problem', code: 'WRONG_PASSWORD' });
      }
      await join(host.sessionId, { password: 'open sesame' });
      expect((await sessionOf(host, 'members { totalCount }')).members.totalCount).toBe(2);
    });

    test('is full at its capacity', async () => {
      const host = await create({ rules: { maxMembers: 2 } });
      await join(host.sessionId);
      const refused = await mutate(url, 'joinSession', { sessionId: host.sessionId }, '__typename', await person());
      expect(refused).toMatchObject({ __typename: 'Problem', code: 'SESSION_FULL' });
      expect((await sessionOf(host, 'members { totalCount }')).members.totalCount).toBe(2);
    });

    test('keeps to its allowlist', async () => {
      const host = await create({ rules: { allowlistOnly: true, allowlist: ['0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'] } });
      const refused = await mutate(url, 'joinSession', { sessionId: host.sessionId }, '__typename', await person());
      expect(refused).toMatchObject({ __typename: 'Problem', code: 'NOT_ALLOWLISTED' });
      expect((await sessionOf(host, 'rules { allowlist }')).rules.allowlist).toEqual(['0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed']);
    });

    test('a kick closes the stream, the token and the door', async () => {
      const host = await create();
      const guest = await join(host.sessionId);
      const stream = follow(url, allEvents, {}, guest.credentials);
      await stream.until(ofType('StreamOpened'));
      const kicked = await mutate(url, 'kickMember', { memberId: guest.memberId, reason: 'Too loud' }, removal, host.credentials);
      expect(kicked).toMatchObject({ member: { id: guest.memberId, status: 'KICKED' } });
      expect(await stream.until(ofType('MemberKicked'))).toMatchObject({ member: { id: guest.memberId }, reason: 'Too loud' });
      expect(await stream.ended).toBe('complete');
      expect((await post(url, '{ viewer { kind } }', {}, guest.credentials)).status).toBe(401);
      expect((await sessionOf(host, 'members { nodes { name } }')).members.nodes).toEqual([{ name: 'Ada' }]);
    });

    test('lets members leave', async () => {
      const host = await create();
      const guest = await join(host.sessionId);
      const stream = follow(url, allEvents, {}, host.credentials);
      await stream.until(ofType('StreamOpened'));
      await mutate(url, 'leaveSession', {}, change, guest.credentials);
      expect(await stream.until(ofType('MemberLeft'))).toMatchObject({ member: { id: guest.memberId, name: 'Grace' } });
      expect((await sessionOf(host, 'members { totalCount }')).members.totalCount).toBe(1);
      await stream.stop();
    });

    test('carries messages to those who follow, and keeps them', async () => {
      const host = await create();
      const guest = await join(host.sessionId);
      const stream = follow(url, allEvents, {}, host.credentials);
      await stream.until(ofType('StreamOpened'));
      const sent = await mutate(url, 'sendMessage', { content: 'Good morning 👋' }, delivery, guest.credentials);
      expect(sent).toMatchObject({ message: { content: 'Good morning 👋', author: { name: 'Grace' } } });
      const added = await stream.until((event) => event.__typename === 'MessageAdded' && event.message.id === sent.message.id);
      expect(added.message).toMatchObject({ content: 'Good morning 👋', author: { name: 'Grace' } });
      const history = await sessionOf(host, 'messages { nodes { id content } }');
      expect(history.messages.nodes.filter(({ content }: any) => content === 'Good morning 👋')).toEqual([
        { id: sent.message.id, content: 'Good morning 👋' },
      ]);
      await stream.stop();
    });

    test('resumes from a cursor: nothing lost, nothing twice', async () => {
      const host = await create();
      const first = follow(url, allEvents, { types: ['MESSAGE_ADDED'] }, host.credentials);
      await first.until(ofType('StreamOpened'));
      await mutate(url, 'sendMessage', { content: 'one' }, delivery, host.credentials);
      const seen = await first.until((event) => event.message?.content === 'one');
      await first.stop();
      await mutate(url, 'sendMessage', { content: 'two' }, delivery, host.credentials);
      await mutate(url, 'sendMessage', { content: 'three' }, delivery, host.credentials);
      const again = follow(url, allEvents, { after: seen.cursor, types: ['MESSAGE_ADDED'] }, host.credentials);
      await again.until((event) => event.message?.content === 'three');
      const texts = again.events.flatMap(({ message }) => (message?.author === null || message === undefined ? [] : [message.content]));
      expect(texts).toEqual(['two', 'three']);
      expect(again.events[0]).toMatchObject({ __typename: 'StreamOpened', recovered: true });
      await again.stop();
    });

    test('clears its messages, and they stay away', async () => {
      const host = await create();
      await mutate(url, 'sendMessage', { content: 'forget me' }, delivery, host.credentials);
      expect((await mutate(url, 'clearMessages', {}, change, host.credentials)).__typename).toBe('SessionChange');
      expect((await sessionOf(host, 'messages { nodes { content } }')).messages.nodes).toEqual([]);
      const later = await mutate(url, 'sendMessage', { content: 'remember me' }, delivery, host.credentials);
      const { messages } = await sessionOf(host, 'messages { nodes { id content author { name } } }');
      expect(messages.nodes.filter(({ author }: any) => author !== null)).toEqual([
        { id: later.message.id, content: 'remember me', author: { name: 'Ada' } },
      ]);
    });

    test.runIf(has('AGENT_REPLY'))('waits for the reply of its agent', async () => {
      const host = await create();
      const stream = follow(url, allEvents, {}, host.credentials);
      await stream.until(ofType('StreamOpened'));
      service.at?.reply?.(['Tea', ' is', ' ready.']);
      const sent = await mutate(url, 'sendMessage', { content: 'Is it?', awaitReply: true }, delivery, host.credentials);
      expect(sent).toMatchObject({ reply: { role: 'ASSISTANT', content: 'Tea is ready.' } });
      const replies = (await sessionOf(host, 'messages { nodes { id role content } }')).messages.nodes;
      expect(replies.filter(({ role }: any) => role === 'ASSISTANT')).toEqual([
        { id: sent.reply.id, role: 'ASSISTANT', content: 'Tea is ready.' },
      ]);
      await stream.until((event) => event.message?.id === sent.reply.id);
      if (has('REPLY_STREAM')) {
        const deltas = await pieces(host);
        expect(deltas.text).toBe('Two pieces');
        expect(deltas.messageIds).toEqual([deltas.reply]);
      }
      await stream.stop();
    });

    /** Sends once more, with somebody who looks at the pieces of the reply. */
    async function pieces(host: Admitted): Promise<{ text: string; messageIds: readonly string[]; reply: string }> {
      const source = `subscription { sessionEvents(types: [REPLY_DELTA, MESSAGE_ADDED]) {
        __typename ... on ReplyDelta { messageId text } ... on MessageAdded { message { id role } } } }`;
      const stream = follow(url, source, {}, host.credentials);
      await stream.until(ofType('StreamOpened'));
      service.at?.reply?.(['Two', ' pieces']);
      const { reply } = await mutate(url, 'sendMessage', { content: 'More?', awaitReply: true }, delivery, host.credentials);
      await stream.until((event) => event.message?.id === reply.id);
      const deltas = stream.events.filter(ofType('ReplyDelta'));
      await stream.stop();
      return {
        text: deltas.map(({ text }) => text).join(''),
        messageIds: [...new Set(deltas.map(({ messageId }) => messageId))],
        reply: reply.id,
      };
    }

    test.runIf(!has('AGENT_REPLY'))('says that there is no agent to wait for', async () => {
      const host = await create();
      const refused = await mutate(url, 'sendMessage', { content: 'Anybody?', awaitReply: true }, delivery, host.credentials);
      expect(refused).toMatchObject({ __typename: 'Problem', code: 'UNSUPPORTED', path: ['awaitReply'] });
    });

    test('has suggestions, or says that it has none', async () => {
      const host = await create();
      const source = 'query ($id: ID!) { session(id: $id) { suggestions(first: 5) { nodes { id target content } totalCount } } }';
      const { data, errors } = await post(url, source, { id: host.sessionId }, host.credentials);
      if (has('SUGGESTIONS')) expect(data.session.suggestions.totalCount).toBe(data.session.suggestions.nodes.length);
      else expect(errors?.[0]?.extensions).toMatchObject({ code: 'UNSUPPORTED', backend: name });
    });

    test('is changed in part, and as a whole', async () => {
      const host = await create({ title: 'before', metadata: { a: 1, b: 2 } });
      const stream = follow(url, allEvents, {}, host.credentials);
      await stream.until(ofType('StreamOpened'));
      const updated = await mutate(url, 'updateSession', { title: 'after', metadata: { b: 3 } }, change, host.credentials);
      expect(updated).toMatchObject({ session: { title: 'after', metadata: { a: 1, b: 3 } } });
      expect((await stream.until(ofType('SessionUpdated'))).changed).toEqual(expect.arrayContaining(['title', 'metadata']));
      expect(await sessionOf(host, 'title metadata')).toEqual({ title: 'after', metadata: { a: 1, b: 3 } });
      if (limits.replace === undefined) {
        const replaced = await mutate(url, 'replaceSession', { title: 'new' }, change, host.credentials);
        expect(replaced).toMatchObject({ session: { title: 'new', metadata: {} } });
        expect(await sessionOf(host, 'title metadata')).toEqual({ title: 'new', metadata: {} });
      }
      await stream.stop();
    });

    test('merges its defaults into requests, and the request wins', async () => {
      const defaults = subject.defaults ?? { temperature: 0.5, tone: 'dry' };
      const host = await create({ defaults });
      expect((await sessionOf(host, 'defaults')).defaults).toEqual(defaults);
      const sent = '... on MessageDelivery { message { options } }';
      const [key = ''] = Object.keys(defaults);
      const { message } = await mutate(url, 'sendMessage', { content: 'x', options: { extra: true } }, sent, host.credentials);
      expect(message.options).toEqual({ ...defaults, extra: true });
      expect(message.options[key]).toEqual(defaults[key]);
    });

    test('renews on purpose and by signs of life', async () => {
      const host = await create({ rules: { timeout: subject.policy ?? { timeoutSeconds: 3_600, autoRenew: true } } });
      const before = await sessionOf(host, 'expiresAt renewalCount');
      const renewed = await mutate(url, 'renewSession', {}, change, host.credentials);
      expect(renewed.session.renewalCount).toBe(before.renewalCount + 1);
      expect(Date.parse(renewed.session.expiresAt)).toBeGreaterThanOrEqual(Date.parse(before.expiresAt));
      const beaten = await mutate(url, 'heartbeatSession', {}, change, host.credentials);
      expect(beaten.session.renewalCount).toBe(before.renewalCount + 2);
      const policy = { ...subject.policy, timeoutSeconds: 1_800, autoRenew: false };
      const changed = await mutate(url, 'setTimeoutPolicy', { policy }, change, host.credentials);
      expect(changed.__typename).toBe('SessionChange');
      const after = await sessionOf(host, 'expiresAt rules { timeout { timeoutSeconds autoRenew } }');
      expect(after.rules.timeout).toEqual({ timeoutSeconds: 1_800, autoRenew: false });
      expect(Date.parse(after.expiresAt)).toBeLessThan(Date.parse(renewed.session.expiresAt));
    });

    test.runIf(subject.short !== null)('expires: a warning, the end, no more writes, but reads', async () => {
      const host = await create({ rules: subject.short });
      const stream = follow(url, allEvents, {}, host.credentials);
      await stream.until(ofType('StreamOpened'));
      await stream.until(ofType('SessionExpiring'));
      await stream.until(ofType('SessionExpired'));
      expect(await stream.ended).toBe('complete');
      const refused = await mutate(url, 'sendMessage', { content: 'late' }, delivery, host.credentials);
      expect(refused).toMatchObject({ __typename: 'Problem', code: 'EXPIRED', status: 410 });
      expect(await sessionOf(host, 'status')).toEqual({ status: 'EXPIRED' });
    });

    test.runIf(subject.gone !== null)('hears that its service has it no longer', async () => {
      const host = await create();
      const stream = follow(url, allEvents, {}, host.credentials);
      await stream.until(ofType('StreamOpened'));
      await service.at?.remove(await handleOf(host));
      await stream.until((event) => event.__typename === 'SessionExpired' || event.__typename === 'SessionEnded');
      expect(await stream.ended).toBe('complete');
      expect(await sessionOf(host, 'status')).toEqual({ status: subject.gone });
      const refused = await mutate(url, 'sendMessage', { content: 'late' }, delivery, host.credentials);
      expect(refused).toMatchObject({ __typename: 'Problem', code: subject.gone });
    });

    test('ends, and is gone from its service', async () => {
      const host = await create();
      const handle = await handleOf(host);
      const stream = follow(url, allEvents, {}, host.credentials);
      await stream.until(ofType('StreamOpened'));
      const ended = await mutate(url, 'endSession', { reason: 'Done' }, change, host.credentials);
      expect(ended).toMatchObject({ session: { status: 'ENDED' } });
      expect(await stream.until(ofType('SessionEnded'))).toMatchObject({ reason: 'Done', by: { id: host.memberId } });
      if (service.at !== null) expect(service.at.has(handle)).toBe(false);
      const refused = await mutate(url, 'joinSession', { sessionId: host.sessionId }, '__typename', await person());
      expect(refused).toMatchObject({ __typename: 'Problem' });
    });

    test('is listed with the others, newest first', async () => {
      const credentials = await person();
      const first = await create({ title: 'first', visibility: 'PUBLIC' }, credentials);
      const second = await create({ title: 'second', visibility: 'PUBLIC' }, credentials);
      const { sessions } = await query(
        url,
        '{ sessions(first: 100) { nodes { id backend { name } } problems { code } } }',
        {},
        credentials,
      );
      expect(sessions.problems).toEqual([]);
      const ids = sessions.nodes.map((node: any) => node?.id);
      expect(ids).toContain(first.sessionId);
      expect(ids.indexOf(second.sessionId)).toBeLessThan(ids.indexOf(first.sessionId));
    });

    test('lists and finds what was made at the service itself', async ({ skip }) => {
      if (service.at?.create === undefined) return skip('Nobody but the gateway makes sessions there.');
      const handle = await service.at.create();
      const source = 'query ($backend: ID!, $handle: String!) { sessionByHandle(backend: $backend, handle: $handle) { id handle status } }';
      const found = await query(url, source, { backend: name, handle });
      expect(found.sessionByHandle).toMatchObject({ handle, status: 'ACTIVE' });
      if (subject.features.LIST !== 'UPSTREAM') return;
      const other = await service.at.create();
      const { sessions } = await query(url, '{ sessions(first: 100) { nodes { handle } } }');
      expect(sessions.nodes.map((node: any) => node?.handle)).toEqual(expect.arrayContaining([handle, other]));
    });

    test('brings what others say at the service onto the timeline, once', async ({ skip }) => {
      if (service.at?.say === undefined) return skip('The service has no messages of others.');
      const host = await create();
      const handle = await handleOf(host);
      await service.at.say(handle, 'before anybody looked');
      const stream = follow(url, allEvents, { after: host.cursor }, host.credentials);
      await stream.until(ofType('StreamOpened'));
      if (subject.features.HISTORY === 'UPSTREAM') await stream.until((event) => event.message?.content === 'before anybody looked');
      await service.at.say(handle, 'while somebody looks');
      await stream.until((event) => event.message?.content === 'while somebody looks');
      const { messages } = await sessionOf(host, 'messages { nodes { content } }');
      const texts = messages.nodes.map(({ content }: any) => content);
      expect(texts.filter((text: string) => text === 'while somebody looks')).toHaveLength(1);
      await stream.stop();
    });

    test('asks the service once for a creation that is sent twice with one key', async () => {
      const credentials = await person();
      const input = { ...subject.base, identity: { name: 'Ada' }, idempotencyKey: 'once' };
      if (Object.keys(credentials).length === 0) {
        await create(input, credentials);
        const again = await mutate(url, 'createSession', input, '__typename', credentials);
        expect(again).toMatchObject({ __typename: 'Problem', code: 'CONFLICT' });
      } else {
        const [first, second] = [await create(input, credentials), await create(input, credentials)];
        expect(second.sessionId).toBe(first.sessionId);
      }
    });

    test('a page of 50 sessions costs no more calls than there are resources', async () => {
      const credentials = await person();
      for (let made = 0; made < 50; made += 10) {
        await Promise.all(Array.from({ length: 10 }, () => create({ visibility: 'PUBLIC' }, credentials)));
      }
      service.emulator?.clear();
      const source =
        '{ sessions(first: 50) { nodes { id title status defaults expiresAt members { nodes { name } } } problems { code detail } } }';
      const { sessions } = await query(url, source, {}, credentials);
      expect(sessions.problems).toEqual([]);
      expect(sessions.nodes.filter((node: any) => node !== null)).toHaveLength(50);
      const calls = service.emulator?.requests ?? [];
      expect(calls.length).toBeLessThanOrEqual(subject.callsPerPage);
      const seen = calls.map(({ method, url: path }) => `${method} ${path}`);
      if (service.config.kind !== 'QUICKSYNC') expect(new Set(seen).size).toBe(seen.length);
    });

    test('the service was asked for nothing that it does not have, and nothing secret was told', async () => {
      expect(service.emulator?.violations ?? []).toEqual([]);
      expect(service.emulator?.unknownRequests.map(({ method, url: path }) => `${method} ${path}`) ?? []).toEqual([]);
      const everything = JSON.stringify(
        await query(
          url,
          '{ backends { name health { message } } sessions(first: 100) { nodes { id handle title metadata defaults rules { allowlistOnly } } } }',
        ),
      );
      expect(service.secrets().filter((secret) => everything.includes(secret))).toEqual([]);
    });
  });
}
