import { expect, test } from 'vitest';
import { boundedService } from '../../src/backends/bounded-service.ts';
import { problem } from '../../src/core/problem.ts';
import type { Facts, OpenRequest, Outgoing, ServiceMessage, SessionAt, Sink } from '../../src/core/service.ts';
import type { JsonObject } from '../../src/core/session.ts';
import { fakeService } from '../support/fake-service.ts';

const latest = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const largest = 2_147_483_647;
const nested = (levels: number): JsonObject => (levels === 1 ? {} : { in: nested(levels - 1) });

const odd: Facts = {
  title: 'kept',
  createdAt: 1e18,
  lastActivityAt: -5,
  expiresAt: Number.MAX_SAFE_INTEGER,
  endsAt: 1.5,
  renewalCount: 3e9,
  metadata: nested(5_000),
  defaults: nested(60),
  rules: {
    maxMembers: 1e10,
    maxTotalMegabytes: 2 ** 63,
    maxFiles: null,
    timeout: { timeoutSeconds: 6e10, warningSeconds: 0, maxDurationSeconds: null, autoRenew: true },
  },
};
const even: Facts = {
  title: 'kept',
  createdAt: latest,
  lastActivityAt: 0,
  expiresAt: latest,
  endsAt: 2,
  renewalCount: largest,
  defaults: nested(60),
  rules: {
    maxMembers: largest,
    maxTotalMegabytes: largest,
    maxFiles: null,
    timeout: { timeoutSeconds: largest, warningSeconds: 0, maxDurationSeconds: null, autoRenew: true },
  },
};
const said: ServiceMessage = {
  id: 'half \ud800',
  role: 'USER',
  content: 'half \ud800 is a text all the same',
  author: { id: null, name: null },
  createdAt: Infinity,
  metadata: nested(5_000),
};
const { metadata: _, ...rest } = said;
const bounded: ServiceMessage = { ...rest, id: 'half \ufffd', createdAt: latest };

const at = {} as SessionAt;
const refusal = problem('UPSTREAM_FAILED', 'no');

test('whatever a service says is within the bounds of a record', async () => {
  const heard: unknown[] = [];
  const service = boundedService({
    ...fakeService({}),
    open: async () => ({ handle: 'h', facts: odd, member: { id: 'm', secret: null, facts: odd } }),
    read: async () => odd,
    effects: { join: async () => ({ id: 'm', secret: null, facts: odd }), renew: async () => odd },
    find: async (handle) => (handle === 'h' ? { handle, facts: odd } : null),
    list: async () => ({ sessions: [{ handle: 'h', facts: odd }], next: null, unreadable: 1 }),
    send: async () => ({ id: 's', facts: odd, reply: Promise.resolve(said) }),
    history: async () => [said],
    suggestions: async () => [{ id: 'x', target: 'USER', content: '', createdAt: -1, messageId: null }],
    watch(_, sink) {
      sink.message(said);
      sink.facts(odd);
      return { [Symbol.asyncDispose]: async () => {} };
    },
  });
  expect(await service.open({} as OpenRequest)).toEqual({ handle: 'h', facts: even, member: { id: 'm', secret: null, facts: even } });
  expect(await service.read(at)).toEqual(even);
  expect(await service.effects.join?.(at, {} as never)).toEqual({ id: 'm', secret: null, facts: even });
  expect(await service.effects.renew?.(at)).toEqual(even);
  expect(await service.find?.('h')).toEqual({ handle: 'h', facts: even });
  expect(await service.find?.('another')).toBeNull();
  expect(await service.list?.({ limit: 1, page: null, filter: { agentId: null, metadata: null } })).toEqual({
    sessions: [{ handle: 'h', facts: even }],
    next: null,
    unreadable: 1,
  });
  const sent = await service.send?.(at, {} as Outgoing);
  expect(sent).toMatchObject({ id: 's', facts: even });
  expect(await (sent as { readonly reply: Promise<unknown> }).reply).toEqual(bounded);
  expect(await service.history?.(at, null)).toEqual([bounded]);
  expect(await service.suggestions?.(at, 1)).toMatchObject([{ createdAt: 0 }]);
  service.watch?.(at, { message: (message) => heard.push(message), facts: (facts) => heard.push(facts) } as Partial<Sink> as Sink);
  expect(heard).toEqual([bounded, even]);
});

test('problems, and what a service does not have, stay as they are', async () => {
  const service = boundedService({
    ...fakeService({}),
    read: async () => refusal,
    effects: { end: async () => refusal },
    send: async () => ({ id: null, facts: {}, reply: Promise.resolve(refusal) }),
  });
  expect(await service.read(at)).toBe(refusal);
  expect(await service.effects.end?.(at)).toBe(refusal);
  const sent = await service.send?.(at, {} as Outgoing);
  expect(await (sent as { readonly reply: Promise<unknown> }).reply).toBe(refusal);
  const missing = ['list', 'find', 'history', 'watch', 'suggestions'] as const;
  expect(missing.filter((name) => name in service)).toEqual([]);
  expect(Object.keys(service.effects)).toEqual(['end']);
});
