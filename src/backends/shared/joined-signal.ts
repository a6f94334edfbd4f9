/** A signal that aborts with the first of others to abort, and its reason, until it is disposed of. */
export interface JoinedSignal extends Disposable {
  readonly signal: AbortSignal;
}

/** Unlike `AbortSignal.any`, it leaves nothing behind on signals that live long. */
export function joinSignals(...signals: readonly AbortSignal[]): JoinedSignal {
  const joined = new AbortController();
  const undo: (() => void)[] = [];
  for (const signal of signals) {
    const abort = (): void => joined.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    undo.push(() => signal.removeEventListener('abort', abort));
  }
  return {
    signal: joined.signal,
    [Symbol.dispose]() {
      for (const each of undo) each();
    },
  };
}
