/**
 * Scopes of registrars on an in-memory network, each with its ENRP machine, handlespace and driver: tests
 * register pool elements, cut networks, crash registrars, let time pass and compare views.
 */

import { Handlespace } from '../../../src/handlespace/handlespace.ts';
import type { PoolElementState } from '../../../src/handlespace/pool-element.ts';
import { Enrp } from '../../../src/protocol/enrp/enrp.ts';
import type { EnrpInput, EnrpOutput } from '../../../src/protocol/enrp/events.ts';
import {
  completeEnrpOptions,
  type PartialEnrpOptions,
} from '../../../src/protocol/enrp/options.ts';
import { SILENT } from '../../../src/protocol/logger.ts';
import type { Machine } from '../../../src/protocol/machine.ts';
import { Driver } from '../../../src/runtime/driver.ts';
import type { AnnounceSender } from '../../../src/transport/announce.ts';
import { MemoryNetwork } from '../../../src/transport/memory.ts';
import type { MemoryStack } from '../../../src/transport/memory-stack.ts';
import {
  PAYLOAD_PROTOCOL,
  type RegistrarId,
  registrarId,
  type SctpAddress,
} from '../../../src/types.ts';
import { decodeEnrp, encodeEnrp } from '../../../src/wire/enrp.ts';
import { type EnrpMessage, UPDATE_ACTION } from '../../../src/wire/enrp-messages.ts';
import type { Policy } from '../../../src/wire/parameters.ts';

export const ENRP_PORT = 9901;
const GROUP = '239.0.0.51';
const SECOND = 1_000;

export interface RegistrarSetUp {
  /** Also the last octet of its address, unless that is given. */
  readonly id: number;
  readonly address?: string;
  /** Identifiers of configured peers. */
  readonly peers?: readonly number[];
  readonly announces?: boolean;
  readonly options?: PartialEnrpOptions;
}

interface Heard {
  readonly from: number;
  readonly to: number;
  readonly message: EnrpMessage;
}

export class Scope {
  readonly network: MemoryNetwork;
  readonly registrars: TestRegistrar[] = [];
  readonly #listeners: Heard[][] = [];

  constructor(seed = 1) {
    this.network = new MemoryNetwork({ seed });
  }

  /** Starts a registrar. */
  start(setUp: RegistrarSetUp): TestRegistrar {
    const registrar = new TestRegistrar(this, setUp);
    this.registrars.push(registrar);
    return registrar;
  }

  /** Registrars 1 to `count`, each with all the others as peers, in service and knowing each other. */
  static whole(count: number, options: PartialEnrpOptions = {}): [Scope, ...TestRegistrar[]] {
    const scope = new Scope();
    const ids = Array.from({ length: count }, (_, index) => index + 1);
    const started = ids.map((id) =>
      scope.start({ id, peers: ids.filter((other) => other !== id), options }),
    );
    scope.run(10);
    return [scope, ...started];
  }

  /** Every message over an association from now on, as registrars hear it: by their identifiers. */
  listen(): Heard[] {
    this.#listeners.push([]);
    return this.#listeners.at(-1) as Heard[];
  }

