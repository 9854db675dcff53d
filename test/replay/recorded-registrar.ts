/** The registrar of the captures: its identifier, addresses and timers, as our machine. */

import { Handlespace } from '../../src/handlespace/handlespace.ts';
import type { AssociationInput, Machine } from '../../src/protocol/machine.ts';
import type { RegistrarInput, RegistrarOutput } from '../../src/protocol/registrar/events.ts';
import {
  completeRegistrarOptions,
  handlespaceOptionsOf,
} from '../../src/protocol/registrar/options.ts';
import { Registrar } from '../../src/protocol/registrar/registrar.ts';
import { type Milliseconds, PAYLOAD_PROTOCOL, type RegistrarId } from '../../src/types.ts';

export const RECORDED_ASAP_PORT = 3863;

export interface RecordedRegistrar {
  readonly registrar: Registrar;
  readonly handlespace: Handlespace;
}

export function recordedRegistrar(): RecordedRegistrar {
  const localAddresses = ['10.20.0.1', '10.30.0.1'];
  const timers = {
    endpointKeepAliveTransmissionIntervalMs: 1_500,
    endpointKeepAliveTimeoutIntervalMs: 1_500,
    endpointKeepAliveJitter: 0, // as rsplib (decision 24)
  };
  const options = completeRegistrarOptions(timers, localAddresses);
  const handlespace = new Handlespace(handlespaceOptionsOf(options, 1n));
  const registrar = new Registrar({
    id: 0x1111_1111 as RegistrarId,
    handlespace,
    options,
    localAddresses,
    port: RECORDED_ASAP_PORT,
    seed: 1n,
  });
  return { registrar, handlespace };
}

/** The same machine, with handle resolutions answered where they lie, as the driver does it. */
export class InPlaceRegistrar implements Machine<RegistrarInput, RegistrarOutput> {
  readonly #registrar: Registrar;
  readonly #handlespace: Handlespace;
  #answers: RegistrarOutput[] = [];

  constructor({ registrar, handlespace }: RecordedRegistrar) {
    this.#registrar = registrar;
    this.#handlespace = handlespace;
  }

  handle(now: Milliseconds, input: AssociationInput): void {
    if (input.type !== 'message' || !this.#isAnsweredInPlace(now, input)) {
      this.#registrar.handle(now, input);
    }
  }

  #isAnsweredInPlace(now: Milliseconds, input: AssociationInput & { type: 'message' }): boolean {
    const { association, payloadProtocol, payload } = input;
    if (payloadProtocol !== PAYLOAD_PROTOCOL.ASAP) return false;
    const { request, response } = this.#handlespace.arenas();
    request.bytes.set(payload);
    const length = this.#registrar.answerInPlace(now, association, 0, payload.length);
    if (length <= 0) return false;
    const start = response.position[0] as number;
    const answer = response.bytes.slice(start, start + length);
    this.#answers.push({ type: 'send', association, payloadProtocol, payload: answer });
    return true;
  }

  drain(): readonly RegistrarOutput[] {
    const answers = this.#answers;
    this.#answers = [];
    return [...answers, ...this.#registrar.drain()];
  }

  nextDeadline(): Milliseconds {
    return this.#registrar.nextDeadline();
  }
}
