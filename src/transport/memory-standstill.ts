/**
 * A host that can stand still as a whole, and its SCTP with it, as that of a process with SCTP in user space does:
 * meanwhile nothing is sent and no timer runs out, and of what arrives only so much waits as the socket holds.
 * Then everything goes on from there, and what has arrived is read before timers find that it did not.
 */

import type { MemoryWire } from './memory-wire.ts';

export class MemoryStandstill {
  readonly #wire: MemoryWire;
  readonly #socketBufferBytes: number;
  #isFrozen = false;
  readonly #leaving: (() => void)[] = [];
  readonly #arrived: { readonly bytes: number; readonly read: () => void }[] = [];
  #arrivedBytes = 0;
  readonly #due: (() => void)[] = [];
  #cancelThaw: (() => void) | undefined;

  constructor(wire: MemoryWire, socketBufferBytes: number) {
    this.#wire = wire;
    this.#socketBufferBytes = socketBufferBytes;
  }

  freeze(): void {
    this.#isFrozen = true;
    this.#cancelThaw?.();
    this.#cancelThaw = undefined;
  }

  thaw(): void {
    if (!this.#isFrozen || this.#cancelThaw !== undefined) return;
    const event = this.#wire.schedule(0, () => this.#goOn(), false);
    this.#cancelThaw = () => this.#wire.cancel(event);
  }

  /** Sends a packet, now or when the host goes on. */
  leave(send: () => void): void {
    if (this.#isFrozen) this.#leaving.push(send);
    else send();
  }

  /** Reads a packet of this length, now or when the host goes on; or it is lost. */
  arrive(bytes: number, read: () => void): void {
    if (!this.#isFrozen) {
      read();
    } else if (this.#arrivedBytes + bytes <= this.#socketBufferBytes) {
      this.#arrived.push({ bytes, read });
      this.#arrivedBytes += bytes;
    }
  }

  /** A timer of this host. The result takes it back. */
  schedule(delayMs: number, run: () => void, isBackground: boolean): () => void {
    let isWanted = true;
    const runOut = () => {
      if (!isWanted) return;
      if (this.#isFrozen) this.#due.push(runOut);
      else run();
    };
    const event = this.#wire.schedule(delayMs, runOut, isBackground);
    return () => {
      isWanted = false;
      this.#wire.cancel(event);
    };
  }

  /** Nothing of it is of interest any more. */
  clear(): void {
    this.#leaving.length = 0;
    this.#arrived.length = 0;
    this.#due.length = 0;
  }

  #goOn(): void {
    this.#cancelThaw = undefined;
    this.#isFrozen = false;
    this.#arrivedBytes = 0;
    for (const send of this.#leaving.splice(0)) this.leave(send);
    for (const { bytes, read } of this.#arrived.splice(0)) this.arrive(bytes, read);
    for (const runOut of this.#due.splice(0)) runOut();
  }
}
