/**
 * One side of an association of the `memory` backend: handshake, ordered delivery, retransmission,
 * heartbeats and both ways to end (RFC 9260 §5, §6, §8, §9), message by message and on one path. Who gets
 * which packet is `memory-stack.ts`; whether it arrives is `memory.ts`.
 */

import type { AssociationId, IpAddress, SctpAddress } from '../types.ts';
import type { TimedEvent } from './memory-events.ts';
import type { Chunk, Cookie, Data } from './memory-packet.ts';
import type {
  AssociationDownReason,
  AssociationInfo,
  SctpStackOptions,
  SendResult,
} from './transport.ts';

/** What an association needs of the stack it lives on. */
export interface AssociationHost {
  readonly options: SctpStackOptions;
  transmit(association: MemoryAssociation, chunk: Chunk): void;
  schedule(delayMs: number, run: () => void, isBackground: boolean): TimedEvent;
  cancel(event: TimedEvent | undefined): void;
  onUp(association: MemoryAssociation): void;
  onRestart(association: MemoryAssociation): void;
  onMessage(association: MemoryAssociation, data: Data): void;
  onWritable(association: MemoryAssociation): void;
  /** The association is no more; said once. */
  onEnd(association: MemoryAssociation, why: AssociationDownReason, detail: string): void;
}

/** RFC 9260 §4, less the states that differ only in who waits. */
type State =
  | 'COOKIE_WAIT'
  | 'COOKIE_ECHOED'
  | 'ESTABLISHED'
  | 'SHUTDOWN_PENDING'
  | 'SHUTDOWN_SENT'
  | 'SHUTDOWN_RECEIVED'
  | 'SHUTDOWN_ACK_SENT'
  | 'CLOSED';

export class MemoryAssociation {
  state: State = 'COOKIE_WAIT';
  peerTag = 0;
  #cookie: Cookie | undefined;
  #nextSequence = 1;
  #lastDelivered = 0;
  /** Sent and not yet acknowledged, in order. */
  #unacknowledged: Data[] = [];
  #unacknowledgedBytes = 0;
  /** Arrived before their turn. */
  readonly #early = new Map<number, Data>();
  #wasFull = false;
  #errors = 0;
  #rtoMs: number;
  #retransmission: TimedEvent | undefined;
  #heartbeat: TimedEvent | undefined;
  #isHeartbeatUnanswered = false;

  constructor(
    readonly host: AssociationHost,
    readonly id: AssociationId,
    readonly localPort: number,
    /** Where packets go is the first one. */
    public peerAddresses: readonly IpAddress[],
    readonly peerPort: number,
    public localTag: number,
  ) {
    this.#rtoMs = host.options.rtoMs.initial;
  }

  /** Neither up nor given up. */
  get isOpening(): boolean {
    return this.state === 'COOKIE_WAIT' || this.state === 'COOKIE_ECHOED';
  }

  get info(): AssociationInfo {
    const port = this.peerPort;
    const peerAddresses: SctpAddress[] = this.peerAddresses.map((address) => ({ address, port }));
    return { peerAddresses, localPort: this.localPort, outboundStreams: 1 };
  }

  connect(): void {
    this.#transmit({ type: 'INIT', initiateTag: this.localTag });
    this.#startTimer();
  }

