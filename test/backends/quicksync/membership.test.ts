import { afterEach, describe, expect, test } from 'vitest';
import { createTestClock } from '../../support/core-clock.ts';
import { expectProblem } from '../../support/core-fixtures.ts';
import { type World, asMember, createWorld, good } from './world.ts';

let world: World;
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

describe('joining', () => {
  test('gives a token of its own', async () => {
    world = await createWorld();
    const host = await world.open({ maxMembers: 2 }, 'open sesame');
    const other = await world.enter(host, 'Grace', 'open sesame');
    expect(other.as?.secret).not.toBe(host.as?.secret);
    expect(other.session).toEqual(host.session);
    expect(world.emulator.requests.find(({ url }) => url === '/v1/session/join')?.headers['x-api-key']).toBe('quicksync-key');
  });

  test('is refused as the gateway would', async () => {
    world = await createWorld();
    const at = await world.open({ maxMembers: 2 }, 'open sesame');
    const other = { ...(await world.joiner('Grace')), password: 'open sesame' };
    expectProblem(await world.effects.join(at, { ...other, password: 'wrong' }), 'WRONG_PASSWORD', ['password']);
    expectProblem(await world.effects.join(at, { ...other, password: null }), 'WRONG_PASSWORD', ['password']);
    expectProblem(await world.effects.join(at, { ...other, walletProof: null }), 'UNAUTHENTICATED');
    expectProblem(await world.effects.join(at, { ...other, walletProof: 'forged' }), 'UNAUTHENTICATED');
    good(await world.effects.join(at, other));
    expectProblem(await world.effects.join(at, { ...(await world.joiner('Third')), password: 'open sesame' }), 'SESSION_FULL');
    const closed = await world.open({ allowlistOnly: true, allowlist: [String(other.address)] });
    expectProblem(await world.effects.join(closed, { ...(await world.joiner('Third')), password: null }), 'NOT_ALLOWLISTED');
  });

  test('of what is gone says how it went', async () => {
    world = await createWorld();
    const at = await world.open();
    good(await world.effects.end(at));
    expectProblem(await world.effects.join(at, { ...(await world.joiner('Grace')), password: null }), 'ENDED');
  });
});

describe('leaving', () => {
  test('takes the caller out, once', async () => {
    world = await createWorld();
    const host = await world.open();
    const other = await world.enter(host, 'Grace');
    expect(await world.effects.leave(other)).toEqual({});
    expect([...world.there(host).users.keys()]).toEqual([host.as?.id]);
    expect(await world.effects.leave(other)).toEqual({});
  });

  test('what is gone says how it went', async () => {
    world = await createWorld();
    const host = await world.open();
    const other = await world.enter(host, 'Grace');
    good(await world.effects.end(host));
    expectProblem(await world.effects.leave(other), 'ENDED');
  });

  test('needs no service that does not know the member', async () => {
    world = await createWorld();
    const at = await world.open();
    expect(await world.effects.leave({ ...at, as: { ...asMember(at), id: null, secret: null } })).toEqual({});
    expectProblem(await world.effects.leave({ ...at, as: { ...asMember(at), secret: null } }), 'CONFLICT');
    expect(world.emulator.count('POST /v1/session/disconnect')).toBe(0);
  });
});

describe('kicking', () => {
  test.each([undefined, 'id'])('takes somebody out, by the field %s', async (kickField) => {
    world = await createWorld(kickField === undefined ? {} : { kickField }, { kickField });
    const host = await world.open();
    const other = await world.enter(host, 'Grace');
    expect(await world.effects.kick(host, asMember(other))).toEqual({});
    expect(world.bodies('POST /v1/session/current/kick')).toEqual([{ [kickField ?? 'userId']: other.as?.id }]);
    expect([...world.there(host).users.keys()]).toEqual([host.as?.id]);
    // Again is as good as once.
    expect(good(await world.effects.kick(host, asMember(other))).members).toHaveLength(1);
  });

  test('is refused by another field’s name', async () => {
    world = await createWorld({ kickField: 'id' });
    const host = await world.open();
    const { detail } = expectProblem(await world.effects.kick(host, asMember(await world.enter(host, 'Grace'))), 'UPSTREAM_REFUSED');
    expect(detail).toContain('The id field is required');
  });

  test('is for the host, while the session is there', async () => {
    world = await createWorld();
    const host = await world.open();
    const other = await world.enter(host, 'Grace');
    expectProblem(await world.effects.kick(other, asMember(host)), 'FORBIDDEN');
    good(await world.effects.kick(host, asMember(other)));
    expectProblem(await world.effects.kick(other, asMember(host)), 'NOT_A_MEMBER');
    expect(await world.effects.kick(host, { ...asMember(other), id: null })).toEqual({});
    expectProblem(await world.effects.kick({ ...host, as: null }, asMember(other)), 'CONFLICT');
    good(await world.effects.end(host));
    expectProblem(await world.effects.kick(host, asMember(other)), 'ENDED');
  });
});

describe('ending', () => {
  test('deletes the session, and is done where it is gone', async () => {
    world = await createWorld();
    const at = await world.open();
    expect(await world.effects.end(at)).toEqual({});
    expect(world.there(at).over).toBe('DESTROYED');
    expect(await world.effects.end(at)).toEqual({});
  });

  test('is for the host', async () => {
    world = await createWorld();
    const host = await world.open();
    const other = await world.enter(host, 'Grace');
    expectProblem(await world.effects.end(other), 'FORBIDDEN');
    good(await world.effects.leave(other));
    expectProblem(await world.effects.end(other), 'NOT_A_MEMBER');
    expectProblem(await world.effects.end({ ...host, as: null }), 'CONFLICT');
  });

  test('what has expired is done, by whatever the service says then', async () => {
    const clock = createTestClock();
    world = await createWorld({ now: () => clock.now(), expiredStatus: 401 }, { clock });
    const at = await world.open({ lifetimeSeconds: 60 });
    await clock.advance(60_000);
    expect(await world.effects.end(at)).toEqual({});
  });
});
