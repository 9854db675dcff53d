/**
 * What an association of the `memory` backend has for its peer, from `send` to the acknowledgement: how much of
 * it the caller may leave here, and how much may be on the way (RFC 9260 §6.1, §6.2.1). When it is sent again
 * is `memory-association.ts`.
 */

import type { Data } from './memory-packet.ts';

export class MemoryOutbox {
  readonly #limitBytes: number;
  #nextSequence = 1;
  /** Not yet acknowledged, in order. */
  #messages: Data[] = [];
  #bytes = 0;
  /** The first so many of them are on their way. */
  #inFlight = 0;
  #bytesInFlight = 0;
  /** Octets that the peer last said it takes beyond what it has acknowledged (a_rwnd). */
  #peerWindow = 0;
  #wasFull = false;

  /** `limitBytes`: what is not acknowledged, sent or not, may be so long. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /**
   * The peer's window is closed, and its last word said so: either nothing has been sent to find out whether it
   * still is, or that has been answered.
   */
  get waitsForWindow(): boolean {
    return !this.isEmpty && this.#inFlight === 0;
  }

  /** False: there is no room, which `becomesWritable` tells once there is. */
  add(payloadProtocol: number, payload: Uint8Array): boolean {
    if (this.#bytes + payload.length > this.#limitBytes) {
      this.#wasFull = true;
      return false;
    }
    const sequence = this.#nextSequence++;
    this.#messages.push({ type: 'DATA', sequence, payloadProtocol, payload });
    this.#bytes += payload.length;
    return true;
  }

  /** The window that the peer has when the association comes up. */
  open(peerWindow: number): void {
    this.#peerWindow = peerWindow;
  }

  /** What may be sent now that is not on its way; afterwards it is. */
  *take(): Generator<Data> {
    while (this.#fits()) yield this.#send() as Data;
  }

  /** All that may be on its way, for it has not come; one message at least, which may probe a closed window. */
  *takeAgain(): Generator<Data> {
    this.#callBack();
    const first = this.#send();
    if (first !== undefined) yield first;
    yield* this.take();
  }

  /** `taken`: the peer has more than it had said; `noRoom`: it has not, because its window is closed, or was. */
  acknowledge(sequence: number, peerWindow: number): 'taken' | 'noRoom' | 'nothingNew' {
    const count = sequence - (this.#nextSequence - 1 - this.#messages.length);
    if (count < 0 || count > this.#messages.length) return 'nothingNew'; // overtaken
    const wasClosed = this.#isClosed();
    this.#peerWindow = peerWindow;
    for (const { payload } of this.#messages.splice(0, count)) {
      this.#bytes -= payload.length;
      if (this.#inFlight === 0) continue;
      this.#inFlight -= 1;
      this.#bytesInFlight -= payload.length;
    }
    if (count > 0) return 'taken';
    if (!wasClosed && !this.#isClosed()) return 'nothingNew';
    this.#callBack(); // the probe
    return 'noRoom';
  }

  /** True, and only once: who was told that there is no room is to hear that there is again. */
  becomesWritable(): boolean {
    if (!this.#wasFull || this.#bytes * 2 > this.#limitBytes) return false;
    this.#wasFull = false;
    return true;
  }

  /** Everything is forgotten: the peer restarted. */
  clear(): void {
    this.#nextSequence = 1;
    this.#messages = [];
    this.#bytes = 0;
    this.#callBack();
  }

  #fits(): boolean {
    const next = this.#messages[this.#inFlight];
    if (next === undefined) return false;
    return this.#bytesInFlight + next.payload.length <= this.#peerWindow;
  }

  /** There is no room at the peer for even one message. */
  #isClosed(): boolean {
    const first = this.#messages[0];
    return first !== undefined && first.payload.length > this.#peerWindow;
  }

  #send(): Data | undefined {
    const next = this.#messages[this.#inFlight];
    if (next === undefined) return undefined;
    this.#inFlight += 1;
    this.#bytesInFlight += next.payload.length;
    return next;
  }

  #callBack(): void {
    this.#inFlight = 0;
    this.#bytesInFlight = 0;
  }
}
