/** A pool element as a library: registers a server, keeps it registered, deregisters it. */

import { EventEmitter } from 'node:events';
import { ClosedError, RejectedError, UnreachableError } from '../errors.ts';
import {
  completePoolElementOptions,
  type PartialOptions,
  type PoolElementOptions,
} from '../protocol/endpoint/options.ts';
import { PoolElementMachine } from '../protocol/endpoint/pool-element.ts';
import type {
  PoolElementEvent,
  PoolElementInput,
} from '../protocol/endpoint/pool-element-events.ts';
import { randomId, randomSeed } from '../runtime/random.ts';
import { type PoolElementId, poolElementId } from '../types.ts';
import { type Policy, TRANSPORT_USE, type TransportParameter } from '../wire/parameters.ts';
import { Endpoint, type EndpointSettings } from './endpoint.ts';
import { poolHandleBytes } from './pool-handle.ts';

/** What clients connect to. `addresses`: default, those of the pool element. */
export type UserTransport =
  | TransportParameter
  | { readonly protocol: 'sctp' | 'tcp' | 'udp' | 'udp-lite'; readonly port: number };

export interface PoolElementSettings extends EndpointSettings {
  /** 1 to 65 531 octets; text is UTF-8. Registrars take at most 32 by default. */
  readonly poolHandle: string | Uint8Array;
  /** 1 to 0xffffffff. Default: random (RFC 5352 §3.1). */
  readonly id?: number | undefined;
  /** Default: round robin. */
  readonly policy?: Policy | undefined;
  readonly userTransport: UserTransport;
  /** Timers and the registration life. Every one has a default. */
  readonly options?: PartialOptions<PoolElementOptions> | undefined;
  /** Gives up the first registration: `createPoolElement` rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The events of a pool element: named as the machine's, each with the machine's event as its argument. */
export type PoolElementEvents = {
  [Type in PoolElementEvent['type']]: [event: Extract<PoolElementEvent, { type: Type }>];
};

/**
 * Registers a server. Resolves when a registrar has accepted it; from then on the pool element looks for
 * another registrar by itself when it must. Rejects with RejectedError when a registrar says no,
 * UnreachableError when none can be reached, ConfigError when a setting cannot be used.
 */
export async function createPoolElement(settings: PoolElementSettings): Promise<PoolElement> {
  settings.signal?.throwIfAborted();
  const poolHandle = poolHandleBytes(settings.poolHandle);
  const id = poolElementId(settings.id ?? randomId());
  const endpoint = await Endpoint.open<PoolElementInput, PoolElementEvent>(settings);
  const element = new PoolElement(settings, id, poolHandle, endpoint);
  try {
    await element.register(settings.signal);
    return element;
  } catch (error) {
    await element.close();
    throw error;
  }
}

export class PoolElement extends EventEmitter<PoolElementEvents> {
  readonly id: PoolElementId;
  readonly poolHandle: Uint8Array;
  readonly #endpoint: Endpoint<PoolElementInput, PoolElementEvent>;
  #policy: Policy;
  #closing: Promise<void> | undefined;

  /** Use `createPoolElement`. */
  constructor(
    settings: PoolElementSettings,
    id: PoolElementId,
    poolHandle: Uint8Array,
    endpoint: Endpoint<PoolElementInput, PoolElementEvent>,
  ) {
    super();
    this.id = id;
    this.poolHandle = poolHandle;
    this.#endpoint = endpoint;
    this.#policy = settings.policy ?? { type: 'roundRobin' };
    const machine = new PoolElementMachine({
      id,
      poolHandle,
      policy: this.#policy,
      userTransport: completeTransport(settings.userTransport, endpoint.localAddresses),
      registrars: endpoint.registrars,
      options: completePoolElementOptions(settings.options ?? {}),
      seed: randomSeed(),
    });
    endpoint.run(machine, (event) => (this as EventEmitter).emit(event.type, event));
  }

  get policy(): Policy {
    return this.#policy;
  }

  /** Starts the registration and waits for its outcome. Called by `createPoolElement`. */
  register(signal?: AbortSignal): Promise<void> {
    const outcome = this.#outcome(() => true, signal);
    this.#endpoint.input({ type: 'start' });
    return outcome;
  }

  /**
   * Registers anew with other policy values, `{ load }` for example, or another policy of the same type.
   * Resolves when a registrar has accepted it; rejects like `createPoolElement`.
   */
  updatePolicy(values: Policy | Partial<Policy>): Promise<void> {
    if (this.#closing) return Promise.reject(new ClosedError('This pool element is closed.'));
    const policy = { ...this.#policy, ...values } as Policy;
    this.#policy = policy;
    const outcome = this.#outcome((event) => event.policy === policy);
    this.#endpoint.input({ type: 'updatePolicy', policy });
    return outcome;
  }

  /** Deregisters, as far as a registrar can be reached, and gives everything back. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const stopped = new Promise<void>((resolve) => this.once('stopped', () => resolve()));
    this.#endpoint.input({ type: 'stop' });
    await stopped;
    await this.#endpoint.close();
  }

  /** The first of: a registration that is the one meant, a no, nobody to ask, the end. */
  #outcome(
    isMeant: (event: PoolElementEvents['registered'][0]) => boolean,
    signal?: AbortSignal,
  ): Promise<void> {
    const done = new AbortController();
    const outcome = new Promise<void>((resolve, reject) => {
      const on = <Type extends PoolElementEvent['type']>(
        type: Type,
        listener: (event: PoolElementEvents[Type][0]) => void,
      ) => {
        (this as EventEmitter).on(type, listener);
        done.signal.addEventListener('abort', () => (this as EventEmitter).off(type, listener));
      };
      on('registered', (event) => isMeant(event) && resolve());
      on('registrationRejected', ({ causeCodes }) => reject(rejection(causeCodes)));
      on('registrarUnreachable', () => reject(this.#unreachable()));
      on('stopped', () => reject(new ClosedError('This pool element was closed meanwhile.')));
      const onAbort = () => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      done.signal.addEventListener('abort', () => signal?.removeEventListener('abort', onAbort));
    });
    return outcome.finally(() => done.abort());
  }

  #unreachable(): UnreachableError {
    return new UnreachableError(unreachableSentence(this.#endpoint));
  }
}

/** One sentence for everybody who looked for a registrar in vain. */
export function unreachableSentence({ registrars }: Pick<Endpoint<never, never>, 'registrars'>) {
  const names = registrars.map(([first]) => `${first?.address}:${first?.port}`).join(', ');
  return registrars.length === 0
    ? 'No registrar announces itself here: name one, or see that one runs and that multicast works.'
    : `No registrar answers at ${names}: see that one runs there and that its UDP port is the right one.`;
}

function rejection(causeCodes: readonly number[]): RejectedError {
  const causes = causeCodes.map((code) => `0x${code.toString(16)}`).join(', ') || 'none given';
  return new RejectedError(
    `The registrar refused the registration (causes: ${causes}).`,
    causeCodes,
  );
}

function completeTransport(
  transport: UserTransport,
  localAddresses: readonly string[],
): TransportParameter {
  if (transport.protocol === 'opaque' || 'addresses' in transport) return transport;
  // SCTP takes all of them, the others exactly one (RFC 5354 §3.4-3.7).
  const addresses = transport.protocol === 'sctp' ? localAddresses : localAddresses.slice(0, 1);
  return { ...transport, transportUse: TRANSPORT_USE.DATA_ONLY, addresses } as TransportParameter;
}
