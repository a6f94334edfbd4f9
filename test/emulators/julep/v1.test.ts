import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { type Answer, askAt, endOf, unknownId } from './asking.ts';
import { type JulepEmulator, createJulepEmulator } from './emulator.ts';
import type { JulepEmulatorOptions } from './options.ts';

let emulator: JulepEmulator;
afterEach(() => endOf(emulator));

const start = async (options: Partial<JulepEmulatorOptions> = {}): Promise<void> => {
  emulator = await createJulepEmulator({ contract: 'v1', ...options });
};

const ask = (...asked: readonly [line: string, body?: unknown, headers?: Readonly<Record<string, string>>]): Promise<Answer> =>
  askAt(emulator, ...asked);
const agent = (): string => emulator.state.agents[0]?.id ?? '';
const hello = { messages: [{ role: 'user', content: 'hi there' }] };
const history = async (id: string): Promise<any[]> => (await ask(`GET /sessions/${id}/history`)).body.entries;

/** When what was said last is in the history. */
async function stored(id: string, count: number): Promise<readonly any[]> {
  for (;;) {
    const entries = await history(id);
    if (entries.length >= count) return entries;
  }
}

describe('the API v1', () => {
  test('wants its key in the header that it is told', async () => {
    await start({ authHeader: 'X-Auth-Key' });
    expect(await ask('GET /sessions')).toMatchObject({ status: 403, body: { error: { code: 'http_403' } } });
    expect((await ask('GET /sessions', undefined, { 'x-auth-key': emulator.apiKey })).status).toBe(200);
  });

  test('makes sessions, by its own ids or by the client’s, and shows them without their agents', async () => {
    await start();
    const { status, body } = await ask('POST /sessions', { agent: agent(), situation: 'One', metadata: { a: 1 }, token_budget: 100 });
    expect([status, body]).toMatchObject([201, { situation: 'One', metadata: { a: 1 }, token_budget: 100, render_templates: true }]);
    expect(Object.keys(body)).not.toContain('agent');
    expect(await ask(`POST /sessions/${unknownId}`, { agent: agent() })).toMatchObject({ status: 201, body: { id: unknownId } });
    expect((await ask(`POST /sessions/${unknownId}`, { agent: agent(), situation: 'Two' })).body.situation).toBe('Two');
    expect((await ask('GET /sessions')).body.items).toHaveLength(2);
  });

  test.each([
    ['no agent', {}, 400],
    ['both agent and agents', { agent: unknownId, agents: [unknownId] }, 400],
    ['an agent that is not there', { agent: unknownId }, 409],
    ['an agent that is no UUID', { agent: 'ada' }, 422],
    ['another overflow', { agent: unknownId, context_overflow: 'burst' }, 422],
  ])('makes none with %s', async (_, body, status) => {
    await start();
    const refusal = await ask('POST /sessions', body);
    expect([refusal.status, refusal.body.error.message]).toEqual([status, expect.any(String)]);
  });

  test('says where a mistake is', async () => {
    await start();
    const { body } = await ask('POST /sessions', { agent: 'ada' });
    expect(body.error).toMatchObject({ code: 'validation_error', details: [{ loc: ['body', 'agent'], msg: expect.any(String) }] });
  });

  test('resets by PUT what is not given, and merges by PATCH', async () => {
    await start();
    const { id } = emulator.state.create({ situation: 'One', metadata: { a: 1 }, renderTemplates: false });
    await ask(`PATCH /sessions/${id}`, { token_budget: 5, metadata: { b: 2 }, situation: null });
    expect((await ask(`GET /sessions/${id}`)).body).toMatchObject({
      situation: 'One',
      metadata: { a: 1, b: 2 },
      token_budget: 5,
      render_templates: false,
    });
    await ask(`PUT /sessions/${id}`, { situation: 'Two' });
    expect((await ask(`GET /sessions/${id}`)).body).toMatchObject({
      situation: 'Two',
      metadata: {},
      token_budget: null,
      render_templates: true,
    });
  });

  test('filters by metadata, numbers as numbers, newest first unless asked', async () => {
    await start();
    for (const n of [1, 2]) emulator.state.create({ createdAt: n, metadata: { n, text: '7' } });
    const numbers = async (query: string): Promise<readonly number[]> =>
      (await ask(`GET /sessions?${query}`)).body.items.map(({ metadata }: any) => metadata.n);
    expect(await numbers('limit=10')).toEqual([2, 1]);
    expect(await numbers('direction=asc')).toEqual([1, 2]);
    expect(await numbers('metadata_filter.n=2')).toEqual([2]);
    expect(await numbers('metadata_filter.text=7')).toEqual([]);
    expect((await ask('GET /sessions?limit=1000')).status).toBe(422);
  });

  test('answers a chat whole, and stores it afterwards under other ids', async () => {
    await start();
    const { id } = emulator.state.create();
    const store = emulator.agent.holdStoring();
    const { status, body } = await ask(`POST /sessions/${id}/chat`, hello);
    expect([status, body.choices]).toMatchObject([201, [{ index: 0, message: { role: 'assistant', content: 'You said: hi there' } }]]);
    expect(await history(id)).toEqual([]);
    store();
    const entries = await stored(id, 2);
    expect(entries.map(({ role }) => String(role)).toSorted()).toEqual(['assistant', 'user']);
    expect(entries.map((entry) => entry.id)).not.toContain(body.id);
    await ask(`POST /sessions/${id}/chat`, { ...hello, save: false });
    expect(await history(id)).toHaveLength(2);
  });

  test('streams a chat where it is asked to, and ends with the usage', async () => {
    await start();
    const { id } = emulator.state.create();
    const { status, type, body } = await ask(`POST /sessions/${id}/chat`, { ...hello, stream: true });
    expect([status, type]).toEqual([201, 'text/event-stream; charset=utf-8']);
    const chunks = (body as string)
      .trim()
      .split('\n\n')
      .map((event) => JSON.parse(event.slice('data: '.length)));
    expect(chunks.map(({ choices }) => choices[0]?.delta.content)).toEqual(['You ', 'said: ', 'hi ', 'there', undefined]);
    expect([new Set(chunks.map((chunk) => chunk.id)).size, chunks.at(-1).usage.total_tokens]).toEqual([1, 2]);
    expect((await ask(`POST /sessions/${id}/chat`, { ...hello, stream: true, auto_run_tools: true })).status).toBe(400);
  });

  test('keeps a streamed chat alive with comments while its agent thinks, where told to', async () => {
    await start();
    const { id } = emulator.state.create();
    emulator.agent.keepAliveMs = 5;
    const release = emulator.agent.hold(1);
    const answer = ask(`POST /sessions/${id}/chat`, { ...hello, stream: true });
    await expect.poll(() => emulator.agent.underway).toBe(1);
    await delay(50);
    release();
    const { body } = await answer;
    expect((body as string).match(/: keep-alive/g)?.length).toBeGreaterThan(1);
    expect((body as string).match(/data: /g)).toHaveLength(5);
    await expect.poll(() => emulator.agent.underway).toBe(0);
  });

  test('has a history for each id, and clears none unless told to', async () => {
    await start();
    expect((await ask(`GET /sessions/${unknownId}/history`)).body).toMatchObject({ entries: [], relations: [], session_id: unknownId });
    const { id } = emulator.state.create();
    emulator.state.say(id, 'user', 'hi');
    expect(await history(id)).toMatchObject([{ role: 'user', content: [{ type: 'text', text: 'hi' }], source: 'api_request' }]);
    expect((await ask(`DELETE /sessions/${id}/history`)).status).toBe(405);
    await emulator[Symbol.asyncDispose]();
    await start({ clearsHistory: true });
    const { id: other } = emulator.state.create();
    emulator.state.say(other, 'user', 'hi');
    expect((await ask(`DELETE /sessions/${other}/history`)).status).toBe(202);
    expect(await history(other)).toEqual([]);
  });

  test('refuses what is not there, and accounts that are used up', async () => {
    await start();
    for (const line of [`GET /sessions/${unknownId}`, `DELETE /sessions/${unknownId}`]) {
      expect(await ask(line)).toMatchObject({ status: 404, body: { error: { code: 'http_404' } } });
    }
    expect((await ask(`POST /sessions/${unknownId}/chat`, hello)).status).toBe(404);
    emulator.state.account.overCost = true;
    expect(await ask('POST /sessions', { agent: agent() })).toMatchObject({
      status: 403,
      body: { error: { code: 'cost_limit_exceeded' } },
    });
    expect((await ask('GET /sessions')).status).toBe(200);
  });

  test('keeps what it holds through a restart', async () => {
    await start();
    const { id } = emulator.state.create();
    const { server, url } = emulator;
    const closed = once(server, 'close');
    await emulator.stop();
    await closed;
    await emulator.start();
    expect([emulator.url, (await ask(`GET /sessions/${id}`)).status]).toEqual([url, 200]);
  });
});
