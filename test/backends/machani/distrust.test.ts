import { describe, expect, test } from 'vitest';
import type { Fault } from '../../emulators/shared/faults.ts';
import { memberName } from '../../../src/backends/machani/mapping.ts';
import { machaniOfEachTest } from './machani-of-each-test.ts';
import { member, memberAt, outgoing, sessionAt } from './support.ts';

const machani = machaniOfEachTest();
const ada = memberName(member('ada', 'Ada'));

describe('an answer of success that is none', () => {
  const none: readonly (readonly [string, Fault])[] = [
    ['a page', { kind: 'html' }],
    ['a failure', { kind: 'nonsense', body: { success: false, code: 13, message: 'not done', details: [] } }],
    ['the error of a gateway', { kind: 'nonsense', body: { error: { code: 'TIMEOUT' } } }],
  ];
  const others: readonly (readonly [string, Fault])[] = [
    ['JSON of something else', { kind: 'nonsense' }],
    ['no content', { kind: 'status', status: 204 }],
    ['an empty body', { kind: 'status', status: 200 }],
  ];
  const failed = { code: 'UPSTREAM_FAILED', backend: 'rooms' };

  test.each([...none, ...others])('publishes no message, lets nobody in or out: %s', async (_, fault) => {
    machani.emulator.createSession({}, 'lobby');
    machani.emulator.join('lobby', ada);
    machani.emulator.fault(fault, { match: ({ method }) => method === 'POST' });
    const at = sessionAt('lobby', memberAt('ada', ada));
    expect(await machani.service.send?.(at, outgoing('Hi'))).toMatchObject(failed);
    expect(await machani.service.effects.join?.(at, { ...member('bob'), password: null })).toMatchObject(failed);
    expect(await machani.service.effects.leave?.(at)).toMatchObject(failed);
    expect(await machani.service.effects.kick?.(at, memberAt('ada', ada))).toMatchObject(failed);
  });

  test.each(none)('ends no session: %s', async (_, fault) => {
    machani.emulator.createSession({}, 'lobby');
    machani.emulator.fault(fault);
    expect(await machani.service.effects.end?.(sessionAt('lobby'))).toMatchObject(failed);
    expect(await machani.service.read(sessionAt('lobby'))).toMatchObject(failed);
  });

  test('is none of a message whose acknowledgment is left out', async () => {
    machani.emulator.createSession({}, 'lobby');
    machani.emulator.fault({ kind: 'nonsense', body: { message: { content: 'Hi' } } });
    expect(await machani.service.send?.(sessionAt('lobby'), outgoing('Hi'))).toMatchObject({ id: null });
  });

  test('is none of an end without content', async () => {
    machani.emulator.createSession({}, 'lobby');
    machani.emulator.fault({ kind: 'status', status: 204 });
    expect(await machani.service.effects.end?.(sessionAt('lobby'))).toEqual({});
  });
});

describe('the key of a session', () => {
  const quoting = (key: string): Fault => ({
    kind: 'status',
    status: 400,
    body: { code: 3, message: `session secret ${key} is not accepted here`, details: [] },
  });
  /** What sending comes to where the service quotes the key. */
  const refusedSend = async (at: ReturnType<typeof sessionAt>, key: string): Promise<string> => {
    using _ = machani.emulator.fault(quoting(key), { match: ({ url }) => url.endsWith('/messages') });
    return JSON.stringify(await machani.service.send?.(at, outgoing('Hi')));
  };
  const discreet = (key: string): unknown => expect.toSatisfy((said: string) => said.includes('refuses the input') && !said.includes(key));
  const keys = ['topsecretroomkey', 'k3y', 'room-secret-key-0123456789'];

  test.each(keys)('is not quoted, whatever its form: %s', async (secretKey) => {
    machani.emulator.createSession({ secretKey }, 'lobby');
    await machani.service.find?.('lobby');
    expect(await refusedSend(sessionAt('lobby'), secretKey)).toEqual(discreet(secretKey));
  });

  test.each(keys)('is not quoted by a gateway that has it from its record: %s', async (key) => {
    machani.emulator.createSession({}, 'lobby');
    expect(await refusedSend({ ...sessionAt('lobby'), secret: key }, key)).toEqual(discreet(key));
  });

  test.each(keys)('is not quoted by a gateway that heard it when it read or joined: %s', async (secretKey) => {
    const { members } = machani.emulator.createSession({ secretKey }, 'lobby');
    await machani.service.read(sessionAt('lobby'));
    expect(await refusedSend(sessionAt('lobby'), secretKey)).toEqual(discreet(secretKey));
    await machani.reconnect(machani.emulator.url);
    await machani.service.effects.join?.(sessionAt('lobby'), { ...member('bob'), password: null });
    expect(members.size).toBe(1);
    expect(await refusedSend({ ...sessionAt('lobby'), secret: 'another key, that was there before' }, secretKey)).toEqual(
      discreet(secretKey),
    );
  });
});
