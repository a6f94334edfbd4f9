import { enableCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { WriterData } from './jobs.ts';

// The thread that writes: it alone waits for the disk. Loaded by write-queue.ts as a worker. A thread has a compile cache of its own, and
// with it is ready in half the time.
enableCompileCache();
const { serveWrites } = await import('./serve-writes.ts');

if (parentPort !== null) serveWrites(parentPort, workerData as WriterData);
