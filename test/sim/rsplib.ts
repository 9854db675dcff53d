/**
 * What a registrar of rsplib does otherwise, put on one of ours from outside: no ENRP_TAKEOVER_SERVER leaves it
 * (interop-rsplib A12). It obeys a DEL_PE from anybody, and sends one of every pool element whose association ends,
 * whoever is its home by then (A13). That the lower identifier wins is our default.
 */

import type { Handlespace } from '../../src/handlespace/handlespace.ts';
import type { SctpEndpoint } from '../../src/transport/transport.ts';
import {
  type AssociationId,
  ENRP_PORT,
  PAYLOAD_PROTOCOL,
  type RegistrarId,
} from '../../src/types.ts';
import { decodeAsap } from '../../src/wire/asap.ts';
import { decodeEnrp, encodeEnrp } from '../../src/wire/enrp.ts';
import { UPDATE_ACTION } from '../../src/wire/enrp-messages.ts';
import type { Tap } from './process.ts';

const { ASAP, ENRP } = PAYLOAD_PROTOCOL;

interface Registered {
  readonly poolHandle: Uint8Array;
  readonly id: number;
}

export class RsplibWays implements Tap {
  readonly #id: RegistrarId;
  readonly #handlespace: () => Handlespace;
  #enrp: SctpEndpoint | undefined;
  readonly #peers = new Set<AssociationId>();
  /** Who registered last over each association. */
  readonly #registered = new Map<AssociationId, Registered>();

  constructor(id: RegistrarId, handlespace: () => Handlespace) {
    this.#id = id;
    this.#handlespace = handlespace;
  }

  onOpen(endpoint: SctpEndpoint): void {
    if (endpoint.port === ENRP_PORT) this.#enrp = endpoint;
  }

  onSend(_association: AssociationId, payload: Uint8Array, payloadProtocol: number): boolean {
    return payloadProtocol !== ENRP || decodeEnrp(payload).type !== 'ENRP_TAKEOVER_SERVER';
  }

  onMessage(association: AssociationId, payload: Uint8Array, payloadProtocol: number): boolean {
    if (payloadProtocol === ASAP) {
      const message = decodeAsap(payload);
      if (message.type === 'ASAP_REGISTRATION') {
        const poolHandle = Uint8Array.from(message.poolHandle); // the payload is another one's soon
        this.#registered.set(association, { poolHandle, id: message.poolElement.id });
      }
    } else if (payloadProtocol === ENRP) {
      this.#peers.add(association);
      const message = decodeEnrp(payload);
      if (message.type === 'ENRP_HANDLE_UPDATE' && message.action === UPDATE_ACTION.DEL_PE) {
        this.#handlespace().deregister(message.poolHandle, message.poolElement.id);
      }
    }
    return true;
  }

  onDown(association: AssociationId): void {
    this.#peers.delete(association);
    const registered = this.#registered.get(association);
    this.#registered.delete(association);
    if (registered !== undefined) this.#sayThatItIsGone(registered);
  }

  #sayThatItIsGone({ poolHandle, id }: Registered): void {
    const poolElement = this.#handlespace().find(poolHandle, id);
    // Of one of its own the registrar says so itself.
    if (poolElement === undefined || poolElement.homeRegistrarId === this.#id) return;
    const message = encodeEnrp({
      ...{ type: 'ENRP_HANDLE_UPDATE', senderId: this.#id, receiverId: 0 as RegistrarId },
      ...{ action: UPDATE_ACTION.DEL_PE, suggestsTakeover: false, poolHandle, poolElement },
    });
    for (const peer of this.#peers) this.#enrp?.send(peer, ENRP, message);
  }
}
