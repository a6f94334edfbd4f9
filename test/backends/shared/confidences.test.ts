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

test('credentials and what could be no word are remembered beyond their request, words are not', () => {
  const confidences = createConfidences();
  confidences.told({ authorization: 'Bearer the-token' }, { password: 'SESSION_EXPIRED', secretKey: 'a-key-of-31-and-more' });
  confidences.heard('heard-of-it-in-2026');
  confidences.heard('NOT_FOUND');
  const discreet = confidences.told({}, undefined);
  expect(discreet('the-token SESSION_EXPIRED a-key-of-31-and-more heard-of-it-in-2026 NOT_FOUND')).toBe(
    '*** SESSION_EXPIRED *** *** NOT_FOUND',
  );
});

test('a secret is found as it stands in JSON', () => {
  const discreet = createConfidences().told({}, { password: 'say "friend"\\' });
  expect(discreet(JSON.stringify({ message: 'Not say "friend"\\' }))).toBe('{"message":"Not ***"}');
});

test('metadata is nobody’s secret, nor is what is too short to be one', () => {
  const discreet = createConfidences().told({}, { metadata: { password: 'not one' }, password: 'abc' });
  expect(discreet('not one, abc')).toBe('not one, abc');
});
