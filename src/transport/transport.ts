/**
 * The interface that all SCTP backends offer: message oriented, one-to-many. TypeScript owns endpoints and
 * associations; native code moves packets. Backends: `native-stack.ts` (`kernel`: SCTP of the
 * operating system; `udp`: SCTP in user space over UDP, RFC
 * 6951; `raw`: the same right above IP) and `memory.ts` (deterministic, for tests).
 *
 * A stack is one set of local addresses with its own I/O thread; endpoints are SCTP ports on it. Nothing
 * here runs re-entrantly: handlers are called from the event loop, in the order in which things happened,
 * never from within a call of these interfaces.
 *
 * Every association that `connect` returned or `onUp` announced ends with exactly one `onDown`, whoever
 * ended it; unless its endpoint or stack is closed: then nothing is told any more.
 *
 * An open stack keeps the process alive, as a listening socket does.
 */

import type { Arena } from '../native.ts';
import type { AssociationId, IpAddress, SctpAddress } from '../types.ts';

export type SctpBackend = 'kernel' | 'udp' | 'raw' | 'memory';

export interface SctpStackOptions {
  /** Local addresses that packets are sent from and received on; at least one. */
  readonly localAddresses: readonly IpAddress[];
  /** Whether `useAddresses` will be called, also with addresses of another family. */
  readonly mayChangeAddresses: boolean;
  /**
   * Local UDP port (RFC 6951); 0: any free one. IANA's is 9899. `kernel` has one for the whole machine,
   * `net.sctp.udp_port`, and does not look at this.
   */
  readonly udpPort: number;
  /** UDP port at which peers are called when `connect` does not say; 9899. `kernel`: `net.sctp.encap_port`. */
  readonly remoteUdpPort: number;
  /** Time between heartbeats; longer than `rtoMs.initial`, or a dead peer would not be noticed. */
  readonly heartbeatIntervalMs: number;
  readonly rtoMs: { readonly initial: number; readonly min: number; readonly max: number };
  /** Unanswered transmissions after which an association is lost (Association.Max.Retrans). */
  readonly maxRetransmissions: number;
  /** Unanswered transmissions after which one address of a peer is given up for the next (Path.Max.Retrans). */
  readonly pathMaxRetransmissions: number;
  /** Time without a user message in either direction after which an association is shut down; 0: never. `memory` has none. */
  readonly autocloseMs: number;
  readonly maxAssociations: number;
  readonly maxAssociationsPerHost: number;
  /** Largest user message, in bytes, in either direction. */
  readonly maxMessageBytes: number;
  /** Bytes that may wait for sending per association before `send` says `full`. */
  readonly sendBufferBytes: number;
  /**
   * Time for which a peer may take nothing of what it is sent although there is no more room for it; then it is
   * aborted. `kernel`: although others wait for room. `memory` waits for ever.
   */
  readonly slowReaderTimeoutMs: number;
}

export interface EndpointOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Whether others may open associations to it; else it only calls others. */
  readonly accepts: boolean;
  /**
   * What arrives asks for answers. As long as a peer does not read these, its further messages are held back, which
   * closes its window; `kernel` and `memory` do not. Not for endpoints whose peers do the same, as both would wait
   * for ever. Default: false.
   */
  readonly answersRequests?: boolean;
}

export interface SctpStack {
  readonly backend: SctpBackend;
  /** The UDP port in use; 0 for backends without one. */
  readonly udpPort: number;
  /** What it uses now. */
  readonly localAddresses: readonly IpAddress[];
  /**
   * Memory in which received messages lie during `onMessage`, and from which `sendInPlace` sends.
   * `undefined` where the backend has none: then only `onMessage`'s view and `send` are to be used. After
   * `close` their views have length 0.
   */
  readonly arenas: { readonly inbound: Arena; readonly outbound: Arena } | undefined;
  /**
   * Uses these local addresses from now on: new associations have them, others are not listed to peers.
   * Associations stay as they are, and go on when a lost address is back. Returns the addresses that the
   * system refuses, each with a sentence; they are not used.
   */
  useAddresses(
    addresses: readonly IpAddress[],
  ): readonly { readonly address: IpAddress; readonly reason: string }[];
  /** Opens an SCTP port. Throws `ConfigError` when it is in use. */
  open(options: EndpointOptions, handler: SctpHandler): SctpEndpoint;
  stats(): SctpStats;
  /** Ends every association (ABORT), gives the sockets back. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** UDP port of this peer when it differs from the stack's `remoteUdpPort`. `kernel` encapsulates for it. */
  readonly udpPort?: number | undefined;
}

