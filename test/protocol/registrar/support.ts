/**
 * A registrar with nothing around it: tests say what peers do, let time pass, and read what the registrar
 * answered. `net.says(1, message)` is a message over association 1, `net.answers(1)` what it got since last
 * asked.
 */

import { expect } from 'vitest';
import { Handlespace } from '../../../src/handlespace/handlespace.ts';
import type { PoolElementState } from '../../../src/handlespace/pool-element.ts';
import type { Logger } from '../../../src/protocol/logger.ts';
import type { AssociationEnd } from '../../../src/protocol/machine.ts';
import type {
  RegistrarEvent,
  RegistrarInput,
  RegistrarOutput,
} from '../../../src/protocol/registrar/events.ts';
import {
  completeRegistrarOptions,
  handlespaceOptionsOf,
  type PartialRegistrarOptions,
} from '../../../src/protocol/registrar/options.ts';
import { Registrar } from '../../../src/protocol/registrar/registrar.ts';
import {
  type AssociationId,
  type IpAddress,
  PAYLOAD_PROTOCOL,
  poolElementId,
  type RegistrarId,
  registrarId,
} from '../../../src/types.ts';
import { decodeAsap, encodeAsap } from '../../../src/wire/asap.ts';
import type {
  AsapHandleResolution,
  AsapMessage,
  AsapRegistration,
} from '../../../src/wire/asap-messages.ts';
import type {
  ErrorCause,
  Policy,
  PoolElementParameter,
  Profile,
  TransportParameter,
} from '../../../src/wire/parameters.ts';

export const REGISTRAR = registrarId(0xc0ffee01);
/** Where the pool elements of most tests live. */
export const PEER = '10.1.2.3';
export const POOL = Buffer.from('EchoPool');
export const PE = 0x12345678;

export interface SetUp {
  readonly options?: PartialRegistrarOptions;
  readonly localAddresses?: readonly IpAddress[];
  readonly seed?: bigint;
  readonly log?: Logger;
  readonly waitsForService?: boolean;
}

export function aRegistrar(setUp: SetUp = {}): Net {
  return new Net(setUp);
}

export class Net {
  readonly handlespace: Handlespace;
  readonly registrar: Registrar;
  now = 10_000;
  readonly #profile: Profile;
  #outputs: RegistrarOutput[] = [];

  constructor(setUp: SetUp) {
    const { options, localAddresses = ['10.1.0.1'], seed = 1n, log, waitsForService } = setUp;
    // Announces come every second; tests that are not about them are easier to read without.
    const settings = { serverAnnounceCycleMs: 0, ...options };
    const complete = completeRegistrarOptions(settings, localAddresses);
    this.#profile = complete.profile;
    this.handlespace = new Handlespace(handlespaceOptionsOf(complete, seed));
    this.registrar = new Registrar({
      id: REGISTRAR,
      handlespace: this.handlespace,
      options: complete,
      localAddresses,
      port: 3863,
      seed,
      log,
      waitsForService,
    });
  }

  up(association: number, addresses: readonly IpAddress[] = [PEER], port = 5_000): void {
    const peerAddresses = addresses.map((address) => ({ address, port }));
    this.input({ type: 'associationUp', association: idOf(association), peerAddresses });
  }

  /** Where the registrar calls, since last asked. */
  calls() {
    return this.#take('connect');
  }

  /** The answer to a call. */
  answersCall(association: number, attempt: number | undefined): void {
    const peerAddresses = [{ address: PEER, port: 5_000 }];
    const type = 'associationUp';
    this.input({ type, association: idOf(association), peerAddresses, attempt });
  }

  down(association: number, why: AssociationEnd = 'lost'): void {
    this.input({ type: 'associationDown', association: idOf(association), why });
  }

  hasAddresses(association: number, addresses: readonly IpAddress[], port = 5_000): void {
    const peerAddresses = addresses.map((address) => ({ address, port }));
    const type = 'associationAddresses';
    this.input({ type, association: idOf(association), peerAddresses });
  }

