/**
 * A pool element or pool user with nothing around it, and registrars that a test scripts: they take a call or
 * refuse it, say something, vanish. `scene.says(1, message)` comes over association 1, `scene.sent(1)` is
 * what went out over it since last asked.
 */

import { expect } from 'vitest';
import {
  completePoolElementOptions,
  completePoolUserOptions,
  type PoolElementOptions,
  type PoolUserOptions,
} from '../../../src/protocol/endpoint/options.ts';
import { PoolElementMachine } from '../../../src/protocol/endpoint/pool-element.ts';
import type {
  PoolElementEvent,
  PoolElementInput,
} from '../../../src/protocol/endpoint/pool-element-events.ts';
import { PoolUserMachine } from '../../../src/protocol/endpoint/pool-user.ts';
import type {
  PoolUserEvent,
  PoolUserInput,
} from '../../../src/protocol/endpoint/pool-user-events.ts';
import type { Logger } from '../../../src/protocol/logger.ts';
import type {
  AssociationEnd,
  AssociationInput,
  AssociationOutput,
  ConnectAttempt,
  Machine,
} from '../../../src/protocol/machine.ts';
import type { PartialOptions } from '../../../src/settings/table.ts';
import {
  type AssociationId,
  type IpAddress,
  PAYLOAD_PROTOCOL,
  poolElementId,
  type RegistrarId,
  registrarId,
  type SctpAddress,
} from '../../../src/types.ts';
import { decodeAsap, encodeAsap } from '../../../src/wire/asap.ts';
import type { AsapMessage } from '../../../src/wire/asap-messages.ts';
import type {
  Policy,
  PoolElementParameter,
  TransportParameter,
} from '../../../src/wire/parameters.ts';

export const POOL = Uint8Array.from(Buffer.from('EchoPool'));
export const OTHER_POOL = Uint8Array.from(Buffer.from('OtherPool'));
export const PE = poolElementId(0x1234_5678);

/** Registrars by the last number of their address. */
export const at = (host: number): readonly SctpAddress[] => [
  { address: `10.0.0.${host}`, port: 3863 },
];

/** What surrounds one machine: time, and the other ends of its associations. */
export class Scene<Input extends { type: string }, Event extends { type: string }> {
  readonly machine: Machine<AssociationInput | Input, AssociationOutput | Event>;
  now = 10_000;
  #outputs: (AssociationOutput | Event)[] = [];
  readonly #calls = new Map<ConnectAttempt, IpAddress>();

  constructor(machine: Machine<AssociationInput | Input, AssociationOutput | Event>) {
    this.machine = machine;
  }

  input(input: AssociationInput | Input): void {
    this.machine.handle(this.now, input);
    for (const output of this.machine.drain()) {
      this.#outputs.push(output);
      if (isAbout(output, 'connect'))
        this.#calls.set(output.attempt, output.peer[0]?.address ?? '');
      if (isAbout(output, 'cancelConnect')) this.#calls.delete(output.attempt);
    }
  }

  /** Lets time pass, with a `timeout` at every deadline. */
  advance(durationMs: number): void {
    const until = this.now + durationMs;
    for (let wakeUps = 0; this.machine.nextDeadline() <= until; wakeUps++) {
      expect(wakeUps, 'wake-ups without an end').toBeLessThan(10_000);
      this.now = Math.max(this.now, this.machine.nextDeadline());
      this.input({ type: 'timeout' });
    }
    this.now = until;
  }

