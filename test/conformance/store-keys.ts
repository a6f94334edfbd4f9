import { expect } from 'vitest';
import type { IdempotencyRecord } from '../../src/core/commit.ts';
import type { ApiKeyRecord } from '../../src/core/ports.ts';
import { aChange, aCreation, aMessage, aSending, aSession, created, start } from '../support/store-fixtures.ts';
import type { Checks } from './store-suite.ts';

const aKey = (id: string, over: Partial<ApiKeyRecord> = {}): ApiKeyRecord => ({
  id,
  name: `key ${id}`,
  tier: 'PRO',
  hash: `hash-${id}`,
  createdAt: start,
  revokedAt: null,
  ...over,
});

export const keyChecks: Checks = (check) => {
  check('answers a repeated idempotency key from its record and writes nothing', async (store) => {
    const { id } = await created(store);
    const message = aMessage(id);
    const record: IdempotencyRecord = {
      scope: 'key:1',
      key: 'k',
      inputHash: 'hash',
      result: { sessionId: id, messageId: message.id },
      createdAt: start,
    };
    expect(await store.commit(aSending(id, [message], { idempotency: record }))).toEqual({ kind: 'committed', seq: 1, version: 1 });
    expect(await store.sessions.idempotency('key:1', 'k')).toEqual(record);
    const again = aSending(id, [aMessage(id)], { idempotency: { ...record, inputHash: 'another', createdAt: start + 1 } });
    expect(await store.commit(again)).toEqual({ kind: 'repeated', record });
    const session = aSession();
    expect(await store.commit(aCreation(session, { idempotency: record }))).toEqual({ kind: 'repeated', record });
    expect(await store.sessions.byIds([session.id])).toEqual([null]);
    expect(await store.timeline.heads([id])).toEqual([1]);
  });

  check('answers a repeated key even where the session has moved on', async (store) => {
    const { id } = await created(store);
    const record = { scope: 's', key: 'k', inputHash: 'h', result: { sessionId: id }, createdAt: start };
    const change = aChange(id, { guard: { version: 1, exclusive: true }, set: { title: 'x' }, idempotency: record });
    expect(await store.commit(change)).toMatchObject({ kind: 'committed', version: 2 });
    expect(await store.commit(change)).toEqual({ kind: 'repeated', record });
  });

  check('records no key of a commit that was refused', async (store) => {
    const { id } = await created(store, { handle: 'taken' });
    const idempotency = { scope: 's', key: 'k', inputHash: 'h', result: { sessionId: id }, createdAt: start };
    expect(await store.commit(aCreation(aSession({ handle: 'taken' }), { idempotency }))).toEqual({ kind: 'handle-taken' });
    expect(await store.commit(aChange(id, { guard: { version: 9, exclusive: false }, idempotency }))).toEqual({ kind: 'conflict' });
    expect(await store.sessions.idempotency('s', 'k')).toBeNull();
  });

  check('keeps the keys of two callers apart', async (store) => {
    const { id } = await created(store);
    const send = (scope: string, key: string) =>
      store.commit(
        aSending(id, [aMessage(id)], { idempotency: { scope, key, inputHash: 'h', result: { sessionId: id }, createdAt: start } }),
      );
    const pairs = [
      ['a', 'k'],
      ['b', 'k'],
      ['a', 'kk'],
      ['ak', 'k'],
      ['', 'ak'],
    ] as const;
    for (const [scope, key] of pairs) expect(await send(scope, key)).toMatchObject({ kind: 'committed' });
    expect(await store.sessions.idempotency('b', 'kk')).toBeNull();
  });

  check('keeps API keys, newest first', async (store) => {
    const one = aKey('one');
    const two = aKey('two', { createdAt: start + 1, tier: 'FREE' });
    const tied = aKey('tied', { createdAt: start + 1, tier: 'ENTERPRISE' });
    expect(await store.apiKeys.list()).toEqual([]);
    for (const record of [two, one, tied]) await store.apiKeys.insert(record);
    expect(await store.apiKeys.list()).toEqual([two, tied, one]);
    expect(await store.apiKeys.byHash('hash-one')).toEqual(one);
    expect(await store.apiKeys.byHash('nothing')).toBeNull();
    expect(await store.apiKeys.byIds(['tied', 'none', 'one'])).toEqual([tied, null, one]);
    await expect(store.apiKeys.insert(aKey('one', { hash: 'other' }))).rejects.toBeInstanceOf(Error);
    await expect(store.apiKeys.insert(aKey('other', { hash: 'hash-one' }))).rejects.toBeInstanceOf(Error);
    expect(await store.apiKeys.list()).toHaveLength(3);
  });

  check('revokes an API key once', async (store) => {
    await store.apiKeys.insert(aKey('one'));
    const answers = await Promise.all([1, 2, 3].map((after) => store.apiKeys.revoke('one', start + after)));
    expect(answers).toEqual([true, false, false]);
    expect(await store.apiKeys.byHash('hash-one')).toEqual(aKey('one', { revokedAt: start + 1 }));
    expect(await store.apiKeys.revoke('none', start)).toBe(false);
  });

  check('gives a challenge out once', async (store) => {
    await store.challenges.put({ id: 'c', payload: 'say \u{1f511}', expiresAt: start + 10 });
    const taken = await Promise.all(Array.from({ length: 20 }, () => store.challenges.take('c', start)));
    expect(taken.filter((payload) => payload !== null)).toEqual(['say \u{1f511}']);
    expect(await store.challenges.take('none', start)).toBeNull();
  });

  check('gives no challenge out from its end on', async (store) => {
    for (const id of ['before', 'at', 'after']) await store.challenges.put({ id, payload: id, expiresAt: start + 10 });
    expect(await store.challenges.take('before', start + 9)).toBe('before');
    expect(await store.challenges.take('at', start + 10)).toBeNull();
    expect(await store.challenges.take('after', start + 11)).toBeNull();
    expect(await store.challenges.take('after', start)).toBeNull();
  });

  check('prunes what is from before the instants', async (store) => {
    const { id } = await created(store);
    await Promise.all(
      Array.from({ length: 2_500 }, (_, index) =>
        store.commit(
          aChange(id, {
            idempotency: { scope: 's', key: `k${index}`, inputHash: 'h', result: { sessionId: id }, createdAt: start + index },
          }),
        ),
      ),
    );
    for (const index of [0, 1, 2]) await store.challenges.put({ id: `c${index}`, payload: 'p', expiresAt: start + index });
    expect(await store.retention.prune({ idempotency: start, challenges: start })).toBe(0);
    expect(await store.retention.prune({ idempotency: start + 2_400, challenges: start + 2 })).toBe(2_402);
    expect(await store.sessions.idempotency('s', 'k2399')).toBeNull();
    expect(await store.sessions.idempotency('s', 'k2400')).not.toBeNull();
    expect(await store.challenges.take('c1', start - 1)).toBeNull();
    expect(await store.challenges.take('c2', start - 1)).toBe('p');
  });
};