  restarts(association: number): void {
    this.input({ type: 'associationRestarted', association: idOf(association) });
  }

  says(
    association: number,
    message: AsapMessage | Uint8Array,
    payloadProtocol: number = PAYLOAD_PROTOCOL.ASAP,
  ): void {
    const payload =
      message instanceof Uint8Array ? message : encodeAsap(message, { profile: this.#profile });
    this.input({ type: 'message', association: idOf(association), payloadProtocol, payload });
  }

  /** Registers, and insists that it was accepted. */
  registers(association: number, poolElement: Partial<PoolElement> = {}): void {
    this.says(association, registration(poolElement));
    expect(this.answers(association)).toMatchObject([{ isRejected: false, errors: [] }]);
  }

  acknowledges(
    association: number,
    { poolHandle = POOL, id = PE }: Partial<PoolElement> = {},
  ): void {
    const poolElementId = id as never;
    this.says(association, { type: 'ASAP_ENDPOINT_KEEP_ALIVE_ACK', poolHandle, poolElementId });
  }

  stop(): void {
    this.input({ type: 'stop' });
  }

  input(input: RegistrarInput): void {
    this.registrar.handle(this.now, input);
    const outputs = this.registrar.drain();
    this.#outputs.push(...outputs);
    // What the transport does with an abort.
    for (const { type, ...rest } of outputs) {
      if (type === 'abort' && 'association' in rest) this.down(rest.association, 'abort');
    }
  }

  /** Time passes, and the machine is woken whenever it asked for it. */
  passes(ms: number): void {
    const until = this.now + ms;
    for (let at = this.registrar.nextDeadline(); at <= until; at = this.registrar.nextDeadline()) {
      this.now = Math.max(this.now, at);
      this.input({ type: 'timeout' });
    }
    this.now = until;
  }

  /** The process is stopped for a while: time passes and nobody is woken. */
  sleeps(ms: number): void {
    this.now += ms;
  }

  /** Everything that came out since last asked, in order. */
  outputs(): RegistrarOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  /** The messages sent over one association; the rest of the outputs stays. */
  answers(association: number): AsapMessage[] {
    return this.sent(association).map((bytes) => decodeAsap(bytes, { profile: this.#profile }));
  }

  /** The same as bytes. */
  sent(association: number): Uint8Array[] {
    const id = idOf(association);
    return this.#take('send', (output) => output.association === id).map(({ payload }) => payload);
  }

  events<Type extends RegistrarEvent['type']>(
    type: Type,
  ): Extract<RegistrarEvent, { type: Type }>[] {
    return this.#take(type) as Extract<RegistrarEvent, { type: Type }>[];
  }

  /** How we ended an association, if we did. */
  end(association: number): 'abort' | 'shutdown' | undefined {
    for (const output of this.#outputs) {
      const isEnd = output.type === 'abort' || output.type === 'shutdown';
      if (isEnd && output.association === association) return output.type;
    }
    return undefined;
  }

  announces(): Uint8Array[] {
    return this.#take('announce').map(({ payload }) => payload);
  }

  /** Identifiers of the pool's elements, lowest first; says nothing to the machine. */
  members(poolHandle: Uint8Array = POOL): number[] {
    const { elements } = this.handlespace.walk({ limit: 10_000 });
    return elements
      .filter((element) => Buffer.compare(element.poolHandle, poolHandle) === 0)
      .map(({ id }) => id as number)
      .sort((a, b) => a - b);
  }

  #take<Type extends RegistrarOutput['type']>(
    type: Type,
    isWanted: (output: Extract<RegistrarOutput, { type: Type }>) => boolean = () => true,
  ): Extract<RegistrarOutput, { type: Type }>[] {
    const isTaken = (one: RegistrarOutput): one is Extract<RegistrarOutput, { type: Type }> =>
      one.type === type && isWanted(one as Extract<RegistrarOutput, { type: Type }>);
    const taken = this.#outputs.filter(isTaken);
    this.#outputs = this.#outputs.filter((one) => !isTaken(one));
    return taken;
  }
}

/** What a test may want to say about a pool element that registers. */
export interface PoolElement {
  readonly poolHandle: Uint8Array;
  readonly id: number;
  readonly homeRegistrarId: number;
  readonly lifeMs: number;
  readonly policy: Policy;
  readonly userTransport: TransportParameter;
}

export function registration(poolElement: Partial<PoolElement> = {}): AsapRegistration {
  const { poolHandle = POOL, ...rest } = poolElement;
  return { type: 'ASAP_REGISTRATION', poolHandle, poolElement: parameter(rest) };
}

function parameter(given: Partial<PoolElement>): PoolElementParameter {
  return {
    id: poolElementId(given.id ?? PE),
    homeRegistrarId: (given.homeRegistrarId ?? 0) as RegistrarId,
    lifeMs: given.lifeMs ?? 90_000,
    policy: given.policy ?? { type: 'roundRobin' },
    userTransport: given.userTransport ?? sctp(),
  };
}

export function sctp(
  addresses: readonly IpAddress[] = [PEER],
  transportUse = 1,
  port = 7_777,
): TransportParameter {
  return { protocol: 'sctp', port, transportUse, addresses };
}

export function tcp(address: IpAddress = PEER, port = 7_777): TransportParameter {
  return { protocol: 'tcp', port, transportUse: 0, addresses: [address] };
}

export function resolution(poolHandle: Uint8Array = POOL, items?: number): AsapHandleResolution {
  return { type: 'ASAP_HANDLE_RESOLUTION', wantsUpdates: false, poolHandle, items };
}

export function deregistration(id = PE, poolHandle: Uint8Array = POOL): AsapMessage {
  return { type: 'ASAP_DEREGISTRATION', poolHandle, poolElementId: poolElementId(id) };
}

export function unreachable(id = PE, poolHandle: Uint8Array = POOL): AsapMessage {
  return { type: 'ASAP_ENDPOINT_UNREACHABLE', poolHandle, poolElementId: poolElementId(id) };
}

/** Lays a message into the request arena, as a transport does, and has it answered there. */
export function answeredInPlace(net: Net, association: number, message: Uint8Array, offset = 64) {
  const { request, response } = net.handlespace.arenas();
  request.bytes.set(message, offset);
  const { registrar, now } = net;
  const bytes = registrar.answerInPlace(now, idOf(association), offset, message.length);
  const at = response.position[0] as number;
  return { bytes, answer: response.bytes.slice(at, at + Math.max(bytes, 0)) };
}

export interface Stored {
  readonly port?: number;
  readonly addresses?: readonly IpAddress[];
  readonly isWatched?: boolean;
  readonly homeRegistrarId?: number;
}

/** A pool element that is ours and has not registered here; by default at a place of its own. */
export function stored(net: Net, id: number, given: Stored = {}): PoolElementState {
  const { port = id, addresses = [PEER], isWatched, homeRegistrarId = REGISTRAR } = given;
  net.handlespace.register(net.now, {
    ...{ poolHandle: POOL, id, homeRegistrarId, lifeMs: 300_000, isWatched },
    policy: { type: 'roundRobin' },
    userTransport: tcp(),
    asapTransport: { protocol: 'sctp', port, transportUse: 0, addresses },
  });
  return net.handlespace.find(POOL, id) as PoolElementState;
}

/** Bytes as the specification prints them: hexadecimal, blanks ignored. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));
}

/** The causes of a refusal as the tests name them. */
export function causesOf(message: AsapMessage | undefined): readonly ErrorCause[] {
  return message !== undefined && 'errors' in message ? message.errors : [];
}

export function idOf(association: number): AssociationId {
  return association as AssociationId;
}
