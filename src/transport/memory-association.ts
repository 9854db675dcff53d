/**
 * One side of an association of the `memory` backend: handshake, ordered delivery and both ways to end (RFC 9260
 * §5, §6, §9), message by message and on one path. What may be sent is `memory-outbox.ts`, when it is sent again
 * `memory-watch.ts`, what there is room for `memory-window.ts`; who gets which packet is `memory-stack.ts`, whether
 * it arrives `memory.ts`.
 */

import type { AssociationId, IpAddress, SctpAddress } from '../types.ts';
import type { MemoryStackSettings } from './memory-options.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import type { Chunk, Cookie, Data, Initiation } from './memory-packet.ts';
import { PeerWatch } from './memory-watch.ts';
import { MemoryWindow } from './memory-window.ts';
import type { AssociationDownReason, AssociationInfo, SendResult } from './transport.ts';

/** What an association needs of the stack it lives on. */
export interface AssociationHost {
  readonly options: MemoryStackSettings;
  transmit(association: MemoryAssociation, chunk: Chunk): void;
  /** The result takes it back. */
  schedule(delayMs: number, run: () => void, isBackground: boolean): () => void;
  onUp(association: MemoryAssociation): void;
  onRestart(association: MemoryAssociation): void;
  /** For the process, which reads it now or later: then it tells `read`. */
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
  hasBeenUp = false;
  peerTag = 0;
  #cookie: Cookie | undefined;
  readonly #outbox: MemoryOutbox;
  readonly #window: MemoryWindow;
  readonly #watch: PeerWatch;

