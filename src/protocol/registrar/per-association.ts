/** What is known by a key for as long as one association is up. That one's end takes no longer than it has keys. */

import type { AssociationId } from '../../types.ts';

interface Entry<Value> {
  readonly association: AssociationId;
  readonly value: Value;
}

export class PerAssociation<Value> {
  readonly #most: number;
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #keys = new Map<AssociationId, Set<string>>();

  /** @param most keys of one association */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Entry<Value> | undefined {
    return this.#entries.get(key);
  }

  /**
   * In place of what the key had before, whatever association that was for. False: it has nothing now, for the
   * association has as many keys as it may have.
   */
  set(key: string, association: AssociationId, value: Value): boolean {
    this.delete(key);
    const keys = this.#keys.get(association);
    if ((keys?.size ?? 0) >= this.#most) return false;
    this.#entries.set(key, { association, value });
    if (keys === undefined) this.#keys.set(association, new Set([key]));
    else keys.add(key);
    return true;
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    const keys = this.#keys.get(entry.association);
    keys?.delete(key);
    if (keys?.size === 0) this.#keys.delete(entry.association);
  }

  /** The association has ended. */
  end(association: AssociationId): void {
    for (const key of this.#keys.get(association) ?? []) this.#entries.delete(key);
    this.#keys.delete(association);
  }
}
