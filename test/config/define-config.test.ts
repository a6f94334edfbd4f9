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
  // @ts-expect-error: a setting of another kind
  defineConfig({ backends: { chat: { kind: 'SIPHER', kickField: 'id' } } });
  // @ts-expect-error: a setting of services
  defineConfig({ backends: { chat: { kind: 'LOCAL', pollMs: 1_000 } } });
  // @ts-expect-error: a value that the setting does not have
  defineConfig({ backends: { chat: { kind: 'JULEP', contract: 'v2' } } });
  // @ts-expect-error: no URL, where there is no public one
  defineConfig({ backends: { chat: { kind: 'MACHANI' } } });
  // Left out in any way. A key may come from a variable.
  expect(
    defineConfig({ backends: { chat: { kind: 'SIPHER', breaker: { failures: 1 } }, agents: { kind: 'ELIZA', apiKey: undefined } } }),
  ).toEqual({
    backends: { chat: { kind: 'SIPHER', breaker: { failures: 1 } }, agents: { kind: 'ELIZA', apiKey: undefined } },
  });
  const some: { readonly port: number | undefined } = { port: undefined };
  expect(defineConfig({ server: some, auth: { jwt: null, memberTokenSeconds: null } }).server).toEqual({ port: undefined });
});