  hear(to: number, payload: Uint8Array): void {
    if (this.#listeners.length === 0) return;
    const message = decodeEnrp(payload);
    for (const heard of this.#listeners) heard.push({ from: message.senderId, to, message });
  }

  run(seconds: number): void {
    this.network.advance(seconds * SECOND);
  }
}

export const addressOf = (id: number) => `10.0.0.${id}`;

export class TestRegistrar {
  readonly id;
  readonly address: string;
  readonly handlespace = new Handlespace({ seed: 1n });
  readonly enrp: Enrp;
  readonly driver: Driver<EnrpInput, EnrpOutput>;
  readonly outputs: EnrpOutput[] = [];
  /** What it has said of its own state, and of peers. */
  readonly logged: { readonly text: string; readonly fields: object }[] = [];
  /** Addresses that it has called. */
  readonly calls: string[] = [];
  readonly #note = (fields: object, text: string) => this.logged.push({ text, fields });
  readonly #scope: Scope;
  readonly #stack: MemoryStack;
  readonly #announces: AnnounceSender | undefined;

  constructor(scope: Scope, setUp: RegistrarSetUp) {
    const { id, peers = [], announces = false, options = {}, address = addressOf(id) } = setUp;
    this.#scope = scope;
    this.id = registrarId(id);
    this.address = address;
    this.#stack = scope.network.stack({ localAddresses: [this.address] });
    const place = (peer: number): SctpAddress => ({ address: addressOf(peer), port: ENRP_PORT });
    this.enrp = new Enrp({
      id: this.id,
      handlespace: this.handlespace,
      options: completeEnrpOptions(options),
      profile: 'rsplib',
      localAddresses: [this.address],
      minAddressScope: 'sitelocal',
      maxTransportAddresses: 64,
      port: ENRP_PORT,
      peers: peers.map((peer) => [place(peer)]),
      announces,
      seed: BigInt(id),
      log: { ...SILENT, info: this.#note, warn: this.#note, error: this.#note },
    });
    this.driver = new Driver<EnrpInput, EnrpOutput>({
      machine: this.#overheard(),
      stack: this.#stack,
      port: ENRP_PORT,
      accepts: true,
      clock: scope.network,
      perform: (output) => this.#perform(output),
    });
    if (announces) {
      this.#announces = scope.network.announceSender(this.#stack, GROUP, ENRP_PORT);
      scope.network.announceListener(this.#stack, GROUP, {
        onAnnounce: (payload, address, port) =>
          this.driver.input({ type: 'presenceHeard', source: { address, port }, payload }),
      });
    }
    this.driver.input({ type: 'timeout' });
  }

  /** A pool element registers here, with this process as far as timers go. */
  register(
    id: number,
    poolHandle = 'EchoPool',
    life = 300,
    policy: Policy = { type: 'roundRobin' },
  ): PoolElementState {
    const outcome = this.handlespace.register(this.#scope.network.now(), {
      poolHandle,
      id,
      homeRegistrarId: this.id,
      lifeMs: life * SECOND,
      policy,
      userTransport: { protocol: 'tcp', port: 7, transportUse: 0, addresses: ['10.9.0.1'] },
      asapTransport: { protocol: 'sctp', port: 9, transportUse: 0, addresses: ['10.9.0.1'] },
      association: 77,
      isWatched: true,
    });
    const poolElement = this.handlespace.find(poolHandle, id) as PoolElementState;
    const change = outcome === 'created' ? 'added' : 'updated';
    this.driver.input({ type: 'poolElementChanged', change, poolElement });
    return poolElement;
  }

  deregister(id: number, poolHandle = 'EchoPool'): void {
    const poolElement = this.handlespace.find(poolHandle, id) as PoolElementState;
    this.handlespace.deregister(poolHandle, id);
    this.driver.input({ type: 'poolElementChanged', change: 'removed', poolElement });
  }

  /** `pool/element@home` of all that it knows. */
  view(): string[] {
    const { elements } = this.handlespace.walk({ limit: 1_000_000 });
    return elements
      .map(
        ({ poolHandle, id, homeRegistrarId }) =>
          `${Buffer.from(poolHandle)}/${id}@${homeRegistrarId}`,
      )
      .sort();
  }

  peerIds(): number[] {
    return this.enrp.peers.map(({ id }) => id).sort();
  }

  told<Type extends EnrpOutput['type']>(type: Type): Extract<EnrpOutput, { type: Type }>[] {
    return this.outputs.filter((one) => one.type === type) as Extract<EnrpOutput, { type: Type }>[];
  }

  /** The process is gone without a word. */
  crash(): void {
    this.#scope.network.crash(this.#stack);
    const { registrars } = this.#scope;
    registrars.splice(registrars.indexOf(this), 1);
  }

  /** The process ends without handing anything over, its associations by SHUTDOWN. */
  end(): void {
    for (const { association } of this.enrp.peers) {
      if (association !== undefined) this.driver.endpoint.shutdown(association);
    }
    this.#scope.network.settle();
    this.crash();
  }

  stop(): void {
    this.driver.input({ type: 'stop' });
  }

  /** The machine, with what it is told heard by the scope. */
  #overheard(): Machine<EnrpInput, EnrpOutput> {
    const { enrp, id } = this;
    return {
      handle: (now, input) => {
        if (input.type === 'message') this.#scope.hear(id, input.payload.slice());
        enrp.handle(now, input);
      },
      drain: () => {
        const outputs = enrp.drain();
        for (const one of outputs) {
          if (one.type === 'connect') this.calls.push(...one.peer.map(({ address }) => address));
        }
        return outputs;
      },
      nextDeadline: () => enrp.nextDeadline(),
    };
  }