  send(payloadProtocol: number, payload: Uint8Array): SendResult {
    if (!this.isOpening && this.state !== 'ESTABLISHED') return 'gone';
    if (this.#unacknowledgedBytes + payload.length > this.host.options.sendBufferBytes) {
      this.#wasFull = true;
      return 'full';
    }
    const data: Data = { type: 'DATA', sequence: this.#nextSequence++, payloadProtocol, payload };
    this.#unacknowledged.push(data);
    this.#unacknowledgedBytes += payload.length;
    if (this.state === 'ESTABLISHED') {
      this.#transmit(data);
      if (this.#retransmission === undefined) this.#startTimer();
    }
    return 'queued';
  }

  /** RFC 9260 §9.2: what is queued goes out first, then both sides agree to end. */
  shutdown(): void {
    if (this.isOpening) {
      this.abort('shut down before it was up');
    } else if (this.state === 'ESTABLISHED') {
      this.state = 'SHUTDOWN_PENDING';
      this.#shutdownWhenEmpty();
    }
  }

  abort(reason: string): void {
    if (this.state === 'CLOSED') return;
    this.#transmit({ type: 'ABORT', reason });
    this.end('abort', reason);
  }

  /** Forgets everything and stops all timers; the peer is not told. */
  end(why: AssociationDownReason, detail: string): void {
    if (this.state === 'CLOSED') return;
    this.state = 'CLOSED';
    this.#stopTimer();
    this.host.cancel(this.#heartbeat);
    this.host.onEnd(this, why, detail);
  }

  /** Takes a packet's chunk; `from` are the sender's addresses. */
  receive(chunk: Chunk, from: readonly IpAddress[]): void {
    switch (chunk.type) {
      case 'INIT_ACK':
        this.#onInitAck(chunk.initiateTag, chunk.cookie, from);
        break;
      case 'COOKIE_ACK':
        if (this.state === 'COOKIE_ECHOED') this.#establish();
        break;
      case 'DATA':
        this.#onData(chunk);
        break;
      case 'SACK':
        this.#onSack(chunk.sequence);
        break;
      case 'HEARTBEAT':
        this.#transmit({ type: 'HEARTBEAT_ACK' });
        break;
      case 'HEARTBEAT_ACK':
        this.#isHeartbeatUnanswered = false;
        this.#errors = 0;
        break;
      case 'SHUTDOWN':
        this.#onShutdown();
        break;
      case 'SHUTDOWN_ACK':
        this.#onShutdownAck();
        break;
      case 'SHUTDOWN_COMPLETE':
        if (this.state === 'SHUTDOWN_ACK_SENT') this.end('shutdown', '');
        break;
      case 'ABORT':
        this.end(this.isOpening ? 'refused' : 'abort', chunk.reason);
        break;
    }
  }

  /** A COOKIE ECHO for these addresses and ports: one row of RFC 9260 §5.2.4, table 12. */
  onCookieEcho(cookie: Cookie): void {
    const isOurTag = cookie.localTag === this.localTag;
    const isPeerTag = cookie.peerTag === this.peerTag;
    if (!isOurTag && isPeerTag) return; // C: a late cookie
    if (!isOurTag) {
      this.#restart(cookie); // A
      return;
    }
    this.peerTag = cookie.peerTag; // B: both called at once; D: the COOKIE ACK was lost
    this.#transmit({ type: 'COOKIE_ACK' });
    if (this.isOpening) this.#establish();
  }

  /** The side that answered comes up with the cookie that it had given. */
  accept(cookie: Cookie): void {
    this.peerTag = cookie.peerTag;
    this.#transmit({ type: 'COOKIE_ACK' });
    this.#establish();
  }

  #onInitAck(peerTag: number, cookie: Cookie, from: readonly IpAddress[]): void {
    if (this.state !== 'COOKIE_WAIT') return;
    this.peerAddresses = from;
    this.peerTag = peerTag;
    this.#cookie = cookie;
    this.state = 'COOKIE_ECHOED';
    this.#transmit({ type: 'COOKIE_ECHO', cookie });
    this.#startTimer();
  }

  #establish(): void {
    this.state = 'ESTABLISHED';
    this.#onProgress();
    this.host.onUp(this);
    for (const data of this.#unacknowledged) this.#transmit(data);
    this.#armHeartbeat();
  }

  #restart(cookie: Cookie): void {
    const wasUp = !this.isOpening;
    this.localTag = cookie.localTag;
    this.peerTag = cookie.peerTag;
    this.#nextSequence = 1;
    this.#lastDelivered = 0;
    this.#unacknowledged = [];
    this.#unacknowledgedBytes = 0;
    this.#early.clear();
    this.state = 'ESTABLISHED';
    this.#transmit({ type: 'COOKIE_ACK' });
    this.#onProgress();
    if (wasUp) this.host.onRestart(this);
    else this.host.onUp(this); // nobody has heard of it yet
    this.#tellWritable();
  }

  #onData(data: Data): void {
    // Before the INIT ACK and after our SHUTDOWN ACK the peer has no data for us.
    if (this.state === 'COOKIE_WAIT' || this.state === 'SHUTDOWN_ACK_SENT') return;
    // The COOKIE ACK was lost, but data under our tag says the same: the cookie arrived.
    if (this.state === 'COOKIE_ECHOED') this.#establish();
    if (data.sequence > this.#lastDelivered) this.#early.set(data.sequence, data);
    for (let next = this.#inTurn(); next !== undefined; next = this.#inTurn()) {
      this.#early.delete(next.sequence);
      this.#lastDelivered++;
      this.host.onMessage(this, next);
    }
    if (!this.#isClosed()) this.#transmit({ type: 'SACK', sequence: this.#lastDelivered });
  }

  /** The message to deliver next, if it is here and nobody ended the association meanwhile. */
  #inTurn(): Data | undefined {
    return this.#isClosed() ? undefined : this.#early.get(this.#lastDelivered + 1);
  }

  #onSack(sequence: number): void {
    const first = this.#unacknowledged[0];
    if (first === undefined || sequence < first.sequence) return;
    const count = Math.min(sequence - first.sequence + 1, this.#unacknowledged.length);
    for (const data of this.#unacknowledged.splice(0, count)) {
      this.#unacknowledgedBytes -= data.payload.length;
    }
    this.#onProgress();
    this.#tellWritable();
    this.#shutdownWhenEmpty();
  }

  #tellWritable(): void {
    if (!this.#wasFull || this.#unacknowledgedBytes * 2 > this.host.options.sendBufferBytes) return;
    this.#wasFull = false;
    this.host.onWritable(this);
  }

  #onShutdown(): void {
    const isOpen = this.state === 'ESTABLISHED' || this.state === 'SHUTDOWN_PENDING';
    if (isOpen) this.state = 'SHUTDOWN_RECEIVED';
    // Both sides sent SHUTDOWN: each answers the other's (RFC 9260 §9.2).
    if (this.state === 'SHUTDOWN_SENT') this.state = 'SHUTDOWN_RECEIVED';
    this.#shutdownWhenEmpty();
  }

