/** The registrars that this one knows (RFC 5353 §3.1): who they are, where, and when they were last heard. */

import type { AssociationId, Milliseconds, RegistrarId, SctpAddress } from '../../types.ts';
import type { ConnectAttempt } from '../machine.ts';
import type { LastingDifference } from './audit.ts';
import type { Synchronisation } from './synchronisation.ts';

/** Nobody: the identifier of a peer that has not been heard. */
export const UNHEARD = 0 as RegistrarId;

export interface Peer {
  /** `UNHEARD`: it is to be called, but has said nothing (any more). */
  id: RegistrarId;
  /** Where it is called as configured: never forgotten, only unheard again. `undefined`: it is not configured. */
  readonly configured: readonly SctpAddress[] | undefined;
  /** While it is unheard: heartbeats from one call to the next. */
  pace: number;
  /** Where to call it; all with the same port. */
  addresses: readonly SctpAddress[];
  /** Over which it is spoken to. */
  association: AssociationId | undefined;
  attempt: ConnectAttempt | undefined;
  /** Until the association is up. */
  waiting: Uint8Array[];
  /** Its association ended by SHUTDOWN, and it has sent nothing since. */
  hasLeft: boolean;
  /** A silent one has been asked whether it lives (RFC 5353 §3.4.2). */
  isAsked: boolean;
  /** When its silence is too long: it is asked, given up, forgotten. `Infinity`: never. */
  deadline: Milliseconds;
  /** What it knows of peers: to be asked for, asked for, told lately. */
  list: 'wanted' | 'asked' | 'known';
  synchronisation: Synchronisation | undefined;
  /** A reading of its handle table has been broken off, as far as we know. */
  isReadHalfway: boolean;
  lasting: LastingDifference | undefined;
  /** Who is taking it over (RFC 5353 §3.5.1). */
  takenOverBy: RegistrarId | undefined;
}

export class PeerList {
  readonly #heard = new Map<RegistrarId, Peer>();
  /** The same, made when it is wanted: every update goes to them. */
  #heardList: readonly Peer[] | undefined;
  readonly #unheard = new Set<Peer>();

  get size(): number {
    return this.#heard.size + this.#unheard.size;
  }

  find(id: RegistrarId): Peer | undefined {
    return this.#heard.get(id);
  }

  findByAttempt(attempt: ConnectAttempt): Peer | undefined {
    return this.all().find((peer) => peer.attempt === attempt);
  }

  findUnheard(addresses: readonly SctpAddress[]): Peer | undefined {
    return [...this.#unheard].find((peer) => overlaps(peer.addresses, addresses));
  }

  /** Those that have said who they are. */
  heard(): readonly Peer[] {
    this.#heardList ??= [...this.#heard.values()];
    return this.#heardList;
  }

  all(): Peer[] {
    return [...this.#heard.values(), ...this.#unheard];
  }

  /** Somebody to be called: for ever when he is configured, else until `deadline`. */
  addUnheard(addresses: readonly SctpAddress[], deadline?: Milliseconds): Peer {
    const peer: Peer = {
      id: UNHEARD,
      configured: deadline === undefined ? addresses : undefined,
      pace: 1,
      addresses,
      association: undefined,
      attempt: undefined,
      waiting: [],
      hasLeft: false,
      isAsked: false,
      deadline: deadline ?? Number.POSITIVE_INFINITY,
      list: 'wanted',
      synchronisation: undefined,
      isReadHalfway: false,
      lasting: undefined,
      takenOverBy: undefined,
    };
    this.#unheard.add(peer);
    return peer;
  }

  /** A peer tells its identifier: the one that was called at these addresses, or a new one. */
  add(id: RegistrarId, addresses: readonly SctpAddress[]): Peer {
    const peer = this.findUnheard(addresses) ?? this.addUnheard(addresses, 0);
    this.#unheard.delete(peer);
    peer.id = id;
    peer.pace = 1;
    this.#heard.set(id, peer);
    this.#heardList = undefined;
    return peer;
  }

  /**
   * A peer is gone. It is unheard again, and called at a slow pace, so that a partition heals without
   * multicast (decision 40).
   */
  lose(peer: Peer, forgetAt: Milliseconds): void {
    this.#heard.delete(peer.id);
    this.#heardList = undefined;
    peer.id = UNHEARD;
    const { configured } = peer;
    peer.pace = configured ? 1 : SLOW_PACE;
    peer.deadline = configured ? Number.POSITIVE_INFINITY : forgetAt;
    // Where it was heard it may not be reached.
    peer.addresses = configured ?? peer.addresses;
    peer.hasLeft = false;
    peer.isAsked = false;
    peer.list = 'wanted';
    peer.synchronisation = undefined;
    peer.lasting = undefined;
    peer.takenOverBy = undefined;
    this.#unheard.add(peer);
  }

  /** Of those that are neither configured nor connected the one that has been unheard for longest. */
  longestUnheard(): Peer | undefined {
    return [...this.#unheard].find(
      ({ configured, association }) => configured === undefined && association === undefined,
    );
  }

  forget(peer: Peer): void {
    this.#unheard.delete(peer);
  }
}

/** Decision 40 */
const SLOW_PACE = 10;

export function overlaps(a: readonly SctpAddress[], b: readonly SctpAddress[]): boolean {
  return a.some((one) =>
    b.some(({ address, port }) => one.address === address && one.port === port),
  );
}

/** For the log. */
export function textOf(addresses: readonly SctpAddress[]): string {
  return addresses.map(({ address, port }) => `${address} port ${port}`).join(', ');
}
