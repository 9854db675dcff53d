/**
 * Our own clean stop (decision 41): peers are asked to be the home of our pool elements, each by an
 * ENRP_HANDLE_UPDATE with the T bit (draft-dreibholz-rserpool-enrp-takeover). Whoever takes one tells us so. We go
 * on as before meanwhile, until all have moved, none does any more, or it has taken too long. Nobody is told
 * that the rest is gone: those turn to another registrar by themselves.
 */

import type { WalkToken } from '../../handlespace/handlespace.ts';
import type { Milliseconds } from '../../types.ts';
import { SLICE } from '../backlog.ts';
import type { EnrpContext } from './context.ts';
import type { PoolElementChanged } from './events.ts';
import { onPoolElementChanged, suggestTakeover } from './handle-update.ts';
import type { Peer } from './peers.ts';

/** So long does nobody move before another peer is asked. */
const STANDSTILL_MS = 1_000;

export class Departure {
  readonly #context: EnrpContext;
  /** `undefined`: not stopping. */
  #deadline: Milliseconds | undefined;
  /** The first peers are asked at once. */
  #standstillAt: Milliseconds = 0;
  #ownedAtFirst = 0;
  #movedBefore = 0;
  #owned = 0;
  /** How often each element has been offered to somebody, and how often it is to be at least. */
  #round = 0;
  #rounds = 0;
  #isOffering = false;
  /** Whose turn it is to be offered one that has registered meanwhile. */
  #turn = 0;

  constructor(context: EnrpContext) {
    this.#context = context;
  }

  get isUnderWay(): boolean {
    return this.#deadline !== undefined;
  }

  get nextDeadline(): Milliseconds {
    if (this.#deadline === undefined) return Number.POSITIVE_INFINITY;
    return Math.min(this.#deadline, this.#standstillAt);
  }

  start(now: Milliseconds): void {
    const { id, handlespace, options, counters, log } = this.#context;
    this.#ownedAtFirst = handlespace.ownedBy(id);
    this.#movedBefore = counters.movedAway;
    this.#owned = this.#ownedAtFirst;
    this.#deadline = now + options.departureTimeoutMs;
    log.info({ poolElements: this.#owned }, 'handing pool elements over');
  }

  /** After every input: whether all is done that can be. */
  isOver(now: Milliseconds): boolean {
    const { id, handlespace, counters, log } = this.#context;
    const owned = handlespace.ownedBy(id);
    if (owned !== this.#owned) this.#standstillAt = now + STANDSTILL_MS;
    this.#owned = owned;
    const isDone = owned === 0 || now >= (this.#deadline ?? now);
    if (!isDone && (this.#isOffering || now < this.#standstillAt || this.#offer(now))) return false;
    const moved = counters.movedAway - this.#movedBefore; // others have died, or left
    log.info({ moved, of: this.#ownedAtFirst }, 'pool elements handed over');
    return true;
  }

  /** Of one of our own, while we go. */
  onPoolElementChanged(now: Milliseconds, changed: PoolElementChanged): void {
    // Whoever has been handed over ends its association to us: its new home tells of it.
    if (changed.change === 'lost') return;
    onPoolElementChanged(this.#context, changed);
    if (changed.change === 'removed') return;
    // Who has it by now believes us that it is ours again.
    const peers = this.#living();
    const peer = peers[this.#turn++ % peers.length];
    if (peer !== undefined) suggestTakeover(this.#context, peer, changed.poolElement);
    this.#standstillAt = now + STANDSTILL_MS;
  }

  /** Each element to one peer, to another one in each round. False: every peer has been asked for each. */
  #offer(now: Milliseconds): boolean {
    const { id, handlespace, backlog } = this.#context;
    const living = this.#living();
    // Some of those who were asked may have been dead, which nobody had noticed yet: they are not among the living any more.
    this.#rounds = Math.max(this.#rounds, living.length);
    if (living.length === 0 || this.#round >= this.#rounds) return false;
    let turn = this.#round;
    let after: WalkToken | undefined;
    this.#round += 1;
    this.#isOffering = true;
    backlog.start(now, (at) => {
      const page = handlespace.walk({ homeRegistrarId: id, after, limit: SLICE });
      const peers = this.#living();
      for (const element of page.elements) {
        const peer = peers[turn++ % peers.length];
        if (peer !== undefined) suggestTakeover(this.#context, peer, element);
      }
      after = page.next;
      this.#isOffering = after !== undefined;
      this.#standstillAt = at + STANDSTILL_MS;
      return this.#isOffering;
    });
    return true;
  }

  #living(): Peer[] {
    return this.#context.peers.heard().filter(({ isAsked }) => !isAsked);
  }
}
