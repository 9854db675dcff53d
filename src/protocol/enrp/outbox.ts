/** The outputs that wait for `drain`, in order. */

import { type AssociationId, PAYLOAD_PROTOCOL } from '../../types.ts';
import { encodeEnrp } from '../../wire/enrp.ts';
import type { EnrpMessage } from '../../wire/enrp-messages.ts';
import type { Profile } from '../../wire/parameters.ts';
import type { EnrpOutput } from './events.ts';

export class EnrpOutbox {
  readonly #profile: Profile;
  #outputs: EnrpOutput[] = [];

  constructor(profile: Profile) {
    this.#profile = profile;
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
    return encodeEnrp(message, { profile: this.#profile });
  }

  drain(): readonly EnrpOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }
}
