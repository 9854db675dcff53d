/**
 * Pool elements that become ours without having registered here: those of a registrar that we take over from
 * (RFC 5353 §3.5.2), and our own from before a restart (decision 35). Each is called at its ASAP transport
 * and sent a keep-alive with the H bit (RFC 5352 §3.4): whoever acknowledges is ours over that association
 * from then on. Who does not is removed by the time-out that the handlespace runs for it.
 */

import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { AssociationId, Milliseconds, SctpAddress } from '../../types.ts';
import type { ConnectAttempt } from '../machine.ts';
import type { RegistrarContext } from './context.ts';
import { expiryOf } from './registration.ts';

/** One process of pool elements, by its ASAP transport. */
interface Call {
  readonly place: string;
  association: AssociationId | undefined;
  /** Asked as soon as the association is up. */
  readonly waiting: PoolElementState[];
}

export class Adoption {
  readonly #context: RegistrarContext;
  readonly #calls = new Map<string, Call>();
  readonly #attempts = new Map<ConnectAttempt, Call>();
  /** Who has been asked, by handle and identifier, and over which association. */
  readonly #asked = new Map<string, AssociationId>();
  #nextAttempt = 1;

  constructor(context: RegistrarContext) {
    this.#context = context;
  }

  onAdopted(poolElement: PoolElementState): void {
    const peer = addressesOf(poolElement);
    if (peer.length === 0) return;
    const place = peer.map(({ address, port }) => `${address} ${port}`).join();
    const call = this.#calls.get(place) ?? this.#callAt(place, peer);
    if (call.association === undefined) call.waiting.push(poolElement);
    else this.#ask(call.association, poolElement);
  }

  onAssociationUp(association: AssociationId, attempt: ConnectAttempt): void {
    const call = this.#attempts.get(attempt);
    this.#attempts.delete(attempt);
    if (call === undefined || !this.#context.associations.has(association)) return;
    call.association = association;
    for (const poolElement of call.waiting.splice(0)) this.#ask(association, poolElement);
  }

  onConnectFailed(attempt: ConnectAttempt): void {
    const call = this.#attempts.get(attempt);
    this.#attempts.delete(attempt);
    if (call !== undefined) this.#calls.delete(call.place);
  }

  onAssociationDown(association: AssociationId): void {
    if (this.#calls.size === 0) return;
    for (const { place, association: its } of this.#calls.values()) {
      if (its === association) this.#calls.delete(place);
    }
    for (const [key, its] of this.#asked) if (its === association) this.#asked.delete(key);
  }

  /** A keep-alive was acknowledged: an element that was asked belongs to that association from now on. */
  onAcknowledged(
    now: Milliseconds,
    association: AssociationId,
    poolHandle: Uint8Array,
    poolElementId: number,
  ): void {
    if (this.#asked.size === 0 || !this.#asked.delete(keyOf(poolHandle, poolElementId))) return;
    const { id, handlespace, options } = this.#context;
    const known = handlespace.find(poolHandle, poolElementId);
    if (known === undefined || known.homeRegistrarId !== id || known.association !== 0) return;
    handlespace.register(now, {
      poolHandle,
      id: known.id,
      homeRegistrarId: id,
      lifeMs: known.lifeMs,
      policy: known.policy,
      userTransport: known.userTransport,
      asapTransport: known.asapTransport,
      association,
      isWatched: true,
      expiresInMs: expiryOf(known.lifeMs, options),
    });
  }

  #callAt(place: string, peer: readonly SctpAddress[]): Call {
    const call: Call = { place, association: undefined, waiting: [] };
    const attempt = this.#nextAttempt++;
    this.#calls.set(place, call);
    this.#attempts.set(attempt, call);
    this.#context.outbox.push({ type: 'connect', attempt, peer });
    return call;
  }

  #ask(association: AssociationId, { poolHandle, id: poolElementId }: PoolElementState): void {
    const { id, options, outbox, counters } = this.#context;
    this.#asked.set(keyOf(poolHandle, poolElementId), association);
    counters.endpointKeepAlives += 1;
    outbox.send(association, {
      type: 'ASAP_ENDPOINT_KEEP_ALIVE',
      wantsToBeHome: true,
      registrarId: id,
      poolHandle,
      ...(options.keepAliveNamesPoolElement ? { poolElementId } : {}),
    });
  }
}

function addressesOf({ asapTransport }: PoolElementState): readonly SctpAddress[] {
  if (asapTransport === undefined || asapTransport.protocol === 'opaque') return [];
  const { addresses, port } = asapTransport;
  return addresses.map((address) => ({ address, port }));
}

function keyOf(poolHandle: Uint8Array, poolElementId: number): string {
  return `${Buffer.from(poolHandle).toString('latin1')}/${poolElementId}`;
}
