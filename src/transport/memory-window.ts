/**
 * What an association of the `memory` backend has received: what is whose turn, and how much it has room for
 * until the process reads (RFC 9260 §6.2).
 */

import type { Data } from './memory-packet.ts';

export class MemoryWindow {
  readonly #limitBytes: number;
  #lastInTurn = 0;
  /** Arrived before their turn. */
  readonly #early = new Map<number, Data>();
  #earlyBytes = 0;
  /** Taken in their turn, and acknowledged, but not read yet. */
  #unreadBytes = 0;

  /** `limitBytes`: of the receive buffer. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** The last message that is acknowledged, with all before it. */
  get acknowledged(): number {
    return this.#lastInTurn;
  }

  /**
   * Octets that the peer may send beyond what is acknowledged (a_rwnd). Early messages do not lessen it: they
   * are among those.
   */
  get bytes(): number {
    return Math.max(0, this.#limitBytes - this.#unreadBytes);
  }

  /** Keeps a message, or drops what there is no room for: it will be sent again. */
  receive(data: Data): void {
    const { sequence, payload } = data;
    if (sequence <= this.#lastInTurn || this.#early.has(sequence)) return;
    const isDue = sequence === this.#lastInTurn + 1;
    // Else one that is longer than the whole buffer would never come.
    const takesAny = isDue && this.#unreadBytes === 0;
    if (!takesAny && this.#earlyBytes + payload.length > this.bytes) return;
    this.#early.set(sequence, data);
    this.#earlyBytes += payload.length;
  }

  /** The next message in its turn, which is unread now. */
  next(): Data | undefined {
    const data = this.#early.get(this.#lastInTurn + 1);
    if (data === undefined) return undefined;
    this.#remove(data);
    this.#lastInTurn += 1;
    this.#unreadBytes += data.payload.length;
    return data;
  }

  read({ payload }: Data): void {
    this.#unreadBytes -= payload.length;
  }

  /** Everything is forgotten: the peer restarted. */
  clear(): void {
    this.#lastInTurn = 0;
    this.#early.clear();
    this.#earlyBytes = 0;
    this.#unreadBytes = 0;
  }

  #remove(data: Data): void {
    this.#early.delete(data.sequence);
    this.#earlyBytes -= data.payload.length;
  }
}
