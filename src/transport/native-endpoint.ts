/** An endpoint of a native backend: one SCTP port of a stack, for its owner to call. */

import { isIP } from 'node:net';
import { ClosedError } from '../errors.ts';
import type { AssociationId, SctpAddress } from '../types.ts';
import { SEND_RESULTS } from './native-records.ts';
import { withKeys } from './native-refusals.ts';
import type { NativeStack } from './native-stack.ts';
import type { ConnectOptions, SctpEndpoint, SctpHandler, SendResult } from './transport.ts';

export class NativeEndpoint implements SctpEndpoint {
  readonly #stack: NativeStack;
  /** For the stack: it heard something in the batch that is being read. */
  isTouched = false;
  #isClosed = false;

  constructor(
    stack: NativeStack,
    readonly port: number,
    readonly handler: SctpHandler,
  ) {
    this.#stack = stack;
  }

  connect(peer: readonly SctpAddress[], options: ConnectOptions = {}): AssociationId {
    if (this.#isClosed || this.#stack.isClosed)
      throw new ClosedError('The SCTP endpoint is closed.');
    const { addresses, port } = checkedPeer(peer);
    const { udpPort = 0 } = options;
    const { native } = this.#stack;
    const association = withKeys(() =>
      native.connect(this.port, addresses, port, udpPort),
    ) as AssociationId;
    this.#stack.adopt(association, this);
    this.#stack.flushSoon();
    return association;
  }

  send(association: AssociationId, payloadProtocol: number, payload: Uint8Array): SendResult {
    this.#checkLength(payload.length);
    if (this.#stack.isClosed) return 'gone';
    const { bytes, position } = this.#stack.arenas.outbound;
    // Room for the longest message is always there once the arena starts from the beginning.
    if ((position[0] as number) + payload.length > bytes.length) this.#stack.flush();
    bytes.set(payload, position[0]);
    return this.#sendFromArena(association, payloadProtocol, payload.length);
  }

  sendInPlace(association: AssociationId, payloadProtocol: number, length: number): SendResult {
    this.#checkLength(length);
    return this.#sendFromArena(association, payloadProtocol, length);
  }

  flush(): void {
    this.#stack.flush();
  }

  pause(association: AssociationId, isPaused: boolean): void {
    if (!this.#stack.owns(association, this)) return;
    this.#stack.native.pause(association, isPaused);
    this.#stack.flushSoon();
  }

  shutdown(association: AssociationId): void {
    if (!this.#stack.owns(association, this)) return;
    this.#stack.native.shutdown(association);
    this.#stack.flushSoon();
  }

  abort(association: AssociationId, reason: string): void {
    if (!this.#stack.owns(association, this)) return;
    this.#stack.mute(association);
    this.#stack.native.abort(association, reason);
    this.#stack.flushSoon();
  }

  close(): void {
    if (this.#isClosed || this.#stack.isClosed) return;
    this.#isClosed = true;
    this.#stack.release(this);
    this.#stack.native.closeEndpoint(this.port);
    this.#stack.flushSoon();
    this.#stack.flush();
  }

  #sendFromArena(association: AssociationId, payloadProtocol: number, length: number): SendResult {
    if (this.#stack.isClosed) return 'gone';
    const result = this.#stack.functions.send(association, payloadProtocol, length);
    this.#stack.flushSoon();
    const name = SEND_RESULTS[result];
    if (name === undefined) throw new RangeError('The message does not lie in the outbound arena.');
    return name;
  }

  #checkLength(length: number): void {
    const { maxMessageBytes } = this.#stack.options;
    if (length > 0 && length <= maxMessageBytes) return;
    throw new RangeError(`A message has 1 to ${maxMessageBytes} bytes, not ${length}.`);
  }
}

/** All of a peer's addresses with its one port, or a `TypeError` for the broken caller. */
function checkedPeer(peer: readonly SctpAddress[]): { addresses: string[]; port: number } {
  const port = peer[0]?.port;
  if (port === undefined) throw new TypeError('A peer has at least one address.');
  const addresses = peer.map(({ address }) => address);
  const isUsable = addresses.every((address) => isIP(address) !== 0);
  const isPort = Number.isInteger(port) && port >= 1 && port <= 65_535;
  if (!isUsable || !isPort) {
    throw new TypeError(`${addresses.join(', ')} port ${port} is no place to call.`);
  }
  return { addresses, port };
}
