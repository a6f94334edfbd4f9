import { expect } from 'vitest';
import type { CommitOutcome } from '../../src/core/commit.ts';
import { aChange, aCreation, aMember, aMessage, aSending, aSession, created, start, stored } from '../support/store-fixtures.ts';
import type { Checks } from './store-suite.ts';

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));
const countOf = (outcomes: readonly CommitOutcome[], kind: CommitOutcome['kind']): number =>
  outcomes.filter((outcome) => outcome.kind === kind).length;

export const raceChecks: Checks = (check) => {
  check('numbers 200 parallel messages without a gap', async (store) => {
    const { id } = await created(store);
    const messages = times(200, () => aMessage(id));
    const outcomes = await Promise.all(messages.map((message) => store.commit(aSending(id, [message]))));
    expect(countOf(outcomes, 'committed')).toBe(200);
    const { events, head, oldest } = await store.timeline.read(id, 0, 500);
    expect({ head, oldest }).toEqual({ head: 200, oldest: 1 });
    expect(events.map(({ seq }) => seq)).toEqual(times(200, (index) => index + 1));
    expect(events.map(({ message }) => message?.seq)).toEqual(times(200, (index) => index + 1));
    expect(new Set(events.map(({ message }) => message?.id))).toEqual(new Set(messages.map((message) => message.id)));
    for (const [index, outcome] of outcomes.entries()) {
      expect(outcome).toMatchObject({ seq: events.findIndex(({ message }) => message?.id === messages[index]?.id) + 1 });
    }
  });

  check('lets one of 200 parallel exclusive changes through', async (store) => {
    const { id } = await created(store);
    const outcomes = await Promise.all(
      times(200, (index) =>
        store.commit(
          aChange(id, {
            guard: { version: 1, exclusive: true },
            set: { activeMembers: 1, title: String(index) },
            members: [aMember(id)],
          }),
        ),
      ),
    );
    expect([countOf(outcomes, 'committed'), countOf(outcomes, 'conflict')]).toEqual([1, 199]);
    const [page] = await store.members.list([{ sessionId: id, page: { limit: 5 } }]);
    expect(page?.totalCount).toBe(1);
    expect(await stored(store, id)).toMatchObject({
      version: 2,
      title: String(outcomes.findIndex(({ kind }) => kind === 'committed')),
    });
  });

  check('lets the earlier of two decide for the later, submitted together', async (store) => {
    const { id } = await created(store);
    const outcomes = await Promise.all([
      store.commit(aSending(id, [aMessage(id)])),
      store.commit(aChange(id, { guard: { version: 1, exclusive: true }, set: { status: 'ENDED' } })),
      store.commit(aSending(id, [aMessage(id)])),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['committed', 'committed', 'conflict']);
    expect(await stored(store, id)).toMatchObject({ status: 'ENDED', seq: 1 });
  });

  check('adds up parallel activity and counters', async (store) => {
    const { id } = await created(store, { expiresAt: start, dueAt: start });
    await Promise.all(
      times(100, (index) => {
        const at = start + ((index * 37) % 100);
        return store.commit(
          aChange(id, {
            add: { files: 1, fileBytes: 1_000 },
            touch: { at, expiry: { expiresAt: at + 500, dueAt: at + 400 }, renewed: true },
          }),
        );
      }),
    );
    expect(await stored(store, id)).toMatchObject({
      files: 100,
      fileBytes: 100_000,
      renewalCount: 100,
      lastActivityAt: start + 99,
      expiresAt: start + 599,
      dueAt: start + 499,
    });
  });

  check('gives a handle to one of 50 parallel creations', async (store) => {
    const sessions = times(50, () => aSession({ handle: 'wanted' }));
    const outcomes = await Promise.all(sessions.map((session) => store.commit(aCreation(session))));
    expect([countOf(outcomes, 'committed'), countOf(outcomes, 'handle-taken')]).toEqual([1, 49]);
  });

  check('makes one session of an idempotency key that 50 send in parallel', async (store) => {
    const sessions = times(50, () => aSession());
    const outcomes = await Promise.all(
      sessions.map((session) =>
        store.commit(
          aCreation(session, {
            idempotency: { scope: 's', key: 'k', inputHash: 'h', result: { sessionId: session.id }, createdAt: start },
          }),
        ),
      ),
    );
    expect([countOf(outcomes, 'committed'), countOf(outcomes, 'repeated')]).toEqual([1, 49]);
    const made = sessions[outcomes.findIndex(({ kind }) => kind === 'committed')];
    const records = outcomes.flatMap((outcome) => (outcome.kind === 'repeated' ? [outcome.record.result.sessionId] : []));
    expect(new Set(records)).toEqual(new Set([made?.id]));
    const found = await store.sessions.byIds(sessions.map(({ id }) => id));
    expect(found.filter((session) => session !== null)).toEqual([made]);
  });

  check('keeps sessions apart that are written in parallel', async (store) => {
    const sessions = await Promise.all(times(20, () => created(store)));
    await Promise.all(
      times(200, (index) => {
        const session = sessions[index % 20];
        if (session === undefined) throw new Error('A session was expected');
        return store.commit(aSending(session.id, [aMessage(session.id)]));
      }),
    );
    expect(await store.timeline.heads(sessions.map(({ id }) => id))).toEqual(times(20, () => 10));
  });
};