/** `queued`: will be sent; `full`: not taken, wait for `onWritable`; `gone`: no such association. */
export type SendResult = 'queued' | 'full' | 'gone';

export interface SctpEndpoint {
  /** The SCTP port in use. */
  readonly port: number;
  /**
   * Starts an association; the outcome is `onUp` or `onDown` with the identifier returned here. `send` may
   * be used at once. `refused`, too, is a second association with a peer on the same pair of ports: the
   * first one stays. Where both sides call at once, one association stays and is up on both; what another
   * call came to is told by `onDown`: `refused`, or, where it had come up over another network meanwhile,
   * `abort` (RFC 9260 §2.3, §5.2). Throws `ConfigError` when there is no room for another association, or no way to the
   * peer: no local address of the family of its addresses.
   */
  connect(peer: readonly SctpAddress[], options?: ConnectOptions): AssociationId;
  /**
   * Queues a copy of `payload` on stream 0, ordered. Goes out at the next `flush`. Throws `RangeError` when
   * it is empty or longer than `maxMessageBytes`.
   */
  send(association: AssociationId, payloadProtocol: number, payload: Uint8Array): SendResult;
  /**
   * The same for the `length` bytes that lie at `arenas.outbound.position[0]`: written there by
   * `Handlespace.resolveInPlace`, sent from there. Afterwards the position is where the next may be
   * written, 4-aligned: behind them or, where the backend has taken them already, the same place.
   */
  sendInPlace(association: AssociationId, payloadProtocol: number, length: number): SendResult;
  /**
   * Hands everything queued to the I/O thread and sets `arenas.outbound.position[0]` back to 0. Also
   * happens by itself at the end of a batch and of a tick.
   */
  flush(): void;
  /**
   * Whether to hold back further messages of this association, on an endpoint with `answersRequests`. Some that have
   * arrived may still come. `kernel` and `memory` do not hold back.
   */
  pause(association: AssociationId, isPaused: boolean): void;
  /** Ends gracefully, after everything queued was delivered; from now on `send` says `gone`. */
  shutdown(association: AssociationId): void;
  /** Ends at once. */
  abort(association: AssociationId, reason: string): void;
  /** Ends the endpoint's associations (ABORT) and frees its port. */
  close(): void;
}

export interface AssociationInfo {
  readonly peerAddresses: readonly SctpAddress[];
  readonly localPort: number;
  readonly outboundStreams: number;
}

/**
 * `shutdown`: gracefully; `abort`: at once, by either side; `lost`: the peer does not answer (any more);
 * `refused`: the peer does not want it. Only `refused` and `lost` come before `onUp`, and `abort` when we
 * gave up first.
 */
export type AssociationDownReason = 'shutdown' | 'abort' | 'lost' | 'refused';

export interface SctpHandler {
  onUp(association: AssociationId, info: AssociationInfo): void;
  /** The peer restarted; messages from before are gone. */
  onRestart(association: AssociationId, info: AssociationInfo): void;
  onDown(association: AssociationId, why: AssociationDownReason, detail: string): void;
  /** The stack aborts an association for what its peer does to others or to this host; `onDown` follows. */
  onEvicted?(association: AssociationId, reason: string): void;
  /**
   * `payload` lies at `[offset, offset + length)` of `bytes`, 4-aligned, and is valid only during the call.
   * `bytes` is `arenas.inbound.bytes` where the backend has arenas.
   */
  onMessage(
    association: AssociationId,
    payloadProtocol: number,
    stream: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
  ): void;
  /** The peer has other addresses from now on (RFC 5061): those of `info`. Only the backend `kernel` takes part in that. */
  onAddresses?(association: AssociationId, info: AssociationInfo): void;
  /** An address of the peer was confirmed, failed, or came back. */
  onPath(association: AssociationId, address: IpAddress, state: 'up' | 'down'): void;
  /** An association that said `full` takes messages again. */
  onWritable(association: AssociationId): void;
  /** Called once after the last event of a batch, before the flush. */
  onBatchEnd?(): void;
}

/** Counters since the stack was opened. */
export interface SctpStats {
  readonly associations: number;
  /** Not there with the backend `kernel`, which does not tell. */
  readonly packetsReceived?: number;
  readonly packetsSent?: number;
  readonly messagesReceived: number;
  readonly messagesSent: number;
  /** Packets, or what they asked for, refused, by reason. */
  readonly refused: Readonly<Record<string, number>>;
}
