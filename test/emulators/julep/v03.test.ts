import { afterEach, describe, expect, test } from 'vitest';
import { type Answer, askAt, endOf, unknownId } from './asking.ts';
import { type JulepEmulator, createJulepEmulator } from './emulator.ts';
import { type JulepEmulatorOptions, realQuirks } from './options.ts';

let emulator: JulepEmulator;
afterEach(() => endOf(emulator));

const start = async (options: Partial<JulepEmulatorOptions> = {}): Promise<void> => {
  emulator = await createJulepEmulator({ contract: 'v0.3', ...options });
};

const ask = (...asked: readonly [line: string, body?: unknown, headers?: Readonly<Record<string, string>>]): Promise<Answer> =>
  askAt(emulator, ...asked);
const made = async (more: object = {}): Promise<string> => {
  const { status, body } = await ask('POST /sessions', { agent_id: emulator.state.agents[0]?.id, ...more });
  expect([status, Object.keys(body)]).toEqual([201, ['id', 'created_at', 'jobs']]);
  return body.id;
};
const invalid = { status: 422, body: { status_code: 422, message: expect.stringMatching(/'loc': \('(?:body|query|path)', /), data: null } };

describe('the agents API 0.3', () => {
  test('wants its key, also without the word before it', async () => {
    await start();
    const refusal = { status: 403, body: { detail: 'Could not validate API KEY' } };
    expect(await ask('GET /sessions', undefined, { authorization: 'Bearer other' })).toMatchObject(refusal);
    expect((await ask('GET /sessions', undefined, { authorization: emulator.apiKey })).status).toBe(200);
  });

  test('keeps developers apart, and breaks without one', async () => {
    await start({ developers: true });
    const own = emulator.state.create({ developerId: unknownId });
    emulator.state.create();
    expect(await ask('GET /sessions')).toMatchObject({ status: 500, body: 'Internal Server Error' });
    const { body } = await ask('GET /sessions', undefined, { 'x-developer-id': unknownId });
    expect(body.items.map(({ id }: { id: string }) => id)).toEqual([own.id]);
  });

  test('makes, reads, changes and deletes sessions', async () => {
    await start();
    const id = await made({ situation: 'One', metadata: { a: 1, b: 2 }, render_templates: true });
    expect((await ask(`GET /sessions/${id}`)).body).toMatchObject({
      id,
      situation: 'One',
      metadata: { a: 1, b: 2 },
      render_templates: true,
    });
    expect((await ask(`PATCH /sessions/${id}`, { metadata: { b: 3 } })).status).toBe(200);
    expect((await ask(`GET /sessions/${id}`)).body).toMatchObject({ situation: 'One', metadata: { a: 1, b: 3 } });
    expect((await ask(`PUT /sessions/${id}`, { situation: 'Two' })).body).toEqual({ id, updated_at: expect.any(String), jobs: [] });
    expect((await ask(`GET /sessions/${id}`)).body).toMatchObject({ situation: 'Two', metadata: {}, render_templates: true });
    expect((await ask(`DELETE /sessions/${id}`)).status).toBe(202);
    expect(await ask(`GET /sessions/${id}`)).toMatchObject({ status: 404, body: { detail: 'Session not found' } });
    expect((await ask(`PATCH /sessions/${id}`, {})).body).toEqual({ error: { message: expect.stringMatching(/not found for developer/) } });
  });

  test.each([
    ['POST /sessions', {}],
    ['POST /sessions', { agent_id: 'ada' }],
    [`PUT /sessions/${unknownId}`, { metadata: {} }],
    [`POST /sessions/${unknownId}/chat`, { messages: [] }],
    [`POST /sessions/${unknownId}/chat`, { messages: [{ role: 'user', content: 'x' }], temperature: 3 }],
    ['GET /sessions/nope', undefined],
    ['GET /sessions?limit=0', undefined],
  ])('does not take %s %j', async (line, body) => {
    await start();
    expect(await ask(line, body)).toMatchObject(invalid);
  });

  test('answers a chat whole, with the id that history has', async () => {
    await start();
    const id = await made();
    emulator.agent.reply = (said) => said.toUpperCase();
    const { body } = await ask(`POST /sessions/${id}/chat`, { messages: [{ role: 'user', content: 'hi' }], stream: true });
    expect(body).toMatchObject({ finish_reason: 'stop', response: [[{ role: 'assistant', content: 'HI' }]], usage: { total_tokens: 2 } });
    const { body: history } = await ask(`GET /sessions/${id}/history`);
    expect(history.items).toMatchObject([{ role: 'user', content: 'hi' }, body.response[0][0]]);
    const { body: suggestions } = await ask(`GET /sessions/${id}/suggestions`);
    expect(suggestions.items).toMatchObject([{ target: 'user', session_id: id, message_id: body.response[0][0].id }]);
    await ask(`POST /sessions/${id}/chat`, { messages: [{ role: 'user', content: 'hi' }], remember: false });
    await ask(`POST /sessions/${id}/chat`, { messages: [{ role: 'user', content: 'hi' }], record: false });
    expect((await ask(`GET /sessions/${id}/history`)).body.items).toHaveLength(2);
    expect((await ask(`GET /sessions/${id}/history?limit=1&offset=1`)).body.items).toMatchObject([{ content: 'HI' }]);
    expect((await ask(`DELETE /sessions/${id}/history`)).status).toBe(202);
    expect((await ask(`GET /sessions/${id}/history`)).body).toEqual({ items: [] });
  });

  test('filters by metadata, exactly and by all keys', async () => {
    await start();
    const { id } = emulator.state.create({ metadata: { a: 1, b: 'x' } });
    emulator.state.create({ metadata: { a: 1, b: 'y' } });
    const filter = encodeURIComponent(JSON.stringify({ a: 1, b: 'x' }));
    expect((await ask(`GET /sessions?metadata_filter=${filter}`)).body.items).toMatchObject([{ id }]);
    const refusal = { status: 400, body: { detail: 'metadata_filter is not a valid JSON' } };
    expect(await ask('GET /sessions?metadata_filter=no')).toMatchObject(refusal);
  });
});

describe('the real service', () => {
  const order = async (): Promise<readonly number[]> => {
    for (const n of [1, 2]) emulator.state.create({ createdAt: n, updatedAt: 3 - n, metadata: { n } });
    const { body } = await ask('GET /sessions?sort_by=created_at&order=asc');
    return body.items.map(({ metadata }: { metadata: { n: number } }) => metadata.n);
  };

  test('has no suggestions', async () => {
    await start({ quirks: { noSuggestions: true } });
    const { id } = emulator.state.create();
    emulator.state.suggest(id, { target: 'user', content: 'Why?' });
    expect((await ask(`GET /sessions/${id}/suggestions`)).body).toEqual({ items: [] });
  });

  test('does not sort', async () => {
    await start();
    expect(await order()).toEqual([1, 2]);
    await emulator[Symbol.asyncDispose]();
    await start({ quirks: { unsorted: true } });
    expect(await order()).toEqual([2, 1]);
  });

  test('does not bound pages', async () => {
    await start({ quirks: { unboundedPages: true } });
    expect((await ask('GET /sessions?limit=5000')).status).toBe(200);
  });

  test('says nothing of templates in its list', async () => {
    await start({ quirks: { rowsWithoutTemplates: true } });
    const { id } = emulator.state.create({ renderTemplates: true });
    expect((await ask('GET /sessions')).body.items[0].render_templates).toBe(false);
    expect((await ask(`GET /sessions/${id}`)).body.render_templates).toBe(true);
  });

  test('answers for sessions that are not there', async () => {
    await start();
    expect([(await ask(`GET /sessions/${unknownId}/history`)).status, (await ask(`DELETE /sessions/${unknownId}`)).status]).toEqual([
      404, 404,
    ]);
    await emulator[Symbol.asyncDispose]();
    await start({ quirks: realQuirks });
    expect(await ask(`GET /sessions/${unknownId}/history`)).toMatchObject({ status: 200, body: { items: [] } });
    expect((await ask(`DELETE /sessions/${unknownId}`)).status).toBe(202);
  });

  test('records whatever `record` says', async () => {
    await start({ quirks: { recordsAlways: true } });
    const id = await made();
    await ask(`POST /sessions/${id}/chat`, { messages: [{ role: 'user', content: 'hi' }], record: false });
    expect((await ask(`GET /sessions/${id}/history`)).body.items).toHaveLength(2);
  });
});