  /** Hosts that are being called, in the order of the calls. */
  get calling(): readonly number[] {
    return [...this.#calls.values()].map((address) => Number(address.split('.')[3]));
  }

  /** This host takes the call: its association has the host's number, or another. */
  takesCall(host: number, association = host): void {
    const attempt = this.#endCall(host);
    this.input({ ...up(association, at(host)), attempt });
  }

  refusesCall(host: number): void {
    this.input({ type: 'connectFailed', attempt: this.#endCall(host) });
  }

  /** A registrar calls. */
  isCalledBy(host: number, association = host): void {
    this.input(up(association, at(host)));
  }

  down(association: number, why: AssociationEnd = 'lost'): void {
    this.input({ type: 'associationDown', association: idOf(association), why });
  }

  restarts(association: number): void {
    this.input({ type: 'associationRestarted', association: idOf(association) });
  }

  says(
    association: number,
    message: AsapMessage | Uint8Array,
    payloadProtocol: number = PAYLOAD_PROTOCOL.ASAP,
  ): void {
    const payload = message instanceof Uint8Array ? message : encodeAsap(message);
    this.input({ type: 'message', association: idOf(association), payloadProtocol, payload });
  }

  /** What went out over this association. */
  sent(association: number): AsapMessage[] {
    return this.#take(
      (output): output is Of<'send'> =>
        isAbout(output, 'send') && output.association === association,
    ).map(({ payload, payloadProtocol }) => {
      expect(payloadProtocol).toBe(PAYLOAD_PROTOCOL.ASAP);
      return decodeAsap(payload);
    });
  }

  /** The types of what went out over it. */
  sentTypes(association: number): string[] {
    return this.sent(association).map(({ type }) => type);
  }

  /** How associations were ended, such as `abort 1`. */
  ended(): string[] {
    return this.#take(
      (output): output is Of<'abort' | 'shutdown'> =>
        isAbout(output, 'abort') || isAbout(output, 'shutdown'),
    ).map(({ type, association }) => `${type} ${association}`);
  }

  /** What the application is told. */
  events(): Event[] {
    const types = ['send', 'connect', 'cancelConnect', 'abort', 'shutdown'];
    return this.#take((output): output is Event => !types.includes(output.type));
  }

  /** Everything that came out, as it came; for comparing two runs. */
  everything(): readonly (AssociationOutput | Event)[] {
    return this.#outputs;
  }

  #take<Some extends AssociationOutput | Event>(
    isMeant: (output: AssociationOutput | Event) => output is Some,
  ): Some[] {
    const taken = this.#outputs.filter(isMeant);
    this.#outputs = this.#outputs.filter((output) => !isMeant(output));
    return taken;
  }

  #endCall(host: number): ConnectAttempt {
    const [attempt] =
      [...this.#calls].find(([, address]) => address === at(host)[0]?.address) ?? [];
    if (attempt === undefined) throw new Error(`Host ${host} is not being called.`);
    this.#calls.delete(attempt);
    return attempt;
  }
}

type Of<Type extends AssociationOutput['type']> = Extract<AssociationOutput, { type: Type }>;

function isAbout<Type extends AssociationOutput['type']>(
  output: { type: string },
  type: Type,
): output is Of<Type> {
  return output.type === type;
}

export function up(
  association: number,
  peerAddresses: readonly SctpAddress[],
): Extract<AssociationInput, { type: 'associationUp' }> {
  return { type: 'associationUp', association: idOf(association), peerAddresses };
}

export interface SetUp<Options> {
  /** Configured registrars, by host. */
  readonly registrars?: readonly number[];
  readonly options?: PartialOptions<Options>;
  readonly seed?: bigint;
  readonly log?: Logger;
}

export type PoolElementScene = Scene<Exclude<PoolElementInput, AssociationInput>, PoolElementEvent>;
export type PoolUserScene = Scene<Exclude<PoolUserInput, AssociationInput>, PoolUserEvent>;

export const USER_TRANSPORT: TransportParameter = {
  protocol: 'tcp',
  port: 7,
  transportUse: 0,
  addresses: ['10.1.2.3'],
};

/** A pool element that is not started yet. */
export function aPoolElement({
  registrars = [1],
  options = {},
  seed = 1n,
  log,
  policy = { type: 'roundRobin' },
}: SetUp<PoolElementOptions> & { policy?: Policy } = {}): PoolElementScene {
  const machine = new PoolElementMachine({
    id: PE,
    poolHandle: POOL,
    policy,
    userTransport: USER_TRANSPORT,
    registrars: registrars.map(at),
    options: completePoolElementOptions(options),
    seed,
    log,
  });
  return new Scene(machine);
}

