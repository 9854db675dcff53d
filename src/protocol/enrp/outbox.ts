/** The outputs that wait for `drain`, in order. */

import { type AssociationId, PAYLOAD_PROTOCOL } from '../../types.ts';
import { encodeEnrp, encodeEnrpInto } from '../../wire/enrp.ts';
import type { EnrpMessage } from '../../wire/enrp-messages.ts';
import type { Profile } from '../../wire/parameters.ts';
import { MessageMemory } from '../message-memory.ts';
import type { EnrpOutput } from './events.ts';

export class EnrpOutbox {
  readonly #memory: MessageMemory<EnrpMessage>;
  #outputs: EnrpOutput[] = [];

  constructor(profile: Profile) {
    this.#memory = new MessageMemory({
      encode: (message) => encodeEnrp(message, { profile }),
      encodeInto: (message, out, offset) => encodeEnrpInto(message, out, offset, { profile }),
    });
  }

  push(output: EnrpOutput): void {
    this.#outputs.push(output);
  }

  send(association: AssociationId, message: EnrpMessage): void {
    this.sendBytes(association, this.encode(message));
  }

  /** `payload` must not change afterwards. */
  sendBytes(association: AssociationId, payload: Uint8Array): void {
    this.push({ type: 'send', association, payloadProtocol: PAYLOAD_PROTOCOL.ENRP, payload });
  }

  encode(message: EnrpMessage): Uint8Array {
    return this.#memory.encode(message);
  }

  drain(): readonly EnrpOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }
}
