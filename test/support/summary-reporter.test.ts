import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const config = `
  import { SummaryReporter } from ${JSON.stringify(path.join(repository, 'test/support/summary-reporter.ts'))};
  export default { test: { reporters: ['default', new SummaryReporter()] } };`;

const files = {
  good: `test('one', () => {}); test('two', () => {});`,
  mixed: `test('one', () => {}); test('two', () => { throw new Error('no'); }); test.skip('three', () => {});`,
  unloadable: `throw new Error('no');`,
  brokenHook: `beforeAll(() => { throw new Error('no'); }); test('one', () => {});`,
  lateError: `test('one', () => { setTimeout(() => { throw new Error('no'); }, 0); }); test('two', () => new Promise((r) => setTimeout(r, 50)));`,
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'parley-reporter-'));
  await symlink(path.join(repository, 'node_modules'), path.join(folder, 'node_modules'));
  await writeFile(path.join(folder, 'vitest.config.mts'), config);
  const imports = `import { beforeAll, test } from 'vitest';`;
  await Promise.all(Object.entries(files).map(([name, body]) => writeFile(path.join(folder, `${name}.test.ts`), `${imports}\n${body}\n`)));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['good', 0, /^2 passed, 0 failed$/],
  ['mixed', 1, /^1 passed, 1 failed, 1 skipped$/],
  ['unloadable', 1, /^0 passed, 1 failed$/],
  ['brokenHook', 1, /^0 passed, [12] failed(?:, 1 skipped)?$/],
  ['lateError', 1, /^2 passed, 1 failed$/],
])('the last line of a run of the file %s', async (name, exitCode, line) => {
  const vitest = path.join(repository, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', name], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect(output.trimEnd().split('\n').at(-1)).toMatch(line);
  expect(code).toBe(exitCode);
});