  #onShutdownAck(): void {
    if (this.state !== 'SHUTDOWN_SENT' && this.state !== 'SHUTDOWN_ACK_SENT') return;
    this.#transmit({ type: 'SHUTDOWN_COMPLETE' });
    this.end('shutdown', '');
  }

  #shutdownWhenEmpty(): void {
    if (this.#unacknowledged.length > 0) return;
    if (this.state === 'SHUTDOWN_PENDING') {
      this.state = 'SHUTDOWN_SENT';
    } else if (this.state === 'SHUTDOWN_RECEIVED') {
      this.state = 'SHUTDOWN_ACK_SENT';
    } else return;
    this.#transmitAgain();
    this.#startTimer();
  }

  /** The peer answered: it is alive, and what still waits gets a full time-out. */
  #onProgress(): void {
    this.#errors = 0;
    this.#isHeartbeatUnanswered = false;
    this.#rtoMs = this.host.options.rtoMs.min;
    this.#stopTimer();
    if (this.#unacknowledged.length > 0) this.#startTimer();
  }

  /** Sends whatever the peer has not answered, by state. */
  #transmitAgain(): void {
    if (this.state === 'COOKIE_WAIT') {
      this.#transmit({ type: 'INIT', initiateTag: this.localTag });
    } else if (this.state === 'COOKIE_ECHOED' && this.#cookie !== undefined) {
      this.#transmit({ type: 'COOKIE_ECHO', cookie: this.#cookie });
    } else if (this.state === 'SHUTDOWN_SENT') {
      this.#transmit({ type: 'SHUTDOWN' });
    } else if (this.state === 'SHUTDOWN_ACK_SENT') {
      this.#transmit({ type: 'SHUTDOWN_ACK' });
    } else {
      for (const data of this.#unacknowledged) this.#transmit(data);
    }
  }

  #startTimer(): void {
    this.#stopTimer();
    this.#retransmission = this.host.schedule(this.#rtoMs, () => this.#onTimeout(), false);
  }

  #stopTimer(): void {
    this.host.cancel(this.#retransmission);
    this.#retransmission = undefined;
  }

  #onTimeout(): void {
    if (this.#countError()) return;
    this.#rtoMs = Math.min(this.#rtoMs * 2, this.host.options.rtoMs.max);
    this.#transmitAgain();
    this.#startTimer();
  }

  #armHeartbeat(): void {
    const { heartbeatIntervalMs } = this.host.options;
    this.#heartbeat = this.host.schedule(heartbeatIntervalMs, () => this.#onHeartbeat(), true);
  }

  #onHeartbeat(): void {
    if (this.#isHeartbeatUnanswered && this.#countError()) return;
    this.#isHeartbeatUnanswered = true;
    this.#transmit({ type: 'HEARTBEAT' });
    this.#armHeartbeat();
  }

  /** RFC 9260 §8.1: too many unanswered transmissions and the peer is given up. True: that is now. */
  #countError(): boolean {
    this.#errors++;
    if (this.#errors <= this.host.options.maxRetransmissions) return false;
    this.end('lost', 'the peer does not answer');
    return true;
  }

  #isClosed(): boolean {
    return this.state === 'CLOSED';
  }

  #transmit(chunk: Chunk): void {
    this.host.transmit(this, chunk);
  }
}
