/**
 * The handlespace (RFC 5351 §3) as the registrar uses it: pools, their elements, selection among them (RFC 5356), their timers and
 * their owners. Typed face of the native core, which does the work; this file turns values into bytes and
 * back. It opens nothing, reads no clock and knows no network: time comes in as `now`, in whole milliseconds
 * of a clock of the caller's choice that should not go backwards (going back counts as standing still). Policies are
 * those of the wire, with loads of 32 bits, and options are taken as they are; `embedded-handlespace.ts` is for applications.
 *
 * Wrong types throw TypeError, impossible values RangeError, refusals HandlespaceError, use after `close`
 * ClosedError; in each case nothing has changed.
 */

import { ClosedError, type HandlespaceRefusal } from '../errors.ts';
import {
  type Arena,
  addon,
  createArena,
  FAILURE,
  type HandlespaceFunctions,
  type NativeHandlespace,
  type NativeSettings,
  releaseArena,
} from '../native.ts';
import { Spares } from '../native-spares.ts';
import type { Milliseconds } from '../types.ts';
import type { Profile } from '../wire/parameters.ts';
import { type Desk, type PoolHandle, sharedDesk } from './desk.ts';
import { attempt, describeInconsistency, raise } from './failures.ts';
import { associationIn, copyImage, type Image, imagesOf, nextOf } from './image.ts';
import { completeSettings, type HandlespaceOptions } from './options.ts';
import { type PoolElement, type PoolElementState, StoredPoolElement } from './pool-element.ts';
import { type PoolSummary, summariesOf } from './pool-summary.ts';
import { putRegistration, type Registration } from './registration.ts';

/** A timer that was due. */
export interface DueTimer {
  /**
   * `registrationLife`: the registration has lapsed. `keepAliveTransmission`: a keep-alive is to be sent, its
   * time-out runs from now. `keepAliveTimeout`: no acknowledgement came. The first and the last have removed
   * the element already.
   */
  readonly timer: 'registrationLife' | 'keepAliveTransmission' | 'keepAliveTimeout';
  readonly poolHandle: Uint8Array;
  readonly element: PoolElementState;
}

const TIMERS = ['registrationLife', 'keepAliveTransmission', 'keepAliveTimeout'] as const;

declare const walkToken: unique symbol;
/** Where a walk goes on; to be handed back as it is. */
export type WalkToken = number & { readonly [walkToken]: true };

export interface ResolveOptions {
  /** How many pool elements are wanted, from 1 on; no answer has more than 128. Default 3. */
  readonly items?: number | undefined;
}

export interface WalkOptions {
  /** Only the elements of this home registrar ... */
  readonly homeRegistrarId?: number | undefined;
  /** ... or only those that belong to this association. Not both. */
  readonly association?: number | undefined;
  readonly after?: WalkToken | undefined;
  readonly limit: number;
}

export interface PoolsOptions {
  readonly after?: WalkToken | undefined;
  readonly limit: number;
}

export interface WalkPage {
  readonly elements: PoolElementState[];
  /** `undefined`: this was the end. */
  readonly next: WalkToken | undefined;
}

export interface PoolPage {
  readonly pools: PoolSummary[];
  readonly next: WalkToken | undefined;
}

export interface HandlespaceStats {
  readonly pools: number;
  readonly poolElements: number;
  /** Registrars that own at least one element. */
  readonly homeRegistrars: number;
  /** Associations that at least one element belongs to. */
  readonly associations: number;
  /** Native memory in use, without what the allocator adds. */
  readonly memoryBytes: number;
}

/** Elements that one call of `expire`, `purge` and the like deals with when not told otherwise. */
const DEFAULT_LIMIT = 1_000;

/** What rspregistrar answers when it is not asked for a number (decision 15). */
const DEFAULT_ITEMS = 3;

/** Room for several of the longest messages. */
const ARENA_BYTES = 1 << 18;

/** In the order of a request arena, behind what is wanted. */
const OUTCOME = 3;

interface Arenas {
  readonly request: Arena;
  readonly response: Arena;
}

/** Native handlespaces with their hand-bound functions. */
const spares = new Spares<{ native: NativeHandlespace; hot: HandlespaceFunctions }>();

