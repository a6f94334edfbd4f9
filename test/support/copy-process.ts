// Copies a store to another one, and is killed where it has got so far:
// node copy-process.ts <from> <to> <how many batches>

import { parseStoreAddress } from '../../src/stores/registry.ts';
import { copyStore } from '../../src/stores/shared/migration/copy-store.ts';

const [from = '', to = '', allowed = ''] = process.argv.slice(2);
const kill = (): void => void process.kill(process.pid, 'SIGKILL');

await using source = await parseStoreAddress(from).openSource();
await using target = await parseStoreAddress(to).openTarget();
let batches = 0;
const { differences } = await copyStore({
  source,
  target,
  onProgress() {
    batches += 1;
    if (batches !== Number(allowed)) return;
    // Between two statements, or while the next one is under way at a server: SQLite's are over before anything else is done.
    if (batches % 2 === 0 || to.startsWith('sqlite:')) kill();
    else setImmediate(kill);
  },
});
process.stdout.write(JSON.stringify({ differences, batches }));
