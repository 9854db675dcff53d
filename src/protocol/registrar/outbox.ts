/** The outputs that wait for `drain`, in order. */

import { type AssociationId, PAYLOAD_PROTOCOL } from '../../types.ts';
import { encodeAsap, encodeAsapInto } from '../../wire/asap.ts';
import type { AsapMessage } from '../../wire/asap-messages.ts';
import type { Profile } from '../../wire/parameters.ts';
import { MessageMemory } from '../message-memory.ts';
import type { AbortReason, RegistrarOutput } from './events.ts';

export class Outbox {
  readonly #memory: MessageMemory<AsapMessage>;
  #outputs: RegistrarOutput[] = [];

  constructor(profile: Profile) {
    this.#memory = new MessageMemory({
      encode: (message) => encodeAsap(message, { profile }),
      encodeInto: (message, out, offset) => encodeAsapInto(message, out, offset, { profile }),
    });
  }

  push(output: RegistrarOutput): void {
    this.#outputs.push(output);
  }

  send(association: AssociationId, message: AsapMessage): void {
    this.sendBytes(association, this.encode(message));
  }

  /** `payload` must not change afterwards. */
  sendBytes(association: AssociationId, payload: Uint8Array): void {
    this.push({ type: 'send', association, payloadProtocol: PAYLOAD_PROTOCOL.ASAP, payload });
  }

  /** Ends an association, and tells the application. */
  abort(association: AssociationId, reason: AbortReason): void {
    this.push({ type: 'abort', association, reason: ABORT_TEXT[reason] });
    this.push({ type: 'associationAborted', association, reason });
  }

  encode(message: AsapMessage): Uint8Array {
    return this.#memory.encode(message);
  }

  drain(): readonly RegistrarOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }
}

/** What the peer reads in the ABORT (RFC 9260 §3.3.10.12). */
const ABORT_TEXT: Record<AbortReason, string> = {
  keepAliveTimeout: 'a keep-alive was not acknowledged in time',
  malformedMessages: 'too many malformed messages',
  tooManyAssociations: 'too many associations',
  wrongPayloadProtocol: 'this port is for ASAP',
  stopping: 'the registrar is stopping',
};