export class Handlespace {
  #native: NativeHandlespace;
  #hot: HandlespaceFunctions;
  readonly #desk: Desk;
  readonly #profile: Profile;
  /** Created when they are needed: a caller with a transport works on its memory. */
  #arenas: Arenas | undefined;
  #order: Int32Array | undefined;
  /** Those of `#arenas` that were created here, and that `close` releases. */
  readonly #ownArenas: Arena[] = [];
  #isClosed = false;

  constructor(options: HandlespaceOptions) {
    const settings = completeSettings(options);
    this.#desk = sharedDesk();
    const { native, hot } = openNative(settings, this.#desk);
    this.#native = native;
    this.#hot = hot;
    this.#profile = options.profile ?? 'rsplib';
  }

  /**
   * Registers a pool element, or registers it again: then everything is as the new registration says, the
   * degradation and the reports of unreachability are forgotten, the timers start anew and the place in the
   * pool's order is kept (RFC 5352 §3.1). HandlespaceError with cause 3 (handle, identifier), 5 (policy), 6
   * (limits), 7 (transport protocol), 8 (control channel).
   */
  register(now: Milliseconds, registration: Registration): 'created' | 'updated' {
    putRegistration(this.#desk, registration, this.#profile);
    const outcome = this.#hot.register(now);
    if (outcome < 0) {
      const { poolHandle } = registration;
      const describe = (reason: HandlespaceRefusal) =>
        describeInconsistency(reason, registration, this.peek(poolHandle));
      raise(outcome, this.#native, 'register', describe);
    }
    return outcome === 0 ? 'created' : 'updated';
  }

  /** Removes an element. False: it was not there. */
  deregister(poolHandle: PoolHandle, id: number): boolean {
    const handleBytes = this.#desk.putPoolHandle(poolHandle);
    return this.#checked(this.#hot.deregister(handleBytes, id), 'deregister') === 1;
  }

  /**
   * Selects up to `items` elements by the pool's policy, each once and in the order in which they are to be tried.
   * Returns `undefined` if there is no such pool.
   */
  resolve(
    poolHandle: PoolHandle,
    { items = DEFAULT_ITEMS }: ResolveOptions = {},
  ): PoolElement[] | undefined {
    const handleBytes = this.#desk.putPoolHandle(poolHandle);
    const native = this.#native;
    const elements = this.#elements(
      attempt(native, 'resolve', () => native.resolve(handleBytes, items)),
    );
    return elements.length === 0 ? undefined : elements;
  }

  /**
   * The same as the bytes of an ASAP_HANDLE_RESOLUTION_RESPONSE, written to `out` from `offset` on. Returns
   * how many, at most 65 532 (with fewer elements if need be); 0: there is no such pool. HandlespaceError
   * with reason `OUTPUT_TOO_SMALL` when they do not fit; then nothing is selected.
   */
  resolveInto(poolHandle: PoolHandle, items: number, out: Uint8Array, offset: number): number {
    const handleBytes = this.#desk.putPoolHandle(poolHandle);
    const length = this.#hot.resolveInto(handleBytes, items, out, offset);
    return this.#checked(length, 'resolveInto');
  }

  /**
   * The same for a pool handle that lies at `[offset, offset + length)` of the request arena; the answer is
   * written to the response arena at its position, which stays where it is. Returns bytes, a multiple of 4;
   * 0: there is no such pool; -1: the answer does not fit. Nothing is made, neither here nor there.
   */
  resolveInPlace(offset: number, length: number, items: number): number {
    const isWhole = (offset | 0) === offset && (length | 0) === length && (items | 0) === items;
    if (!isWhole || (offset | length | items) < 0) {
      raise(FAILURE.OUT_OF_RANGE, this.#native, 'resolveInPlace');
    }
    const order = this.#order ?? this.arenas().request.order;
    order[0] = offset;
    order[1] = length;
    order[2] = items;
    order[OUTCOME] = FAILURE.INTERNAL; // until native code has said otherwise
    this.#hot.resolveInPlace();
    const outcome = order[OUTCOME];
    if (outcome === undefined) throw new ClosedError('resolveInPlace: the arena is released.');
    if (outcome < FAILURE.TOO_SMALL) raise(outcome, this.#native, 'resolveInPlace');
    return outcome;
  }

  /** The arenas that `resolveInPlace` works on. */
  arenas(): Arenas {
    return this.#arenas ?? this.#createArenas();
  }

  /** Works on other memory from now on, a transport's for instance. The two must not be the same. */
  useArenas(request: Arena, response: Arena): Arenas {
    const native = this.#native;
    attempt(native, 'useArenas', () => native.useArenas(request.handle, response.handle));
    this.#arenas = { request, response };
    this.#order = request.order;
    return this.#arenas;
  }

  find(poolHandle: PoolHandle, id: number): PoolElementState | undefined {
    const handleBytes = this.#desk.putPoolHandle(poolHandle);
    return this.#elementOnDesk(this.#hot.find(handleBytes, id), 'find');
  }

  /** The association that an element belongs to, 0: to none; `undefined`: there is no such element. */
  associationOf(poolHandle: PoolHandle, id: number): number | undefined {
    const handleBytes = this.#desk.putPoolHandle(poolHandle);
    const length = this.#checked(this.#hot.find(handleBytes, id), 'associationOf');
    return length === 0 ? undefined : associationIn(this.#desk.words);
  }

  /** Some element of the pool, without selecting. */
  peek(poolHandle: PoolHandle): PoolElementState | undefined {
    const handleBytes = this.#desk.putPoolHandle(poolHandle);
    return this.#elementOnDesk(this.#hot.peek(handleBytes), 'peek');
  }

  /**
   * A keep-alive was answered: the next one is due after the interval, give or take the jitter. With an
   * association, only if it is the element's own, or the element has none. False: no such element.
   */
  acknowledge(now: Milliseconds, poolHandle: PoolHandle, id: number, association = 0): boolean {
    const handleBytes = this.#desk.putPoolHandle(poolHandle);
    const outcome = this.#hot.acknowledge(now, handleBytes, id, association);
    return this.#checked(outcome, 'acknowledge') === 1;
  }

  /**
   * A keep-alive is sent out of turn: its time-out runs from now, also for an element that was not watched
   * (it is from now on). False: no such element.
   */
  probe(now: Milliseconds, poolHandle: PoolHandle, id: number): boolean {
    const handleBytes = this.#desk.putPoolHandle(poolHandle);
    return this.#checked(this.#hot.probe(now, handleBytes, id), 'probe') === 1;
  }

  /** Counts a report of unreachability (RFC 5352 §3.5). Returns the number so far; 0: no such element. */
  reportUnreachable(poolHandle: PoolHandle, id: number): number {
    const handleBytes = this.#desk.putPoolHandle(poolHandle);
    return this.#checked(this.#hot.reportUnreachable(handleBytes, id), 'reportUnreachable');
  }

  /**
   * Timers that are due, at most `limit`, in the order of their deadlines. It may be fewer although more are
   * due: then `nextDeadline` is not after `now`. After a pause of the process (a jump of `now` by more than
   * the keep-alive time-out, past a deadline) running time-outs get one fresh period.
   */
  expire(now: Milliseconds, limit: number = DEFAULT_LIMIT): DueTimer[] {
    const native = this.#native;
    const batch = attempt(native, 'expire', () => native.expire(now, limit));
    return imagesOf(batch).map((image) => {
      const element = this.storedIn(image, this.#profile);
      const timer = TIMERS[image.timer - 1] as DueTimer['timer'];
      return { timer, poolHandle: element.poolHandle, element };
    });
  }

  /** When `expire` is wanted next; it may find nothing due then. `Infinity`: no timer runs. */
  nextDeadline(): Milliseconds {
    return this.#checked(this.#hot.nextDeadline(), 'nextDeadline');
  }

  /** Removes elements whose current association this is, at most `limit`; none left: an empty array. */
  removeAssociation(association: number, limit: number = DEFAULT_LIMIT): PoolElementState[] {
    const native = this.#native;
    return this.#elements(
      attempt(native, 'removeAssociation', () => native.removeAssociation(association, limit)),
    );
  }

  /** How many elements belong to this association. */
  elementsOf(association: number): number {
    return this.#checked(this.#hot.elementsOf(association), 'elementsOf');
  }

  /** Removes elements of this home registrar, at most `limit`; none left: an empty array. */
  purge(homeRegistrarId: number, limit: number = DEFAULT_LIMIT): PoolElementState[] {
    const native = this.#native;
    return this.#elements(attempt(native, 'purge', () => native.purge(homeRegistrarId, limit)));
  }

  /**
   * Gives elements of one registrar to another, at most `limit`. Nobody watches them until each is sent a
   * keep-alive (RFC 5353 §3.5.2) and `probe` is called for it.
   */
  adopt(from: number, to: number, limit: number = DEFAULT_LIMIT): PoolElementState[] {
    const native = this.#native;
    return this.#elements(attempt(native, 'adopt', () => native.adopt(from, to, limit)));
  }

  /**
   * Elements in pages. One that is there during the whole walk (under the same home or association, if so
   * limited) is shown exactly once, whatever else changes between the pages.
   */
  walk({ homeRegistrarId, association, after, limit }: WalkOptions): WalkPage {
    if (homeRegistrarId !== undefined && association !== undefined) {
      throw new TypeError('walk: by home registrar or by association, not by both.');
    }
    const native = this.#native;
    const token: number = after ?? 0;
    const batch = attempt(native, 'walk', () =>
      association === undefined
        ? native.walk(homeRegistrarId, token, limit)
        : native.walkAssociation(association, token, limit),
    );
    return { elements: this.#elements(batch), next: tokenOf(batch) };
  }

  /** Pools in pages, in the same way. */
  pools({ after, limit }: PoolsOptions): PoolPage {
    const native = this.#native;
    const batch = attempt(native, 'pools', () => native.pools(after ?? 0, limit));
    return { pools: summariesOf(batch), next: tokenOf(batch) };
  }

  /** The PE checksum over a home registrar's elements (RFC 5353 §3.6.2); 0xffff when it has none. */
  checksum(homeRegistrarId: number): number {
    const native = this.#native;
    return attempt(native, 'checksum', () => native.checksum(homeRegistrarId));
  }

  /** How many elements a home registrar has. */
  ownedBy(homeRegistrarId: number): number {
    const native = this.#native;
    return attempt(native, 'ownedBy', () => native.ownedBy(homeRegistrarId));
  }

  stats(): HandlespaceStats {
    const native = this.#native;
    const stats = attempt(native, 'stats', () => native.stats());
    return {
      pools: stats.pools,
      poolElements: stats.elements,
      homeRegistrars: stats.owners,
      associations: stats.associations,
      memoryBytes: stats.memoryBytes,
    };
  }

  /** Checks every invariant inside; throws when one does not hold, which is a defect. Takes its time. */
  verify(): void {
    const native = this.#native;
    const wrong = attempt(native, 'verify', () => native.verify());
    if (wrong !== null) throw new Error(`The handlespace is inconsistent: ${wrong}`);
  }

  /**
   * Gives the memory back at once, also that of the arenas, unless they are others that `useArenas` has set:
   * their views have length 0 from then on. A second time: nothing happens.
   */
  close(): void {
    if (this.#isClosed) return;
    const native = this.#native;
    attempt(native, 'close', () => native.close());
    this.#isClosed = true;
    ({ native: this.#native, hot: this.#hot } = spares.giveBack({ native, hot: this.#hot }));
    this.#arenas = undefined;
    this.#order = undefined;
    for (const arena of this.#ownArenas.splice(0)) releaseArena(arena);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #createArenas(): Arenas {
    if (this.#isClosed) throw new ClosedError('arenas: the handlespace is closed.');
    const [request, response] = [createArena(ARENA_BYTES), createArena(ARENA_BYTES)];
    this.#ownArenas.push(request, response);
    return this.useArenas(request, response);
  }

  /** Makes the object that stands for a pool element. */
  protected storedIn(image: Image, profile: Profile): StoredPoolElement {
    return new StoredPoolElement(image, profile);
  }

  #checked(outcome: number, what: string): number {
    if (outcome < 0) raise(outcome, this.#native, what);
    return outcome;
  }

  #elementOnDesk(length: number, what: string): PoolElementState | undefined {
    if (this.#checked(length, what) === 0) return undefined;
    return this.storedIn(copyImage(this.#desk.bytes, length), this.#profile);
  }

  #elements(batch: Uint8Array): PoolElementState[] {
    return imagesOf(batch).map((image) => this.storedIn(image, this.#profile));
  }
}

function openNative(settings: NativeSettings, desk: Desk) {
  const spare = spares.take();
  if (spare === undefined) {
    const native = new (addon().NativeHandlespace)(settings, desk.handle);
    return { native, hot: native.bind() };
  }
  spare.native.reopen(settings);
  return spare;
}

function tokenOf(batch: Uint8Array): WalkToken | undefined {
  const next = nextOf(batch);
  return next === 0 ? undefined : (next as WalkToken);
}
