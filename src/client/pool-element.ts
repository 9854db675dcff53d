/** A pool element as a library: registers a server, keeps it registered, deregisters it. */

import { ClosedError, RejectedError, UnreachableError } from '../errors.ts';
import {
  completePoolElementOptions,
  type PoolElementOptions,
  poolElementOptions,
} from '../protocol/endpoint/options.ts';
import { PoolElementMachine } from '../protocol/endpoint/pool-element.ts';
import type {
  PoolElementEvent,
  PoolElementInput,
} from '../protocol/endpoint/pool-element-events.ts';
import { Emitter } from '../runtime/emitter.ts';
import { ownCopy } from '../runtime/own-copy.ts';
import { randomId, randomSeed } from '../runtime/random.ts';
import { optional, signal } from '../settings/kind.ts';
import {
  changedPolicy,
  type Policy,
  type PolicyValues,
  policy,
  policyInFractions,
  withFractions,
} from '../settings/policy.ts';
import { record } from '../settings/record.ts';
import type { PartialOptions } from '../settings/table.ts';
import {
  completeTransport,
  type PartialTransport,
  partialTransport,
} from '../settings/transport-parameter.ts';
import { identifier, poolHandle, poolHandleBytes } from '../settings/values.ts';
import { ASAP_PORT, formatAddress, type PoolElementId, poolElementId } from '../types.ts';
import { ENDPOINT_FIELDS, Endpoint, type EndpointSettings } from './endpoint.ts';

/** What clients connect to. `addresses`: default, those of the pool element. */
export type UserTransport = PartialTransport;

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
export async function createPoolElement(given: PoolElementSettings): Promise<PoolElement> {
  const settings = SETTINGS.read(given, '');
  settings.signal?.throwIfAborted();
  const poolHandle = poolHandleBytes(settings.poolHandle);
  const id = poolElementId(settings.id ?? randomId());
  const options = completePoolElementOptions(settings.options ?? {}, 'options');
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

/** The policy that it returns is the one of the wire. */
const SETTINGS = record<PoolElementSettings>({
  poolHandle,
  userTransport: partialTransport,
  ...ENDPOINT_FIELDS,
  id: optional(identifier),
  policy: optional(policy),
  options: optional(poolElementOptions),
  signal: optional(signal),
});

export class PoolElement extends Emitter<PoolElementEvents> {
  readonly id: PoolElementId;
  readonly poolHandle: Uint8Array;
  readonly #endpoint: Endpoint<PoolElementInput, PoolElementEvent>;
  /** What was asked for last, as on the wire. */
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
      id,
      poolHandle,
      options,
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
      (event) => this.emit(event.type, ownCopy('policy' in event ? withFractions(event) : event)),
    );
  }

  /** The policy that a registrar has accepted last; loads are fractions. */
  get policy(): Policy {
    return policyInFractions(this.#registered);
  }

  /** Starts the registration and waits for its outcome. Called by `createPoolElement`. */
  register(signal?: AbortSignal): Promise<void> {
    return this.#outcome({ type: 'start' }, () => true, signal);
  }

  /**
   * Registers again with other policy values, `{ load: 0.25 }` for example, or with another policy of the same type.
   * Resolves when a registrar has accepted it, or a later one; rejects like `createPoolElement`. After a RejectedError
   * or a ConfigError the registration stands as it was.
   */
  async updatePolicy(values: Policy | PolicyValues): Promise<void> {
    if (this.#closing) throw new ClosedError('This pool element is closed.');
    const changed = changedPolicy(this.#wanted, values, 'policy');
    const isMeant = (answered: Policy) => answered === changed || answered === this.#wanted;
    await this.#outcome({ type: 'updatePolicy', policy: changed }, isMeant);
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
            reject(rejection(event.causeCodes, event.reason));
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

/** Returns the message of an UnreachableError of a pool element or pool user. */
export function unreachableSentence({ registrars, transport, hint }: Whereabouts): string {
  if (registrars.length === 0) {
    return 'No registrar was found by multicast. Specify its address, or check that one is running and multicast works.';
  }
  const names = registrars
    .flatMap(([first]) => (first === undefined ? [] : [formatAddress(first)]))
    .join(', ');
  const remedy =
    transport === 'udp'
      ? 'that the UDP port is correct'
      : `that it uses SCTP without UDP, as this side does (${transport})`;
  return `No registrar answers at ${names}. Check that it is running and ${remedy}.${hint}`;
}

type Whereabouts = Pick<Endpoint<never, never>, 'registrars' | 'transport' | 'hint'>;

function rejection(causeCodes: readonly number[], reason: string): RejectedError {
  return new RejectedError(`The registrar rejected the registration: ${reason}.`, causeCodes);
}
