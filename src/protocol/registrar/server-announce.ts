/**
 * ASAP_SERVER_ANNOUNCE on the T6 cycle (RFC 5352 §3.6): pool elements and pool users that nobody configured
 * learn of this registrar. rsplib's way: a fixed cycle with jitter, where the RFC wants a cycle that grows
 * with the number of registrars heard.
 */

import type { Milliseconds } from '../../types.ts';
import type { TransportParameter } from '../../wire/parameters.ts';
import { isInScope } from '../address-scope.ts';
import { seededRandom } from '../random.ts';
import type { RegistrarContext } from './context.ts';

export class ServerAnnounce {
  readonly #context: RegistrarContext;
  readonly #random: () => number;
  #payload: Uint8Array;
  /** T6-Serverannounce */
  #t6: Milliseconds;

  /** @param waits whether `begin` says when the first announce is due; otherwise it is due at once */
  constructor(context: RegistrarContext, seed: bigint, waits: boolean) {
    this.#context = context;
    this.#random = seededRandom(seed);
    this.#t6 = Number.POSITIVE_INFINITY;
    if (!waits) this.begin(0);
    this.#payload = payloadFor(context);
  }

  get nextDeadline(): Milliseconds {
    return this.#t6;
  }

  begin(now: Milliseconds): void {
    if (this.#context.options.serverAnnounceCycleMs > 0) this.#t6 = now;
  }

  onLocalAddressesChanged(): void {
    this.#payload = payloadFor(this.#context);
  }

  /** After a pause of the process one announce is sent, not all that were missed. */
  onTimeout(now: Milliseconds): void {
    if (now < this.#t6) return;
    const { serverAnnounceCycleMs, serverAnnounceJitter } = this.#context.options;
    const early = 1 + serverAnnounceJitter * (2 * this.#random() - 1);
    this.#t6 = now + Math.max(1, Math.round(serverAnnounceCycleMs * early));
    this.#context.outbox.push({ type: 'announce', payload: this.#payload });
  }
}

function payloadFor(context: RegistrarContext): Uint8Array {
  const { id, outbox } = context;
  const transports = transportsOf(context);
  return outbox.encode({ type: 'ASAP_SERVER_ANNOUNCE', registrarId: id, transports });
}

/** At most one, whatever the number of addresses: a second one makes rsplib drop the announce (A14). */
function transportsOf({ options, localAddresses, port }: RegistrarContext): TransportParameter[] {
  if (!options.announcesTransport) return [];
  const addresses = localAddresses.filter((one) => isInScope(one, options.minAddressScope));
  return addresses.length === 0 ? [] : [{ protocol: 'sctp', port, transportUse: 0, addresses }];
}