  constructor(
    readonly host: AssociationHost,
    readonly id: AssociationId,
    readonly localPort: number,
    /** Where packets go is the first one. */
    public peerAddresses: readonly IpAddress[],
    readonly peerPort: number,
    public localTag: number,
  ) {
    this.#outbox = new MemoryOutbox(host.options.sendBufferBytes);
    this.#window = new MemoryWindow(host.options.receiveBufferBytes);
    this.#watch = new PeerWatch(host, {
      // The peer answers, it only does not read.
      isAnswered: () => !this.isOpening && this.#outbox.waitsForWindow,
      transmitAgain: () => this.#transmitAgain(),
      transmitHeartbeat: () => this.#transmit({ type: 'HEARTBEAT' }),
      lose: () => this.end('lost', 'the peer does not answer'),
    });
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
    this.#transmitInit();
    this.#watch.startTimer();
  }

  send(payloadProtocol: number, payload: Uint8Array): SendResult {
    if (!this.isOpening && this.state !== 'ESTABLISHED') return 'gone';
    if (!this.#outbox.add(payloadProtocol, payload)) return 'full';
    if (this.state === 'ESTABLISHED') this.#transmitData();
    return 'queued';
  }

  /** The process has read this message. */
  read(data: Data): void {
    this.#window.read(data);
  }

  /** Tells the peer that the process has read, or it would have to find out (RFC 9260 §6.2). */
  tellWindow(): void {
    const { state } = this;
    const mayCome = state === 'SHUTDOWN_PENDING' || state === 'SHUTDOWN_SENT';
    if (mayCome || state === 'ESTABLISHED') this.#acknowledge();
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
    this.#watch.end();
    this.host.onEnd(this, why, detail);
  }

  /** Takes a packet's chunk; `from` are the sender's addresses. */
  receive(chunk: Chunk, from: readonly IpAddress[]): void {
    switch (chunk.type) {
      case 'INIT_ACK':
        this.#onInitAck(chunk, chunk.cookie, from);
        break;
      case 'COOKIE_ACK':
        if (this.state === 'COOKIE_ECHOED') this.#establish();
        break;
      case 'DATA':
        this.#onData(chunk);
        break;
      case 'SACK':
        this.#onSack(chunk.sequence, chunk.window);
        break;
      case 'HEARTBEAT':
        this.#transmit({ type: 'HEARTBEAT_ACK' });
        break;
      case 'HEARTBEAT_ACK':
        this.#watch.onAnswer();
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
    if (!isOurTag) {
      // A. Another one is late (C), or was given before we called: that call of ours goes on.
      if (!isPeerTag && cookie.localTieTag === this.localTag) this.#restart(cookie);
      return;
    }
    this.peerTag = cookie.peerTag; // B: both called at once; D: the COOKIE ACK was lost
    this.#transmit({ type: 'COOKIE_ACK' });
    if (!this.isOpening) return;
    this.#outbox.open(cookie.peerWindow);
    this.#establish();
  }

  /** The side that answered comes up with the cookie that it had given. */
  accept(cookie: Cookie): void {
    this.peerTag = cookie.peerTag;
    this.#outbox.open(cookie.peerWindow);
    this.#transmit({ type: 'COOKIE_ACK' });
    this.#establish();
  }

  #onInitAck(peer: Initiation, cookie: Cookie, from: readonly IpAddress[]): void {
    if (this.state !== 'COOKIE_WAIT') return;
    this.peerAddresses = from;
    this.peerTag = peer.initiateTag;
    this.#outbox.open(peer.window);
    this.#cookie = cookie;
    this.state = 'COOKIE_ECHOED';
    this.#transmit({ type: 'COOKIE_ECHO', cookie });
    this.#watch.startTimer();
  }

  #establish(): void {
    this.state = 'ESTABLISHED';
    this.hasBeenUp = true;
    this.#watch.onProgress(!this.#outbox.isEmpty);
    this.host.onUp(this);
    // What was sent while it opened, and once more, which does no harm, what a handler has sent just now.
    for (const data of this.#outbox.takeAgain()) this.#transmit(data);
    this.#watch.beginHeartbeats();
  }

  #restart(cookie: Cookie): void {
    this.localTag = cookie.localTag;
    this.peerTag = cookie.peerTag;
    this.#outbox.clear();
    this.#outbox.open(cookie.peerWindow);
    this.#window.clear();
    this.state = 'ESTABLISHED';
    this.#transmit({ type: 'COOKIE_ACK' });
    this.#watch.onProgress(!this.#outbox.isEmpty);
    this.host.onRestart(this);
    this.#tellWritable();
  }

  #onData(data: Data): void {
    // Before the INIT ACK and after our SHUTDOWN ACK the peer has no data for us.
    if (this.state === 'COOKIE_WAIT' || this.state === 'SHUTDOWN_ACK_SENT') return;
    // The COOKIE ACK was lost, but data under our tag says the same: the cookie arrived.
    if (this.state === 'COOKIE_ECHOED') this.#establish();
    this.#window.receive(data);
    for (let next = this.#inTurn(); next !== undefined; next = this.#inTurn()) {
      this.host.onMessage(this, next);
    }
    if (!this.#isClosed()) this.#acknowledge();
  }

  /** The message to deliver next, if it is here and nobody ended the association meanwhile. */
  #inTurn(): Data | undefined {
    return this.#isClosed() ? undefined : this.#window.next();
  }

  #acknowledge(): void {
    const { acknowledged: sequence, bytes: window } = this.#window;
    this.#transmit({ type: 'SACK', sequence, window });
  }

  #onSack(sequence: number, window: number): void {
    if (this.isOpening) return;
    const answer = this.#outbox.acknowledge(sequence, window);
    if (answer === 'taken') this.#watch.onProgress(!this.#outbox.isEmpty);
    else if (answer === 'noRoom') this.#watch.onAnswer();
    this.#transmitData();
    this.#tellWritable();
    this.#shutdownWhenEmpty();
  }

  #tellWritable(): void {
    if (this.#outbox.becomesWritable()) this.host.onWritable(this);
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
    if (!this.#outbox.isEmpty) return;
    if (this.state === 'SHUTDOWN_PENDING') {
      this.state = 'SHUTDOWN_SENT';
    } else if (this.state === 'SHUTDOWN_RECEIVED') {
      this.state = 'SHUTDOWN_ACK_SENT';
    } else return;
    this.#transmitAgain();
    this.#watch.startTimer();
  }

  /** Sends whatever the peer has not answered, by state. */
  #transmitAgain(): void {
    if (this.state === 'COOKIE_WAIT') {
      this.#transmitInit();
    } else if (this.state === 'COOKIE_ECHOED' && this.#cookie !== undefined) {
      this.#transmit({ type: 'COOKIE_ECHO', cookie: this.#cookie });
    } else if (this.state === 'SHUTDOWN_SENT') {
      this.#transmit({ type: 'SHUTDOWN' });
    } else if (this.state === 'SHUTDOWN_ACK_SENT') {
      this.#transmit({ type: 'SHUTDOWN_ACK' });
    } else {
      for (const data of this.#outbox.takeAgain()) this.#transmit(data);
    }
  }

  #transmitInit(): void {
    this.#transmit({
      type: 'INIT',
      initiateTag: this.localTag,
      window: this.host.options.receiveBufferBytes,
    });
  }

  /** What the peer's window lets out; the timer runs as long as anything waits, for an answer or for room. */
  #transmitData(): void {
    for (const data of this.#outbox.take()) this.#transmit(data);
    if (!this.#outbox.isEmpty) this.#watch.waitOn();
  }

  #isClosed(): boolean {
    return this.state === 'CLOSED';
  }

  #transmit(chunk: Chunk): void {
    this.host.transmit(this, chunk);
  }
}
