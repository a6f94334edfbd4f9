import { randomInt } from 'node:crypto';

const digits = '0123456789abcdefghijklmnopqrstuvwxyz';

/** A fresh name of a body of data: 8 characters of [0-9a-z], 41 bits of chance. */
export const newEpoch = (): string => Array.from({ length: 8 }, () => digits.charAt(randomInt(digits.length))).join('');
