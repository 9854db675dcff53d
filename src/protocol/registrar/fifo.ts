/**
 * A queue that anybody may leave: first in, first out, by key. Everything takes the same time, however long it is; the
 * first one of a bare Map takes the longer to find, the more have left before it.
 */
export class Fifo<Key, Value> {
  readonly #values = new Map<Key, Value>();
  /** Goes on with those that have come since it began. */
  #keys = this.#values.keys();
  /** The last key that has come out of it, if it has not left. */
  #first: Key | undefined;

  get size(): number {
    return this.#values.size;
  }

  get first(): Value | undefined {
    while (this.#first === undefined) {
      const { done, value } = this.#keys.next();
      if (done) {
        this.#keys = this.#values.keys();
        return undefined;
      }
      this.#first = value;
    }
    return this.#values.get(this.#first);
  }

  /** A key that is there keeps its place. */
  set(key: Key, value: Value): void {
    this.#values.set(key, value);
  }

  delete(key: Key): void {
    this.#values.delete(key);
    if (this.#first === key) this.#first = undefined;
  }

  [Symbol.iterator](): Iterator<[Key, Value]> {
    return this.#values.entries();
  }
}