/** One that is registered at host 1, over association 1. */
export function aRegisteredPoolElement(
  setUp: SetUp<PoolElementOptions> & { policy?: Policy } = {},
): PoolElementScene {
  const scene = aPoolElement(setUp);
  scene.input({ type: 'start' });
  scene.takesCall(1);
  scene.says(1, accepted());
  expect(scene.events()).toMatchObject([{ type: 'registered', association: 1 }]);
  expect(scene.sentTypes(1)).toEqual(['ASAP_REGISTRATION']);
  return scene;
}

export function aPoolUser({
  registrars = [1],
  options = {},
  seed = 1n,
  log,
}: SetUp<PoolUserOptions> = {}): PoolUserScene {
  const machine = new PoolUserMachine({
    registrars: registrars.map(at),
    options: completePoolUserOptions(options),
    seed,
    log,
  });
  return new Scene(machine);
}

/** Keeps what is logged, as `warn message refused`. */
export function aLog(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const line = (level: string) => (_fields: object, text: string) => {
    lines.push(`${level} ${text}`);
  };
  return {
    lines,
    ...{ trace: line('trace'), debug: line('debug'), info: line('info') },
    ...{ warn: line('warn'), error: line('error') },
  };
}

export const idOf = (association: number): AssociationId => association as AssociationId;

export function accepted(warnings: readonly number[] = []): AsapMessage {
  return registrationResponse(false, warnings);
}

export function rejected(...causeCodes: number[]): AsapMessage {
  return registrationResponse(true, causeCodes);
}

function registrationResponse(isRejected: boolean, causeCodes: readonly number[]): AsapMessage {
  const errors = causesOf(causeCodes);
  const names = { poolHandle: POOL, poolElementId: PE };
  return { type: 'ASAP_REGISTRATION_RESPONSE', isRejected, ...names, errors };
}

export function deregistered(): AsapMessage {
  const names = { poolHandle: POOL, poolElementId: PE };
  return { type: 'ASAP_DEREGISTRATION_RESPONSE', ...names, errors: [] };
}

/** A keep-alive from the registrar with this host's number as its identifier. */
export function keepAlive(
  host: number,
  { wantsToBeHome = false, poolHandle = POOL, poolElementId = PE as number | undefined } = {},
): AsapMessage {
  return {
    ...{ type: 'ASAP_ENDPOINT_KEEP_ALIVE', wantsToBeHome, poolHandle },
    registrarId: registrarId(host),
    poolElementId: poolElementId as typeof PE | undefined,
  };
}

export function found(
  poolElements: readonly PoolElementParameter[],
  { poolHandle = POOL, policy = poolElements[0]?.policy } = {},
): AsapMessage {
  return {
    ...{ type: 'ASAP_HANDLE_RESOLUTION_RESPONSE', acceptsUpdates: false },
    ...{ poolHandle, policy, poolElements, errors: [] },
  };
}

export function notFound(causeCodes: readonly number[] = [9], poolHandle = POOL): AsapMessage {
  return {
    ...{ type: 'ASAP_HANDLE_RESOLUTION_RESPONSE', acceptsUpdates: false },
    ...{ poolHandle, poolElements: [], errors: causesOf(causeCodes) },
  };
}

export function asapError(...causeCodes: number[]): AsapMessage {
  return { type: 'ASAP_ERROR', errors: causesOf(causeCodes) };
}

/** Pool elements with these identifiers. */
export function elements(
  ids: readonly number[],
  policy: Policy = { type: 'roundRobin' },
): PoolElementParameter[] {
  return ids.map((id) => ({
    id: poolElementId(id),
    homeRegistrarId: 1 as RegistrarId,
    lifeMs: 90_000,
    userTransport: USER_TRANSPORT,
    policy,
  }));
}

export function announce(host: number, transports: readonly TransportParameter[] = []) {
  const payload = encodeAsap({
    ...{ type: 'ASAP_SERVER_ANNOUNCE', transports },
    registrarId: registrarId(host),
  });
  const source = at(host)[0] as SctpAddress;
  return { type: 'announceHeard', source, payload } as const;
}

function causesOf(codes: readonly number[]) {
  return codes.map((code) => ({ code, info: new Uint8Array() }));
}