  #perform(output: EnrpOutput): void {
    this.outputs.push(output);
    if (output.type === 'announcePresence') this.#announces?.send(output.payload);
  }
}

/** As a home tells of a pool element. */
export const element = (home: number, elementId = 1) =>
  ({
    id: elementId,
    homeRegistrarId: home,
    lifeMs: 300_000,
    policy: { type: 'roundRobin' },
    userTransport: { protocol: 'tcp', port: 7, transportUse: 0, addresses: ['10.9.0.1'] },
    asapTransport: { protocol: 'sctp', port: 9, transportUse: 0, addresses: ['10.9.0.1'] },
  }) as unknown as Extract<EnrpMessage, { type: 'ENRP_HANDLE_UPDATE' }>['poolElement'];

/** As somebody at 10.0.0.66 says it. */
export const presence = (senderId: number, change: object = {}): EnrpMessage => ({
  type: 'ENRP_PRESENCE',
  senderId: registrarId(senderId),
  receiverId: 0 as RegistrarId,
  wantsReply: false,
  checksum: 0xffff,
  serverInformation: {
    id: registrarId(senderId),
    transport: { protocol: 'sctp', port: ENRP_PORT, transportUse: 0, addresses: ['10.0.0.66'] },
  },
  ...change,
});

type Element = ReturnType<typeof element>;

/** A page of a handle table, as its owner sends it to registrar 1. */
export const tablePage = (senderId: number, poolElements: Element[], hasMore: boolean) =>
  encodeEnrp({
    ...{ type: 'ENRP_HANDLE_TABLE_RESPONSE', isRejected: false, hasMore },
    ...{ senderId: registrarId(senderId), receiverId: registrarId(1) },
    entries: poolElements.length > 0 ? [{ poolHandle: Buffer.from('EchoPool'), poolElements }] : [],
  });

/** An element is new or changed, says its home. */
export const addition = (poolElement: Element) =>
  encodeEnrp({
    ...{ type: 'ENRP_HANDLE_UPDATE', suggestsTakeover: false, action: UPDATE_ACTION.ADD_PE },
    ...{ senderId: poolElement.homeRegistrarId, receiverId: 0 as RegistrarId },
    ...{ poolHandle: Buffer.from('EchoPool'), poolElement },
  });

/** A peer that says what a test wants it to. */
export class Stranger {
  readonly heard: EnrpMessage[] = [];
  readonly ends: string[] = [];
  readonly #scope: Scope;
  readonly #endpoint;
  readonly #association;

  constructor(scope: Scope, address: string | readonly string[], to: TestRegistrar) {
    this.#scope = scope;
    const stack = scope.network.stack({ localAddresses: [address].flat() });
    this.#endpoint = stack.open(
      { port: ENRP_PORT, accepts: true },
      {
        onUp: () => {},
        onRestart: () => {},
        onPath: () => {},
        onWritable: () => {},
        onDown: (_association, why) => this.ends.push(why),
        onMessage: (_association, _protocol, _stream, bytes, offset, length) =>
          this.heard.push(decodeEnrp(bytes.slice(offset, offset + length))),
      },
    );
    this.#association = this.#endpoint.connect([{ address: to.address, port: ENRP_PORT }]);
    scope.network.settle();
  }

  /** What is heard in answer to these, which arrive at once. */
  says(...payloads: Uint8Array[]): EnrpMessage[] {
    this.heard.length = 0;
    for (const payload of payloads) {
      this.#endpoint.send(this.#association, PAYLOAD_PROTOCOL.ENRP, payload);
    }
    this.#endpoint.flush();
    this.#scope.network.settle();
    return [...this.heard];
  }
}
