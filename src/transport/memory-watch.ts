/**
 * Whether the peer of an association of the `memory` backend still answers: the retransmission timer, heartbeats,
 * and how much silence is too much (RFC 9260 §6.3, §8.1, §8.3). What is sent is `memory-association.ts`.
 */

import type { AssociationHost } from './memory-association.ts';

/** What a watch makes an association do. */
export interface Watched {
  /** Whether the peer has answered all that it could: nothing is wrong with it then. */
  isAnswered(): boolean;
  transmitAgain(): void;
  transmitHeartbeat(): void;
  lose(): void;
}

export class PeerWatch {
  readonly #host: AssociationHost;
  readonly #watched: Watched;
  #errors = 0;
  #rtoMs: number;
  #cancelRetransmission: (() => void) | undefined;
  #cancelHeartbeat: (() => void) | undefined;
  #isHeartbeatUnanswered = false;

  constructor(host: AssociationHost, watched: Watched) {
    this.#host = host;
    this.#watched = watched;
    this.#rtoMs = host.options.rtoMs.initial;
  }

  startTimer(): void {
    this.#stopTimer();
    this.#cancelRetransmission = this.#host.schedule(this.#rtoMs, () => this.#onTimeout(), false);
  }

  /** Something waits for the peer: the timer runs, if it does not yet. */
  waitOn(): void {
    if (this.#cancelRetransmission === undefined) this.startTimer();
  }

  /** The peer has taken something: what still waits gets a full time-out. */
  onProgress(isWaiting: boolean): void {
    this.onAnswer();
    this.#rtoMs = this.#host.options.rtoMs.min;
    this.#stopTimer();
    if (isWaiting) this.startTimer();
  }

  /** The peer is alive. */
  onAnswer(): void {
    this.#errors = 0;
    this.#isHeartbeatUnanswered = false;
  }

  beginHeartbeats(): void {
    const { heartbeatIntervalMs } = this.#host.options;
    const beat = () => this.#onHeartbeat();
    this.#cancelHeartbeat = this.#host.schedule(heartbeatIntervalMs, beat, true);
  }

  end(): void {
    this.#stopTimer();
    this.#cancelHeartbeat?.();
  }

  #stopTimer(): void {
    this.#cancelRetransmission?.();
    this.#cancelRetransmission = undefined;
  }

  #onTimeout(): void {
    // "unacknowledged window probes SHOULD NOT increment the error counter" (RFC 9260 §6.1)
    if (!this.#watched.isAnswered() && this.#countError()) return;
    this.#rtoMs = Math.min(this.#rtoMs * 2, this.#host.options.rtoMs.max);
    this.#watched.transmitAgain();
    this.startTimer();
  }

  #onHeartbeat(): void {
    if (this.#isHeartbeatUnanswered && this.#countError()) return;
    this.#isHeartbeatUnanswered = true;
    this.#watched.transmitHeartbeat();
    this.beginHeartbeats();
  }

  /** RFC 9260 §8.1: too many unanswered transmissions and the peer is given up. True: that is now. */
  #countError(): boolean {
    this.#errors++;
    if (this.#errors <= this.#host.options.maxRetransmissions) return false;
    this.#watched.lose();
    return true;
  }
}
