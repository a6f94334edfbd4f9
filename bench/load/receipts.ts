/** Who is still to get which message. */
export interface Receipts {
  /**
   * A message goes out, to so many places.
   *
   * @param onReceipt - Once for each place, with the moment.
   * @returns Resolves once it has come to all of them.
   */
  expect(message: number, places: number, onReceipt: (place: number, at: number) => void): Promise<void>;
  /** It came to a place. Fails where it was not to come there, or has come before. */
  receive(message: number, place: number, at: number): void;
  /** Messages that have not come everywhere. */
  readonly waiting: number;
  /** Ends all waiting, now and later. */
  fail(error: Error): void;
}

interface Expected extends PromiseWithResolvers<void> {
  readonly places: Set<number>;
  readonly onReceipt: (place: number, at: number) => void;
}

export function createReceipts(): Receipts {
  const expected = new Map<number, Expected>();
  let failure: Error | null = null;

  const fail = (error: Error): void => {
    failure ??= error;
    for (const { reject } of expected.values()) reject(failure);
    expected.clear();
  };

  return {
    expect(message, places, onReceipt) {
      if (failure !== null) return Promise.reject(failure);
      const entry = { ...Promise.withResolvers<void>(), places: new Set(Array(places).keys()), onReceipt };
      // Whoever sends looks at it only after the answer; a failure before that is not unhandled.
      entry.promise.catch(() => undefined);
      expected.set(message, entry);
      return entry.promise;
    },
    receive(message, place, at) {
      const entry = expected.get(message);
      if (entry?.places.delete(place) !== true) {
        fail(new Error(`Message ${message} came to place ${place} once too often`));
        return;
      }
      entry.onReceipt(place, at);
      if (entry.places.size > 0) return;
      expected.delete(message);
      entry.resolve();
    },
    get waiting() {
      return expected.size;
    },
    fail,
  };
}
