/**
 * Pool elements that are to be asked whether they live, in line until they are. Those of one process go together, as
 * one call does for them all: they wait until it is called, then until it can be spoken to, and then have their turns,
 * one of each process after the other. So do those of a process that cannot be spoken to, whose time is to run now.
 */

import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { AssociationId } from '../../types.ts';
import { keyOf } from '../pool-element-key.ts';
import type { Place } from './element-calls.ts';
import { Fifo } from './fifo.ts';

/** Its turn is to come. */
export interface Candidate {
  readonly poolElement: PoolElementState;
  readonly place: Place;
  /**
   * `adopted`: it is ours. `suggested`: its home lives, and would have us take it. `abandoned`: a peer has lost it,
   * and it may be ours.
   */
  readonly why: 'adopted' | 'suggested' | 'abandoned';
}

/** Those of one process. */
export interface Queue {
  readonly place: string;
  /** By handle and identifier. */
  readonly waiting: Fifo<string, Candidate>;
  /** Over which they can be asked. */
  association: AssociationId | undefined;
}

export class Candidates {
  readonly #queueOf = new Map<string, Queue>();
  /** Who cannot be spoken to yet, by the name of the place. */
  readonly #unreached = new Map<string, Queue>();
  /** Who of those is not called yet. */
  readonly #uncalled = new Fifo<string, Queue>();
  /** Who can be spoken to. */
  readonly #reached = new Map<AssociationId, Queue>();
  /** In which order they have their turns. */
  readonly #turns = new Fifo<Queue, Queue>();
  /** Those that nobody can call. */
  readonly #nowhere = newQueue('', undefined);

  get size(): number {
    return this.#queueOf.size;
  }

  get areToBeCalled(): boolean {
    return this.#uncalled.size > 0;
  }

  has({ poolHandle, id }: PoolElementState): boolean {
    return this.#queueOf.has(keyOf(poolHandle, id));
  }

  /**
   * Who is in line already keeps its place in it, unless it is at another process now.
   *
   * @param association over which its process can be spoken to already
   */
  add(candidate: Candidate, association: AssociationId | undefined): void {
    const { poolElement, place } = candidate;
    const key = keyOf(poolElement.poolHandle, poolElement.id);
    const queue = this.#queueFor(place, association);
    const former = this.#queueOf.get(key);
    if (former !== queue) former?.waiting.delete(key);
    this.#queueOf.set(key, queue);
    queue.waiting.set(key, candidate);
  }

  delete({ poolHandle, id }: PoolElementState): void {
    const key = keyOf(poolHandle, id);
    this.#queueOf.get(key)?.waiting.delete(key);
    this.#queueOf.delete(key);
  }

  /** The first of the process that is to be called next. */
  nextToBeCalled(): Candidate | undefined {
    for (let queue = this.#uncalled.first; queue !== undefined; queue = this.#uncalled.first) {
      const candidate = queue.waiting.first;
      if (candidate !== undefined) return candidate;
      this.#leaveUnreached(queue.place); // they have all left the line
    }
    return undefined;
  }

  onCalled({ name }: Place): void {
    this.#uncalled.delete(name);
  }

  onReached({ name }: Place, association: AssociationId): void {
    const queue = this.#leaveUnreached(name);
    if (queue === undefined) return;
    const there = this.#reached.get(association);
    if (there === undefined) this.#onTurn(queue, association);
    else this.#join(queue, there);
  }

  onUnreachable({ name }: Place): void {
    const queue = this.#leaveUnreached(name);
    if (queue !== undefined) this.#onTurn(queue, undefined);
  }

  /** Nobody can be spoken to any more over this association. */
  onLost(association: AssociationId): void {
    const queue = this.#reached.get(association);
    if (queue === undefined) return;
    this.#reached.delete(association);
    this.#onTurn(queue, undefined);
  }

  get nextTurn(): Queue | undefined {
    return this.#turns.first;
  }

  /** Takes the first of a queue out of line; the others of it have their turn after everybody else. */
  takeFrom(queue: Queue): Candidate | undefined {
    const candidate = queue.waiting.first;
    if (candidate !== undefined) this.delete(candidate.poolElement);
    this.#turns.delete(queue);
    if (queue.waiting.size > 0) this.#turns.set(queue, queue);
    else if (queue.association !== undefined) this.#reached.delete(queue.association);
    return candidate;
  }

  /** It has no turns until it is resumed. */
  pause(queue: Queue): void {
    this.#turns.delete(queue);
  }

  resume(association: AssociationId): void {
    const queue = this.#reached.get(association);
    if (queue !== undefined) this.#turns.set(queue, queue);
  }

  #queueFor({ name, peer }: Place, association: AssociationId | undefined): Queue {
    if (association !== undefined) {
      return (
        this.#reached.get(association) ?? this.#onTurn(newQueue(name, association), association)
      );
    }
    if (peer.length === 0) return this.#onTurn(this.#nowhere, undefined);
    const known = this.#unreached.get(name);
    if (known !== undefined) return known;
    const queue = newQueue(name, undefined);
    this.#unreached.set(name, queue);
    this.#uncalled.set(name, queue);
    return queue;
  }

  #onTurn(queue: Queue, association: AssociationId | undefined): Queue {
    queue.association = association;
    if (association !== undefined) this.#reached.set(association, queue);
    this.#turns.set(queue, queue);
    return queue;
  }

  /** A process that is at two places, by what its elements say. */
  #join(queue: Queue, other: Queue): void {
    for (const [key, candidate] of queue.waiting) {
      this.#queueOf.set(key, other);
      other.waiting.set(key, candidate);
    }
  }

  #leaveUnreached(name: string): Queue | undefined {
    const queue = this.#unreached.get(name);
    this.#unreached.delete(name);
    this.#uncalled.delete(name);
    return queue;
  }
}

function newQueue(place: string, association: AssociationId | undefined): Queue {
  return { place, association, waiting: new Fifo() };
}
