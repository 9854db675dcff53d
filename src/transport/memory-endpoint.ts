/** An endpoint of the `memory` backend: one SCTP port of a stack, for its owner to call. */

import { ClosedError } from '../errors.ts';
import type { AssociationId, SctpAddress } from '../types.ts';
import type { MemoryStack } from './memory-stack.ts';
import type { AssociationDownReason, SctpEndpoint, SctpHandler, SendResult } from './transport.ts';

export class MemoryEndpoint implements SctpEndpoint {
  #isClosed = false;

  constructor(
    readonly stack: MemoryStack,
    readonly port: number,
    readonly accepts: boolean,
    readonly handler: SctpHandler,
  ) {}

  connect(peer: readonly SctpAddress[]): AssociationId {
    this.#checkOpen();
    const first = peer[0];
    if (first === undefined) throw new TypeError('A peer has at least one address.');
    return this.stack.connect(this.port, first);
  }

  send(association: AssociationId, payloadProtocol: number, payload: Uint8Array): SendResult {
    const { maxMessageBytes } = this.stack.options;
    if (payload.length === 0 || payload.length > maxMessageBytes) {
      throw new RangeError(`A message has 1 to ${maxMessageBytes} bytes, not ${payload.length}.`);
    }
    const result =
      this.stack.association(association, this.port)?.send(payloadProtocol, payload.slice()) ??
      'gone';
    if (result === 'queued') this.stack.countMessageSent();
    return result;
  }

  sendInPlace(association: AssociationId, payloadProtocol: number, length: number): SendResult {
    const outbound = this.stack.arenas?.outbound;
    if (outbound === undefined)
      throw new TypeError('This stack was made without arenas: use send.');
    const start = outbound.position[0] as number;
    const result = this.send(
      association,
      payloadProtocol,
      outbound.bytes.subarray(start, start + length),
    );
    if (result === 'queued') outbound.position[0] = (start + length + 3) & ~3;
    return result;
  }

  /** Messages are on their way from `send` on; what is given back here is the outbound arena. */
  flush(): void {
    const outbound = this.stack.arenas?.outbound;
    if (outbound !== undefined) outbound.position[0] = 0;
  }

  shutdown(association: AssociationId): void {
    this.stack.association(association, this.port)?.shutdown();
  }

  abort(association: AssociationId, reason: string): void {
    this.stack.association(association, this.port)?.abort(reason);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.stack.release(this.port);
    this.stack.endAll(this.port, 'endpoint closed');
  }

  down(association: AssociationId, why: AssociationDownReason, detail: string): void {
    if (this.#isClosed || this.stack.isClosed) return;
    this.stack.wire.touch(this);
    this.handler.onDown(association, why, detail);
  }

  endBatch(): void {
    if (this.#isClosed || this.stack.isClosed) return;
    this.handler.onBatchEnd?.();
    this.flush();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new ClosedError('The SCTP endpoint is closed.');
  }
}
