/** A pool element as a library: registers a server, keeps it registered, deregisters it. */

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
import { Emitter } from '../runtime/emitter.ts';
import { ownCopy } from '../runtime/own-copy.ts';
import { randomId, randomSeed } from '../runtime/random.ts';
import { ASAP_PORT, formatAddress, type PoolElementId, poolElementId } from '../types.ts';
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

/**
 * The events of a pool element: named as the machine's, each with a copy of the machine's event as
 * its argument. Listeners are called when everything else that belongs to the event is done: first
 * messages and timers, then promises, then listeners, each of them also when an earlier one throws.
 * What they throw is thrown again on the next tick, as an uncaught exception.
 */
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
  const options = completePoolElementOptions(settings.options ?? {});
  const endpoint = await Endpoint.open<PoolElementInput, PoolElementEvent>(settings, ASAP_PORT);
  let element: PoolElement | undefined;
  try {
    settings.signal?.throwIfAborted(); // meanwhile
    element = new PoolElement(settings, options, id, poolHandle, endpoint);
    await element.register(settings.signal);
    return element;
  } catch (error) {
    await (element ?? endpoint).close();
    throw error;
  }
}

export class PoolElement extends Emitter<PoolElementEvents> {
  readonly id: PoolElementId;
  readonly poolHandle: Uint8Array;
  readonly #endpoint: Endpoint<PoolElementInput, PoolElementEvent>;
  /** What was asked for last. */
  #wanted: Policy;
  #registered: Policy;
  /** Promises that wait for an event: each looks at every event and settles itself. */
  readonly #waiting = new Set<(event: PoolElementEvent) => void>();
  #closing: Promise<void> | undefined;

  /** Use `createPoolElement`. */
  constructor(
    settings: PoolElementSettings,
    options: PoolElementOptions,
    id: PoolElementId,
    poolHandle: Uint8Array,
    endpoint: Endpoint<PoolElementInput, PoolElementEvent>,
  ) {
    super();
    this.id = id;
    this.poolHandle = poolHandle;
    this.#endpoint = endpoint;
    this.#wanted = ownCopy(settings.policy ?? { type: 'roundRobin' });
    this.#registered = this.#wanted;
    const machine = new PoolElementMachine({
      ...{ id, poolHandle, options },
      policy: this.#wanted,
      userTransport: ownCopy(completeTransport(settings.userTransport, endpoint.localAddresses)),
      registrars: endpoint.registrars,
      seed: randomSeed(),
      log: endpoint.log,
    });
    endpoint.run(
      machine,
      true,
      (event) => this.#onEvent(event),
      (event) => this.emit(event.type, ownCopy(event)),
    );
  }

  /** The policy that a registrar has accepted last. */
  get policy(): Policy {
    return ownCopy(this.#registered);
  }

  /** Starts the registration and waits for its outcome. Called by `createPoolElement`. */
  register(signal?: AbortSignal): Promise<void> {
    return this.#outcome({ type: 'start' }, () => true, signal);
  }

  /**
   * Registers anew with other policy values, `{ load }` for example, or another policy of the same type.
   * Resolves when a registrar has accepted it, or one that was asked for later; rejects like
   * `createPoolElement`. After a RejectedError the registration stands as it was.
   */
  async updatePolicy(values: Policy | Partial<Policy>): Promise<void> {
    if (this.#closing) throw new ClosedError('This pool element is closed.');
    const policy = ownCopy({ ...this.#wanted, ...values }) as Policy;
    const isMeant = (answered: Policy) => answered === policy || answered === this.#wanted;
    await this.#outcome({ type: 'updatePolicy', policy }, isMeant);
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
    await undefined; // until `#closing` is set: listeners and loggers may call `close` as well
    const stopped = new Promise<void>((resolve) => {
      this.#waiting.add(({ type }) => type === 'stopped' && resolve());
    });
    this.#endpoint.input({ type: 'stop' });
    await stopped;
    await this.#endpoint.close();
  }

  /** Settles promises. Listeners are called later. */
  #onEvent(event: PoolElementEvent): void {
    if (event.type === 'registered') this.#registered = event.policy;
    for (const settle of this.#waiting) settle(event);
    const isRefused = event.type === 'registrationRejected' && event.policy === this.#wanted;
    if (isRefused) this.#wanted = this.#registered;
  }

  /**
   * Gives an input to the machine and waits for the first of: the answer that is meant, a search
   * for a registrar that found none, the end.
   */
  async #outcome(
    input: PoolElementInput,
    isMeant: (policy: Policy) => boolean,
    signal?: AbortSignal,
  ): Promise<void> {
    let settle = (_event: PoolElementEvent) => {};
    let onAbort = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        settle = (event) => {
          if (event.type === 'registered' && isMeant(event.policy)) resolve();
          else if (event.type === 'registrationRejected' && isMeant(event.policy))
            reject(rejection(event.causeCodes));
          else if (event.type === 'registrarUnreachable') reject(this.#unreachable());
          else if (event.type === 'stopped')
            reject(new ClosedError('This pool element was closed meanwhile.'));
        };
        onAbort = () => reject(signal?.reason);
        signal?.addEventListener('abort', onAbort, { once: true });
        this.#waiting.add(settle);
        this.#give(input, reject);
      });
    } finally {
      this.#waiting.delete(settle);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /**
   * `onRefused` receives what the machine throws for a policy that cannot be written; then the one
   * before is wanted.
   */
  #give(input: PoolElementInput, onRefused: (error: unknown) => void): void {
    const before = this.#wanted;
    if (input.type === 'updatePolicy') this.#wanted = input.policy;
    this.#endpoint.input(input, (error) => {
      this.#wanted = before;
      onRefused(error);
    });
  }

  #unreachable(): UnreachableError {
    return new UnreachableError(unreachableSentence(this.#endpoint));
  }
}

/** One sentence for everybody who looked for a registrar in vain. */
export function unreachableSentence({ registrars, transport, hint }: Whereabouts): string {
  if (registrars.length === 0) {
    return 'No registrar announces itself here: name one, or see that one runs and that multicast works.';
  }
  const names = registrars
    .flatMap(([first]) => (first === undefined ? [] : [formatAddress(first)]))
    .join(', ');
  const remedy =
    transport === 'udp'
      ? 'that its UDP port is the right one'
      : `that it speaks SCTP without UDP, as this side does (${transport})`;
  return `No registrar answers at ${names}: see that one runs there and ${remedy}.${hint}`;
}

type Whereabouts = Pick<Endpoint<never, never>, 'registrars' | 'transport' | 'hint'>;

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
