import { context, propagation, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { sipher } from '../backends/sipher/subject.ts';
import { type FarWorld, farWorld } from '../support/far-world.ts';
import { mutate, post, query } from '../support/graphql-client.ts';
import { allEvents, follow } from '../support/live-client.ts';

const exporter = new InMemorySpanExporter();
let far: FarWorld;

beforeAll(async () => {
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
  far = await farWorld(sipher, { backend: { retries: 0 } });
});
beforeEach(() => exporter.reset());
afterEach(() => exporter.reset());
afterAll(async () => {
  await far[Symbol.asyncDispose]();
  trace.disable();
  context.disable();
  propagation.disable();
});

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${parentId}-01`;

/** Those of the trace, in the order of their ends, when the operation's own is among them. */
async function spansOf(id: string): Promise<readonly ReadableSpan[]> {
  const read = (): readonly ReadableSpan[] => exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === id);
  await expect.poll(() => read().map(({ name }) => name), { timeout: 20_000 }).toContainEqual(expect.stringMatching(/^GraphQL /));
  return read();
}
const one = (spans: readonly ReadableSpan[], name: string | RegExp): ReadableSpan => {
  const found = spans.filter((span) => (typeof name === 'string' ? span.name === name : name.test(span.name)));
  if (found.length !== 1 || found[0] === undefined)
    throw new Error(`Expected one ${name}, got ${JSON.stringify(spans.map((span) => span.name))}`);
  return found[0];
};
const idOf = (span: ReadableSpan): string => span.spanContext().spanId;

test('an operation that calls a service and commits is a tree below the trace of its caller', async () => {
  const source = 'mutation Open($input: CreateSessionInput!) { createSession(input: $input) { __typename } }';
  const input = { backend: 'far', identity: { name: 'Ada the Discreet' }, title: 'A title of nobody else' };
  const response = await fetch(`${far.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent },
    body: JSON.stringify({ query: source, variables: { input }, operationName: 'Open' }),
  });
  expect(await response.json()).toEqual({ data: { createSession: { __typename: 'SessionAdmission' } } });

  const spans = await spansOf(traceId);
  const operation = one(spans, 'GraphQL mutation');
  expect(operation.parentSpanContext?.spanId).toBe(parentId);
  expect(operation.attributes).toEqual({ 'graphql.operation.type': 'mutation', 'graphql.operation.name': 'Open' });
  expect(operation.status.code).toBe(0);

  const call = one(spans, /^POST /);
  expect(call.parentSpanContext?.spanId).toBe(idOf(operation));
  expect(call.attributes).toEqual({
    'parley.backend': 'far',
    'http.request.method': 'POST',
    'url.template': '/v1/sessions',
    'http.response.status_code': 201,
  });

  const commit = one(spans, 'commit');
  expect(commit.parentSpanContext?.spanId).toBe(idOf(operation));
  expect(commit.attributes).toEqual({
    'parley.store.driver': 'memory',
    'parley.commit.kind': 'creation',
    'parley.commit.outcome': 'committed',
  });

  // The service can go on with the trace.
  const asked = far.service.emulator?.requests.findLast(({ method }) => method === 'POST');
  expect(asked?.headers['traceparent']).toBe(`00-${traceId}-${idOf(call)}-01`);
  const all = JSON.stringify(spans.map(({ name, attributes, events, status }) => [name, attributes, events, status]));
  for (const content of ['Ada', 'A title', ...far.service.secrets()]) expect(all).not.toContain(content);
});

test('what a timer does later is in no trace of whoever set it', async () => {
  const source = 'mutation ($input: CreateSessionInput!) { createSession(input: $input) { ... on SessionAdmission { session { id } } } }';
  const response = await fetch(`${far.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent },
    body: JSON.stringify({ query: source, variables: { input: { visibility: 'PUBLIC', rules: { lifetimeSeconds: 1 } } } }),
  });
  const { session } = ((await response.json()) as any).data.createSession;
  const commits = (): readonly ReadableSpan[] => exporter.getFinishedSpans().filter(({ name }) => name === 'commit');
  await spansOf(traceId);
  // The creation, the warning and the end.
  await expect.poll(() => commits().length, { timeout: 20_000 }).toBeGreaterThan(2);
  expect(commits().filter((span) => span.spanContext().traceId === traceId)).toHaveLength(1);
  expect((await query(far.url, 'query ($id: ID!) { session(id: $id) { status } }', { id: session.id })).session.status).toBe('EXPIRED');
});

test('what fails at the service is an error up to the operation', async () => {
  const host = await far.open();
  exporter.reset();
  const fault = far.service.emulator?.fault({ kind: 'status', status: 500, body: { message: 'a secret of theirs' } });
  await post(far.url, 'query Look($id: ID!) { session(id: $id) { id } }', { id: host.sessionId }, { ...host.credentials, traceparent });
  fault?.[Symbol.dispose]();
  const spans = await spansOf(traceId);
  const operation = one(spans, 'GraphQL query');
  expect(operation.status).toEqual({ code: 2, message: 'UPSTREAM_FAILED' });
  expect(operation.attributes['parley.problem.code']).toBe('UPSTREAM_FAILED');
  const call = one(spans, /^GET /);
  expect(call.status.code).toBe(2);
  expect(call.attributes['http.response.status_code']).toBe(500);
  expect(call.name).not.toContain(host.sessionId);
  expect(JSON.stringify(spans.map(({ attributes, events, status }) => [attributes, events, status]))).not.toContain('theirs');
});

test('what the caller cannot have is no error, and has its code', async () => {
  await mutate(far.url, 'createSession', { backend: 'nowhere' }, '... on SessionAdmission { session { id } }', { traceparent });
  const operation = one(await spansOf(traceId), 'GraphQL mutation');
  expect(operation.status.code).toBe(0);
  expect(operation.attributes['parley.problem.code']).toBe('BAD_INPUT');
});

test('operations by the short way have a trace each', async () => {
  const ids = ['1', '2', '3'].map((digit) => digit.repeat(32));
  for (const id of ids) await query(far.url, '{ viewer { __typename } }', {}, { traceparent: `00-${id}-${parentId}-01` });
  for (const id of ids) expect((await spansOf(id)).map(({ name }) => name)).toEqual(['GraphQL query']);
});

test('over WebSocket the extensions of an operation carry its trace', async () => {
  const client = createClient({ url: `${far.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 });
  const { value } = await client.iterate({ query: '{ viewer { __typename } }', extensions: { traceparent } }).next();
  expect(value.data).toEqual({ viewer: { __typename: 'Viewer' } });
  await client.dispose();
  expect(one(await spansOf(traceId), 'GraphQL query').parentSpanContext?.spanId).toBe(parentId);
});

test('a subscription that is refused is a span without a parent', async () => {
  await follow(far.url, allEvents, { sessionId: 'nothing' }).ended;
  await expect.poll(() => exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['GraphQL subscription']);
  expect(exporter.getFinishedSpans()[0]?.parentSpanContext).toBe(undefined);
});
