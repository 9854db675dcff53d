/**
 * What a process that does not read has not been told yet, as it lies in the kernel: everything, in order. While
 * it reads, nothing stays here. How many messages come in is limited by the window of each association
 * (`memory-window.ts`), how many announces here.
 */

import type { AssociationId } from '../types.ts';

export interface Unread {
  /** Of a message: over which association it came. */
  readonly message?: AssociationId | undefined;
  /** Of an announce: its length. */
  readonly announceBytes?: number;
  readonly tell: () => void;
}

/** What an inbox needs of its stack. */
export interface InboxOwner {
  /** Octets of announces that may wait. */
  readonly announceLimitBytes: number;
  /** Does something at this instant, but not now; the result takes it back. */
  soon(run: () => void): () => void;
  /** Messages of these associations had to wait and have been read. */
  onRead(associations: ReadonlySet<AssociationId>): void;
}

export class MemoryInbox {
  readonly #owner: InboxOwner;
  #isPaused = false;
  #unread: Unread[] = [];
  #announceBytes = 0;
  #cancelReading: (() => void) | undefined;

  constructor(owner: InboxOwner) {
    this.#owner = owner;
  }

  take(unread: Unread): void {
    if (!this.#isPaused) {
      unread.tell();
      return;
    }
    const { announceBytes = 0 } = unread;
    const isAnnounce = announceBytes > 0;
    if (isAnnounce && this.#announceBytes + announceBytes > this.#owner.announceLimitBytes) return;
    this.#announceBytes += announceBytes;
    this.#unread.push(unread);
  }

  pause(): void {
    this.#isPaused = true;
    this.#cancelReading?.();
    this.#cancelReading = undefined;
  }

  resume(): void {
    if (this.#isPaused) this.#cancelReading ??= this.#owner.soon(() => this.#readOn());
  }

  /** Messages of this association are of no interest any more. */
  forget(association: AssociationId): void {
    this.#unread = this.#unread.filter(({ message }) => message !== association);
  }

  clear(): void {
    this.#unread = [];
    this.#announceBytes = 0;
  }

  /** Until nothing is left, or the process has had enough again. */
  #readOn(): void {
    this.#cancelReading = undefined;
    this.#isPaused = false;
    const read = new Set<AssociationId>();
    while (!this.#isPaused) {
      const next = this.#unread.shift();
      if (next === undefined) break;
      this.#announceBytes -= next.announceBytes ?? 0;
      if (next.message !== undefined) read.add(next.message);
      next.tell();
    }
    this.#owner.onRead(read);
  }
}
