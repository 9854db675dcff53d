/** The associations of a `memory` stack, and how they are found: by identifier, by tag, by addresses and ports. */

import type { AssociationId, IpAddress } from '../types.ts';
import type { MemoryAssociation } from './memory-association.ts';
import type { SctpStackOptions } from './transport.ts';

/** Between which addresses and ports an association is, seen from here. */
export interface Way {
  readonly localPort: number;
  readonly peer: readonly IpAddress[];
  readonly peerPort: number;
}

/** Of associations that have ended: more than can be on their way as cookies. */
const MOST_USED_TAGS = 1_000;

export class AssociationTable {
  readonly #byId = new Map<AssociationId, MemoryAssociation>();
  /** The same by our verification tag. */
  readonly #byTag = new Map<number, MemoryAssociation>();
  /** Tags of associations that were up, the oldest first. */
  readonly #usedTags = new Set<number>();

  get size(): number {
    return this.#byId.size;
  }

  /** All of them, for a loop that may end some. */
  all(): MemoryAssociation[] {
    return [...this.#byId.values()];
  }

  get(id: AssociationId): MemoryAssociation | undefined {
    return this.#byId.get(id);
  }

  withTag(tag: number): MemoryAssociation | undefined {
    return this.#byTag.get(tag);
  }

  /** A cookie under such a tag is from before: another association needs another tag (RFC 9260 §5.3.1). */
  isUsed(tag: number): boolean {
    return this.#usedTags.has(tag);
  }

  between(
    { localPort, peer, peerPort }: Way,
    isWanted: (association: MemoryAssociation) => boolean = () => true,
  ): MemoryAssociation | undefined {
    for (const one of this.#byId.values()) {
      const arePorts = one.localPort === localPort && one.peerPort === peerPort;
      if (arePorts && isFrom(one, peer) && isWanted(one)) return one;
    }
    return undefined;
  }

  add(association: MemoryAssociation): void {
    this.#byId.set(association.id, association);
    this.#byTag.set(association.localTag, association);
  }

  remove(association: MemoryAssociation): void {
    this.#byId.delete(association.id);
    this.#byTag.delete(association.localTag);
    if (association.hasBeenUp) this.#use(association.localTag);
  }

  /** It has another tag of ours now. */
  retag(association: MemoryAssociation): void {
    for (const [tag, one] of this.#byTag) if (one === association) this.#byTag.delete(tag);
    this.#byTag.set(association.localTag, association);
  }

  hasRoomFor(peer: readonly IpAddress[], options: SctpStackOptions): boolean {
    const { maxAssociations, maxAssociationsPerHost } = options;
    if (this.#byId.size >= maxAssociations) return false;
    let count = 0;
    for (const one of this.#byId.values()) if (isFrom(one, peer)) count++;
    return count < maxAssociationsPerHost;
  }

  #use(tag: number): void {
    const [oldest] = this.#usedTags;
    if (this.#usedTags.size === MOST_USED_TAGS) this.#usedTags.delete(oldest as number);
    this.#usedTags.add(tag);
  }
}

function isFrom(association: MemoryAssociation, from: readonly IpAddress[]): boolean {
  return from.includes(association.peerAddresses[0] as IpAddress);
}
