/** A map of what is good to remember and can be found out again: beyond the bound, what was set longest ago is forgotten. */
export class BoundedMap<K, V> extends Map<K, V> {
  readonly #bound: number;

  constructor(bound: number) {
    super();
    this.#bound = bound;
  }

  override set(key: K, value: V): this {
    this.delete(key);
    super.set(key, value);
    for (const oldest of this.keys()) {
      if (this.size <= this.#bound) break;
      this.delete(oldest);
    }
    return this;
  }
}
