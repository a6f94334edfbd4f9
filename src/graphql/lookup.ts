import DataLoader from 'dataloader';
import type { Eventually } from '../core/eventually.ts';

/** What a store reads one kind of noun by. */
interface Reader<Id, T> {
  byIds(ids: readonly Id[]): Promise<readonly (T | null)[]>;
  peek?(id: Id): T | null;
}

/** One operation's reads by id: each id is read once, and what is asked for together in one call. */
export class Lookup<Id, T> {
  readonly #reader: Reader<Id, T>;
  /** Until there is a loader, which then knows it. */
  readonly #known = new Map<Id, T | null>();
  #loader: DataLoader<Id, T | null> | undefined;

  constructor(reader: Reader<Id, T>) {
    this.#reader = reader;
  }

  /** For what a list may ask of each of its rows. */
  load(id: Id): Promise<T | null> {
    if (this.#loader === undefined) {
      this.#loader = new DataLoader((ids) => this.#reader.byIds(ids));
      for (const [known, noun] of this.#known) this.#loader.prime(known, noun);
    }
    return this.#loader.load(id);
  }

  /** The same, at once where it is known or the store can: for what an operation asks of a few ids, whatever the length of its lists. */
  find(id: Id): Eventually<T | null> {
    if (this.#loader !== undefined) return this.#loader.load(id);
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    if (this.#reader.peek === undefined) return this.load(id);
    const noun = this.#reader.peek(id);
    this.#known.set(id, noun);
    return noun;
  }

  /** Spares the reading of what is known from elsewhere. */
  prime(id: Id, noun: T | null): void {
    if (this.#loader !== undefined) this.#loader.prime(id, noun);
    else if (!this.#known.has(id)) this.#known.set(id, noun);
  }
}
