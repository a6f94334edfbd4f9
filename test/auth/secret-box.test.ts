import { describe, expect, it } from 'vitest';
import { createSecretBox } from '../../src/auth/secret-box.ts';

const box = createSecretBox('a secret of at least 32 characters');

describe('a sealed secret', () => {
  it.each(['bearer', 'üñí 🔑', 'x'.repeat(100_000)])('opens where it was sealed for: %#', (plain) => {
    const sealed = box.seal(plain, 'mem_1');
    expect(sealed).toMatch(/^v1\.[\w-]+$/);
    expect(Buffer.from(sealed.slice(3), 'base64url').includes(plain)).toBe(false);
    expect(box.open(sealed, 'mem_1')).toBe(plain);
  });

  it('may be of nothing', () => {
    expect(box.open(box.seal('', 'mem_1'), 'mem_1')).toBe('');
  });

  it('is another each time, so that equal ones are not seen', () => {
    expect(box.seal('same', 'mem_1')).not.toBe(box.seal('same', 'mem_1'));
  });

  it('does not open elsewhere, under another secret, or where anything of it is changed', () => {
    const sealed = box.seal('bearer', 'mem_1');
    expect(() => box.open(sealed, 'mem_2')).toThrow('A secret of mem_2 does not open');
    expect(() => createSecretBox('another secret of 32 characters!').open(sealed, 'mem_1')).toThrow('does not open');
    const bytes = Buffer.from(sealed.slice(3), 'base64url');
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      expect(() => box.open(`v1.${changed.toString('base64url')}`, 'mem_1')).toThrow('does not open');
    }
  });

  it.each(['', 'v1', 'v1.', 'v1.AAAA', 'v2.'.padEnd(80, 'A'), 'bearer'])('is told from what is none: %j', (text) => {
    expect(() => box.open(text, 'mem_1')).toThrow('Expected a sealed secret');
  });
});
