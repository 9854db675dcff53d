/** A pool element as a library: registers a server, keeps it registered, deregisters it. */

import { EventEmitter } from 'node:events';
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

/** The events of a pool element: named as the machine's, each with the machine's event as its argument. */
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

export class PoolElement extends EventEmitter<PoolElementEvents> {
  readonly id: PoolElementId;
  readonly poolHandle: Uint8Array;
  readonly #endpoint: Endpoint<PoolElementInput, PoolElementEvent>;
  /** The machine's events as they are, for the promises of this object. */
  readonly #machine = new EventEmitter().setMaxListeners(0);
  /** What was asked for last, as on the wire. */
  #wanted: Policy;
  #registered: Policy;
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
    this.#wanted = settings.policy ?? { type: 'roundRobin' };
    this.#registered = this.#wanted;
    const machine = new PoolElementMachine({
      ...{ id, poolHandle, options },
      policy: this.#wanted,
      userTransport: completeTransport(settings.userTransport, endpoint.localAddresses),
      registrars: endpoint.registrars,
      seed: randomSeed(),
      log: settings.log,
    });
    endpoint.run(machine, true, (event) => this.#onEvent(event));
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
    const stopped = new Promise<void>((resolve) => this.once('stopped', () => resolve()));
    this.#endpoint.input({ type: 'stop' });
    await stopped;
    await this.#endpoint.close();
  }

  #onEvent(event: PoolElementEvent): void {
    if (event.type === 'registered') this.#registered = event.policy;
    this.#machine.emit(event.type, event);
    (this as EventEmitter).emit(event.type, 'policy' in event ? withFractions(event) : event);
    const isRefused = event.type === 'registrationRejected' && event.policy === this.#wanted;
    if (isRefused) this.#wanted = this.#registered;
  }

  /**
   * Gives an input to the machine and waits for the first of: the answer that is meant, nobody to ask, the
   * end.
   */
  #outcome(
    input: PoolElementInput,
    isMeant: (policy: Policy) => boolean,
    signal?: AbortSignal,
  ): Promise<void> {
    const done = new AbortController();
    const outcome = new Promise<void>((resolve, reject) => {
      const on = <Type extends PoolElementEvent['type']>(
        type: Type,
        listener: (event: PoolElementEvents[Type][0]) => void,
      ) => {
        this.#machine.on(type, listener);
        done.signal.addEventListener('abort', () => this.#machine.off(type, listener));
      };
      on('registered', ({ policy }) => isMeant(policy) && resolve());
      on('registrationRejected', ({ policy, causeCodes }) => {
        if (isMeant(policy)) reject(rejection(causeCodes));
      });
      on('registrarUnreachable', () => reject(this.#unreachable()));
      on('stopped', () => reject(new ClosedError('This pool element was closed meanwhile.')));
      const onAbort = () => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      done.signal.addEventListener('abort', () => signal?.removeEventListener('abort', onAbort));
      this.#endpoint.input(input); // throws for a policy that is too long to be written
      if (input.type === 'updatePolicy') this.#wanted = input.policy;
    });
    return outcome.finally(() => done.abort());
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
