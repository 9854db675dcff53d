/** The outputs of an endpoint's machine that wait for `drain`, in order. */

import { type AssociationId, PAYLOAD_PROTOCOL } from '../../types.ts';
import { encodeAsap, encodeAsapInto } from '../../wire/asap.ts';
import type { AsapMessage } from '../../wire/asap-messages.ts';
import type { Profile } from '../../wire/parameters.ts';
import type { AssociationOutput } from '../machine.ts';
import { MessageMemory } from '../message-memory.ts';

export class Outbox<Output> {
  readonly #memory: MessageMemory<AsapMessage>;
  #outputs: (AssociationOutput | Output)[] = [];

  constructor(profile: Profile) {
    this.#memory = new MessageMemory({
      encode: (message) => encodeAsap(message, { profile }),
      encodeInto: (message, out, offset) => encodeAsapInto(message, out, offset, { profile }),
    });
  }

  push(output: AssociationOutput | Output): void {
    this.#outputs.push(output);
  }

  send(association: AssociationId, message: AsapMessage): void {
    this.sendBytes(association, this.encode(message));
  }

  /** `payload` must not change afterwards. */
  sendBytes(association: AssociationId, payload: Uint8Array): void {
    this.push({ type: 'send', association, payloadProtocol: PAYLOAD_PROTOCOL.ASAP, payload });
  }

  /** Throws TypeError or RangeError for what cannot be written: no machine may find that out later. */
  encode(message: AsapMessage): Uint8Array {
    return this.#memory.encode(message);
  }

  drain(): readonly (AssociationOutput | Output)[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }
}
