/** An endpoint of the `memory` backend: one SCTP port of a stack, for its owner to call, and what he is told. */

import { ClosedError } from '../errors.ts';
import type { AssociationId, SctpAddress } from '../types.ts';
import type { MemoryAssociation } from './memory-association.ts';
import type { Data } from './memory-packet.ts';
import type { MemoryStack } from './memory-stack.ts';
import type { SctpEndpoint, SctpHandler, SendResult } from './transport.ts';

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
    if (result === 'queued') this.stack.count('messagesSent');
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

  /** Messages come all the same. */
  pause(): void {}

  shutdown(association: AssociationId): void {
    this.stack.association(association, this.port)?.shutdown();
  }

  abort(association: AssociationId, reason: string): void {
    this.stack.abort(association, this.port, reason);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.stack.release(this.port);
    this.stack.endAll(this.port, 'endpoint closed');
  }

  /** Lets its owner hear something as soon as the process reads; nothing once this is closed. */
  tell(tell: (handler: SctpHandler) => void, message?: AssociationId): void {
    this.stack.inbox.take({
      message,
      tell: () => {
        if (this.#isClosed || this.stack.isClosed) return;
        this.stack.wire.touch(this);
        tell(this.handler);
      },
    });
  }

  tellMessage(association: MemoryAssociation, data: Data): void {
    const { payload, payloadProtocol } = data;
    const tell = (handler: SctpHandler) => {
      association.read(data);
      this.stack.count('messagesReceived');
      const { bytes, offset } = this.#lay(payload);
      handler.onMessage(association.id, payloadProtocol, 0, bytes, offset, payload.length);
      // What a real backend does with the next message: a view that was kept shows at once.
      bytes.fill(0xdd, offset, offset + payload.length);
    };
    this.tell(tell, association.id);
  }

  endBatch(): void {
    if (this.#isClosed || this.stack.isClosed) return;
    this.handler.onBatchEnd?.();
    this.flush();
  }

  /** A place for a received message: never at the start of its memory, so that the offset matters. */
  #lay(payload: Uint8Array): { bytes: Uint8Array; offset: number } {
    const offset = 4;
    const bytes = this.stack.arenas?.inbound.bytes ?? new Uint8Array(offset + payload.length);
    bytes.set(payload, offset);
    return { bytes, offset };
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new ClosedError('The SCTP endpoint is closed.');
  }
}
