/** A pool user as a library: resolves pool handles, reports pool elements that cannot be reached. */

import { ClosedError, RejectedError, UnreachableError } from '../errors.ts';
import {
  completePoolUserOptions,
  type PoolUserOptions,
  poolUserOptions,
} from '../protocol/endpoint/options.ts';
import { PoolUserMachine } from '../protocol/endpoint/pool-user.ts';
import type { PoolUserEvent, PoolUserInput } from '../protocol/endpoint/pool-user-events.ts';
import { ownCopy } from '../runtime/own-copy.ts';
import { randomSeed } from '../runtime/random.ts';
import { signal as abortSignal, flag, optional, whole } from '../settings/kind.ts';
import { withFractions } from '../settings/policy.ts';
import { record } from '../settings/record.ts';
import type { PartialOptions } from '../settings/table.ts';
import { poolHandleBytes } from '../settings/values.ts';
import { ASAP_PORT, poolElementId } from '../types.ts';
import type { PoolElementParameter } from '../wire/parameters.ts';
import { ENDPOINT_FIELDS, Endpoint, type EndpointSettings } from './endpoint.ts';
import { unreachableSentence } from './pool-element.ts';

export interface PoolUserSettings extends EndpointSettings {
  /** Timers and the cache. Every one has a default. */
  readonly options?: PartialOptions<PoolUserOptions> | undefined;
}

export interface ResolveOptions {
  /** How many pool elements are wanted, 1 to 0xffffffff (all). Default: as many as the registrar gives by itself. */
  readonly items?: number | undefined;
  /** Asks a registrar, for this request alone, even if the cache could answer. Default false. */
  readonly isFresh?: boolean | undefined;
  /** Gives up waiting: `resolve` rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What a resolution gives: pool elements in the order in which to use them; no pool: `undefined`. */
export type Resolution = readonly PoolElementParameter[] | undefined;

/** Opens a pool user. Rejects with ConfigError when a setting cannot be used; asks nobody yet. */
export async function createPoolUser(given: PoolUserSettings = {}): Promise<PoolUser> {
  const settings = SETTINGS.read(given, '');
  const options = completePoolUserOptions(settings.options ?? {}, 'options');
  const endpoint = await Endpoint.open<PoolUserInput, PoolUserEvent>(settings, ASAP_PORT);
  try {
    return new PoolUser(options, endpoint);
  } catch (error) {
    await endpoint.close();
    throw error;
  }
}

const SETTINGS = record<PoolUserSettings>({
  ...ENDPOINT_FIELDS,
  options: optional(poolUserOptions),
});

const RESOLVE_OPTIONS = record<ResolveOptions>(
  {
    items: optional(whole(1, 0xffff_ffff)),
    isFresh: optional(flag),
    signal: optional(abortSignal),
  },
  { name: 'options', expected: 'an object such as { items: 3 }' },
);

export class PoolUser {
  readonly #endpoint: Endpoint<PoolUserInput, PoolUserEvent>;
  readonly #waiting = new Map<number, (outcome: PoolUserEvent) => void>();
  #lastRequest = 0;
  #onStopped = () => {};
  #closing: Promise<void> | undefined;

  /** Use `createPoolUser`. */
  constructor(options: PoolUserOptions, endpoint: Endpoint<PoolUserInput, PoolUserEvent>) {
    this.#endpoint = endpoint;
    const { registrars, log } = endpoint;
    const machine = new PoolUserMachine({ registrars, options, seed: randomSeed(), log });
    endpoint.run(machine, false, (event) => this.#perform(event));
  }

  /**
   * Asks for pool elements of a pool. The cache answers unless the pool's policy is adaptive, which it is in the
   * least used family (decision 57). Resolves to `undefined` when there is no such pool. Rejects with
   * UnreachableError when no registrar answers, RejectedError when one says no, ConfigError when the pool handle
   * or an option cannot be used.
   */
  async resolve(
    poolHandle: string | Uint8Array,
    options: ResolveOptions = {},
  ): Promise<Resolution> {
    this.#checkOpen();
    const { items, isFresh, signal } = RESOLVE_OPTIONS.read(options, '');
    signal?.throwIfAborted();
    const bytes = poolHandleBytes(poolHandle);
    const request = ++this.#lastRequest;
    const onAbort = () => {
      this.#endpoint.input({ type: 'cancel', request });
      this.#waiting.get(request)?.({
        type: 'resolutionFailed',
        request,
        why: 'stopped',
        causeCodes: [],
      });
    };
    try {
      const outcome = await new Promise<PoolUserEvent>((resolve, reject) => {
        this.#waiting.set(request, resolve);
        signal?.addEventListener('abort', onAbort, { once: true });
        const input = { type: 'resolve', request, poolHandle: bytes, items, isFresh } as const;
        this.#endpoint.input(input, reject);
      });
      signal?.throwIfAborted();
      return this.#resolution(outcome);
    } finally {
      this.#waiting.delete(request);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /**
   * Tells a registrar that a pool element could not be reached (RFC 5352 §3.5), once until a registrar names
   * it again, and takes it out of the cache. There is no answer to wait for.
   */
  async reportUnreachable(poolHandle: string | Uint8Array, id: number): Promise<void> {
    this.#checkOpen();
    const element = { poolHandle: poolHandleBytes(poolHandle), poolElementId: poolElementId(id) };
    await new Promise<void>((resolve, reject) => {
      this.#endpoint.input({ type: 'reportUnreachable', ...element }, reject);
      resolve();
    });
  }

  /** Gives everything back; resolutions under way reject with ClosedError. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await undefined; // until `#closing` is set: listeners and loggers may call `close` as well
    const stopped = new Promise<void>((resolve) => {
      this.#onStopped = resolve;
    });
    this.#endpoint.input({ type: 'stop' });
    await stopped;
    await this.#endpoint.close();
  }

  #perform(event: PoolUserEvent): void {
    if (event.type === 'stopped') this.#onStopped();
    else this.#waiting.get(event.request)?.(event);
  }

  #resolution(outcome: PoolUserEvent): Resolution {
    if (outcome.type === 'resolved') return ownCopy(outcome.poolElements)?.map(withFractions);
    if (outcome.type === 'stopped' || outcome.why === 'stopped') throw closed();
    if (outcome.why === 'unreachable')
      throw new UnreachableError(unreachableSentence(this.#endpoint));
    const text = `The registrar rejected the handle resolution: ${outcome.reason}.`;
    throw new RejectedError(text, outcome.causeCodes);
  }

  #checkOpen(): void {
    if (this.#closing) throw closed();
  }
}

function closed(): ClosedError {
  return new ClosedError('This pool user is closed.');
}
