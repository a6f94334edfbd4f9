import { listEntries, passwordBytes, textLimits } from '../../src/core/limits.ts';
import type { ProblemCode } from '../../src/core/problem.ts';
import type { JsonObject } from '../../src/core/session.ts';
import type { UpdateInput } from '../../src/core/use-cases.ts';
import { limits } from './core-fixtures.ts';

/** An object nested so many levels deep, itself counted. */
export const nested = (levels: number): JsonObject => (levels === 1 ? {} : { in: nested(levels - 1) });

/** An object of exactly so many bytes as JSON. */
export const sized = (bytes: number): JsonObject => ({ fill: 'x'.repeat(bytes - '{"fill":""}'.length) });

/** What is wrong with an input, the code it gets, and the field that the refusal names. */
export type Fault<Input> = readonly [what: string, input: Input, code: ProblemCode, path: readonly string[]];

const year = limits.maxTimeoutSeconds;

/** Texts that a store could give back as something else. */
export const unstorable = ['half \ud83d of a pair', '\ude00', 'a NUL \0 inside'] as const;

/** Emoji, scripts that are written the other way, marks that combine, and what only looks like a control of something. */
export const awkward = ['💥👩‍👩‍👧‍👦', 'שלום مرحبا', 'e\u0301', '\u{10ffff}', '\uffff"\\\n\t', "'; DROP TABLE sessions; --"] as const;

/** Of the fields that creation, update and replacement have in common. */
export const settingFaults: readonly Fault<UpdateInput>[] = [
  ['an empty title', { title: '' }, 'BAD_INPUT', ['title']],
  ['a title of spaces', { title: ' \n ' }, 'BAD_INPUT', ['title']],
  ['a title that is too long', { title: 'x'.repeat(textLimits.title + 1) }, 'BAD_INPUT', ['title']],
  ...unstorable.map((text): Fault<UpdateInput> => [`a title with ${JSON.stringify(text)}`, { title: text }, 'BAD_INPUT', ['title']]),
  ['a description that is too long', { description: 'x'.repeat(textLimits.description + 1) }, 'BAD_INPUT', ['description']],
  ['a situation that is too long', { situation: 'x'.repeat(textLimits.situation + 1) }, 'BAD_INPUT', ['situation']],
  ...[0, -1, 1.5, NaN, limits.maxMembersLimit + 1].map((maxMembers): Fault<UpdateInput> => [
    `a capacity of ${maxMembers}`,
    { rules: { maxMembers } },
    'BAD_INPUT',
    ['rules', 'maxMembers'],
  ]),
  ...[0, -1, 0.5, Infinity, year + 1].map((lifetimeSeconds): Fault<UpdateInput> => [
    `a lifetime of ${lifetimeSeconds}`,
    { rules: { lifetimeSeconds } },
    'BAD_INPUT',
    ['rules', 'lifetimeSeconds'],
  ]),
  ...[0, -5, year + 1].flatMap((seconds): Fault<UpdateInput>[] => [
    [`a timeout of ${seconds}`, { rules: { timeout: { timeoutSeconds: seconds } } }, 'BAD_INPUT', ['rules', 'timeout', 'timeoutSeconds']],
    [
      `a maximum duration of ${seconds}`,
      { rules: { timeout: { timeoutSeconds: 10, maxDurationSeconds: seconds } } },
      'BAD_INPUT',
      ['rules', 'timeout', 'maxDurationSeconds'],
    ],
  ]),
  ['a negative warning', { rules: { timeout: { warningSeconds: -1 } } }, 'BAD_INPUT', ['rules', 'timeout', 'warningSeconds']],
  [
    'a warning before the timeout begins',
    { rules: { timeout: { timeoutSeconds: 60, warningSeconds: 60 } } },
    'BAD_INPUT',
    ['rules', 'timeout', 'warningSeconds'],
  ],
  [
    'a maximum duration shorter than the timeout',
    { rules: { timeout: { timeoutSeconds: 60, maxDurationSeconds: 59 } } },
    'BAD_INPUT',
    ['rules', 'timeout', 'maxDurationSeconds'],
  ],
  ['an empty password', { rules: { password: '' } }, 'BAD_INPUT', ['rules', 'password']],
  ['a password over its bytes', { rules: { password: 'x'.repeat(passwordBytes + 1) } }, 'TOO_LARGE', ['rules', 'password']],
  ['a password over its bytes in emoji', { rules: { password: '💥'.repeat(passwordBytes / 4) + 'x' } }, 'TOO_LARGE', ['rules', 'password']],
  ['a password with a NUL', { rules: { password: 'open\0sesame' } }, 'BAD_INPUT', ['rules', 'password']],
  ['an empty entry on the allowlist', { rules: { allowlist: ['ada', ''] } }, 'BAD_INPUT', ['rules', 'allowlist', '1']],
  [
    'an entry on the allowlist that is too long',
    { rules: { allowlist: ['x'.repeat(textLimits.listEntry + 1)] } },
    'BAD_INPUT',
    ['rules', 'allowlist', '0'],
  ],
  [
    'too many on the allowlist',
    { rules: { allowlist: Array.from({ length: listEntries + 1 }, (_, n) => `u${n}`) } },
    'TOO_LARGE',
    ['rules', 'allowlist'],
  ],
  ['fewer than no files', { rules: { maxFiles: -1 } }, 'BAD_INPUT', ['rules', 'maxFiles']],
  ['fewer than no megabytes', { rules: { maxTotalMegabytes: -1 } }, 'BAD_INPUT', ['rules', 'maxTotalMegabytes']],
  ...(['defaults', 'metadata'] as const).flatMap((field): Fault<UpdateInput>[] => [
    [`${field} over their bytes`, { [field]: sized(limits.objectBytes + 1) }, 'TOO_LARGE', [field]],
    [`${field} over their bytes in emoji`, { [field]: { fill: '💥'.repeat(limits.objectBytes / 4) } }, 'TOO_LARGE', [field]],
    [`${field} nested too deep`, { [field]: nested(limits.objectDepth + 1) }, 'BAD_INPUT', [field]],
    [`${field} with half a surrogate pair`, { [field]: { list: [{ text: '\ud83d' }] } }, 'BAD_INPUT', [field]],
    [`${field} with a NUL in a key`, { [field]: { 'a\0b': 1 } }, 'BAD_INPUT', [field]],
    [`${field} with a number that JSON has no form for`, { [field]: { list: [Infinity] } }, 'BAD_INPUT', [field]],
    [`a list for ${field}`, { [field]: [] as never }, 'BAD_INPUT', [field]],
  ]),
];

/** What is just within the bounds. */
export const settingsAtTheirBounds: UpdateInput = {
  title: 'x'.repeat(textLimits.title),
  description: 'x'.repeat(textLimits.description),
  situation: 'x'.repeat(textLimits.situation),
  visibility: 'PUBLIC',
  rules: {
    maxMembers: limits.maxMembersLimit,
    lifetimeSeconds: year,
    timeout: { timeoutSeconds: year, maxDurationSeconds: year, warningSeconds: year - 1, autoRenew: false },
    password: 'x'.repeat(passwordBytes),
    allowlist: Array.from({ length: listEntries }, (_, n) => `u${n}`),
    allowlistOnly: false,
    maxFiles: 0,
    maxTotalMegabytes: 0,
  },
  defaults: sized(limits.objectBytes),
  metadata: nested(limits.objectDepth),
};
