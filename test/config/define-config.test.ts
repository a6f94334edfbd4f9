import { expect, test } from 'vitest';
import { defineConfig } from '../../src/config/define-config.ts';

test('answers with what it is given', () => {
  const config = { server: { port: 1 }, backends: { chat: { kind: 'LOCAL' } } } as const;
  expect(defineConfig(config)).toBe(config);
});

test('the types refuse what the schema refuses', () => {
  // @ts-expect-error: a misspelt setting
  defineConfig({ server: { prot: 1 } });
  // @ts-expect-error: a misspelt group
  defineConfig({ sever: {} });
  // @ts-expect-error: a text for a number
  defineConfig({ server: { port: '1' } });
  // @ts-expect-error: a kind that there is no connector for
  defineConfig({ backends: { chat: { kind: 'SMTP' } } });
  // @ts-expect-error: a backend without its kind
  defineConfig({ backends: { chat: {} } });
  // Left out in any way.
  const some: { readonly port: number | undefined } = { port: undefined };
  expect(defineConfig({ server: some, auth: { jwt: null, memberTokenSeconds: null } }).server).toEqual({ port: undefined });
});
