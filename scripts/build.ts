import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

/** Compiles `src/` into `dist/`, as JavaScript with declarations. What is in `dist/graphiql` has a build of its own and stays. */

const root = path.join(import.meta.dirname, '..');
const target = path.join(root, 'dist');

await mkdir(target, { recursive: true });
// What was compiled from a file that is gone would be published for good.
const stale = (await readdir(target)).filter((name) => name !== 'graphiql');
await Promise.all(stale.map((name) => rm(path.join(target, name), { recursive: true })));

const compiler = path.join(path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
const { status } = spawnSync(process.execPath, [compiler, '-p', path.join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
// The compiler has said what is wrong.
if (status === 0) await chmod(path.join(target, 'cli/main.js'), 0o755);
else process.exitCode = 1;
