/** Names of the worker scripts beside the page's own script; the build replaces the identifier by the hashed file names. */
declare const PARLEY_WORKER_FILES: Readonly<Record<'editor' | 'json' | 'graphql', string>>;

const workerUrl = (label: string): URL => {
  const file = label === 'json' || label === 'graphql' ? PARLEY_WORKER_FILES[label] : PARLEY_WORKER_FILES.editor;
  // Chunks and workers lie in one folder, so that the page also works under a path prefix of a reverse proxy.
  return new URL(file, import.meta.url);
};

/** Tells Monaco where its workers are. Has to run before the first editor is made. */
export function installWorkers(): void {
  Object.assign(globalThis, { MonacoEnvironment: { getWorker: (_id: string, label: string): Worker => new Worker(workerUrl(label)) } });
}
