import { expect, test } from 'vitest';
import { createConfidences } from '../../../src/backends/shared/confidences.ts';

test('what headers and bodies carry in confidence is taken out of refusals', () => {
  const confidences = createConfidences(['of-the-sockets']);
  const discreet = confidences.told(
    { accept: 'application/json', authorization: 'Bearer the-token', 'x-api-key': 'the-key' },
    { title: 'open', password: 'sesame', defaults: { defaultViewingKey: '0xfade0123456789' } },
  );
  expect(discreet('the-token, the-key, sesame, 0xfade0123456789, of-the-sockets, open, application/json')).toBe(
    '***, ***, ***, ***, ***, open, application/json',
  );
});

test('credentials and keys are remembered beyond their request, passwords only where they could be no word', () => {
  const confidences = createConfidences();
  confidences.told({ authorization: 'Bearer the-token' }, { password: 'SESSION_EXPIRED', secretKey: 'roomkey' });
  confidences.told({}, { rules: { password: 'a-word-of-31-and-more' } });
  confidences.heard('top-secret-0815');
  // Of a room whose key is a word, other rooms' refusals are not to be made unreadable.
  confidences.heard('Found');
  const discreet = confidences.told({}, undefined);
  expect(discreet('the-token SESSION_EXPIRED roomkey a-word-of-31-and-more top-secret-0815 Not Found')).toBe(
    '*** SESSION_EXPIRED *** *** *** Not Found',
  );
});

test('a secret is found as it stands in JSON', () => {
  const discreet = createConfidences().told({}, { password: 'say "friend"\\' });
  const message = 'Not say "friend"\\';
  expect(discreet(JSON.stringify({ message }))).toBe('{"message":"Not ***"}');
  // Quoted by the service as it was sent.
  expect(discreet(JSON.stringify({ message: JSON.stringify({ got: message }) }))).toBe(String.raw`{"message":"{\"got\":\"Not ***\"}"}`);
  expect(discreet(String.raw`{"message":"Not say \u0022friend\u0022\\"}`)).toBe('{"message":"Not ***"}');
});

test('what a secret is part of is hidden as well as what is part of it', () => {
  const discreet = createConfidences().told({}, { password: 'open' }, ['open sesame']);
  expect(discreet('open sesame, and open')).toBe('***, and ***');
});

test.each(['topsecretroomkey', '0123456789', 'a b c d'])('what the request is about is not quoted, whatever its form: %s', (secret) => {
  const discreet = createConfidences().told({}, undefined, [secret]);
  expect(discreet(`{"message":"key ${secret} is wrong","details":["${secret}"]}`)).toBe('{"message":"key *** is wrong","details":["***"]}');
});

test('a secret that is too short to be no part of a word is taken out where it stands by itself', () => {
  const discreet = createConfidences().told({}, { password: 'a' }, ['k3y', '.*', 'é']);
  expect(discreet('{"message":"password \\"a\\" and key=k3y are wrong","code":"BAD_a","hint":"say .* again"}')).toBe(
    '{"message":"password \\"***\\" and key=*** are wrong","code":"BAD_a","hint":"say *** again"}',
  );
  expect(discreet('a café: Wrong password')).toBe('*** café: Wrong password');
});

test('of a large refusal no more is passed on than was looked through, in little time', () => {
  const confidences = createConfidences();
  for (let index = 0; index < 2_000; index += 1) confidences.heard(`remembered-${index}`);
  const discreet = confidences.told({}, { password: 'sesame' });
  const page = `<html>${'sesame '.repeat(100_000)}</html>`;
  expect(discreet(page).startsWith('<html>*** ***')).toBe(true);
  expect(discreet(page).length).toBeLessThan(65_536);
});

test('no secret hides a word by which refusals are told apart, unless it could be none', () => {
  const confidences = createConfidences();
  confidences.heard('key-0123456789');
  const said = { error: { code: 'NOT_FOUND', status: 'NOT_FOUND', message: 'NOT_FOUND', type: 'key-0123456789' }, 'key-0123456789': 1 };
  const discreet = confidences.told({}, undefined, ['NOT_FOUND', 'message', 'error', 'code']);
  expect(JSON.parse(discreet(JSON.stringify(said)))).toEqual({
    error: { code: 'NOT_FOUND', status: 'NOT_FOUND', message: '***', type: '***' },
    '***': 1,
  });
});

test('metadata is nobody’s secret', () => {
  const discreet = createConfidences().told({}, { metadata: { password: 'not one' } });
  expect(discreet('not one')).toBe('not one');
});

test('what is nested deeper than anybody means is left out', () => {
  const discreet = createConfidences().told({}, { password: 'sesame' });
  expect(discreet(`${'['.repeat(100_000)}"sesame"${']'.repeat(100_000)}`)).not.toContain('sesame');
});
