/**
 * A scope in one process and in virtual time: whole registrars, pool elements and the network between them,
 * all of them the real machines. Same seed, same history.
 */

import { completePoolElementOptions } from '../../src/protocol/endpoint/options.ts';
import { PoolElementMachine } from '../../src/protocol/endpoint/pool-element.ts';
import type {
  PoolElementEvent,
  PoolElementInput,
} from '../../src/protocol/endpoint/pool-element-events.ts';
import { completeEnrpOptions } from '../../src/protocol/enrp/options.ts';
import { SILENT } from '../../src/protocol/logger.ts';
import { completeRegistrarOptions } from '../../src/protocol/registrar/options.ts';
import { Driver } from '../../src/runtime/driver.ts';
import { RegistrarHalves } from '../../src/runtime/registrar-halves.ts';
import { MemoryNetwork } from '../../src/transport/memory.ts';
import type { MemoryStack } from '../../src/transport/memory-stack.ts';
import {
  ASAP_PORT,
  ENRP_PORT,
  poolElementId,
  type RegistrarId,
  registrarId,
} from '../../src/types.ts';

export const REREGISTRATION_MS = 100_000;
export const POOL = Buffer.from('SimPool');

export const registrarAddress = (place: number) => `10.0.0.${place}`;
const elementAddress = (id: number) => `10.1.${id >> 8}.${id & 255}`;

/** One run of a registrar's process. */
export class SimRegistrar {
  readonly id: RegistrarId;
  readonly address: string;
  readonly halves: RegistrarHalves;
  readonly stack: MemoryStack;

  constructor(world: World, place: number, id: number) {
    this.id = registrarId(id);
    this.address = registrarAddress(place);
    this.stack = world.network.stack({ localAddresses: [this.address] });
    const others = world.places.filter((other) => other !== place);
    let seed = BigInt(id) * 1_000n;
    this.halves = new RegistrarHalves({
      id: this.id,
      options: completeRegistrarOptions(
        {
          serverAnnounceCycleMs: 0,
          endpointKeepAliveTransmissionIntervalMs: 2_000,
          endpointKeepAliveTimeoutIntervalMs: 2_000,
        },
        [this.address],
      ),
      port: ASAP_PORT,
      enrp: {
        options: completeEnrpOptions({}),
        port: ENRP_PORT,
        peers: others.map((other) => [{ address: registrarAddress(other), port: ENRP_PORT }]),
        announces: false,
      },
      stack: this.stack,
      clock: world.network,
      seed: () => seed++,
      log: SILENT,
      announce: () => {},
      announcePresence: () => {},
      tell: ({ type }) => world.note(`${this.id} ${type}`),
    });
    this.halves.start();
  }

  /** `element@home` of all that it knows. */
  view(): string[] {
    const { elements } = this.halves.handlespace.walk({ limit: 1_000_000 });
    return elements.map(({ id, homeRegistrarId }) => `${id}@${homeRegistrarId}`).sort();
  }
}

export class SimElement {
  readonly id: number;
  readonly stack: MemoryStack;
  readonly driver: Driver<PoolElementInput, PoolElementEvent>;

  constructor(world: World, id: number) {
    this.id = id;
    const address = elementAddress(id);
    this.stack = world.network.stack({ localAddresses: [address] });
    const machine = new PoolElementMachine({
      id: poolElementId(id),
      poolHandle: POOL,
      policy: { type: 'roundRobin' },
      userTransport: { protocol: 'tcp', port: 7, transportUse: 0, addresses: [address] },
      registrars: world.places.map((place) => [
        { address: registrarAddress(place), port: ASAP_PORT },
      ]),
      // Registered anew so rarely that registrars have to keep their views equal by themselves.
      options: completePoolElementOptions({
        lifeMs: 300_000,
        reregistrationIntervalMs: REREGISTRATION_MS,
        retranMaxMs: 5_000,
      }),
      seed: BigInt(id),
    });
    this.driver = new Driver({
      ...{ machine, stack: this.stack, port: 0, accepts: true, clock: world.network },
      perform: ({ type }) => world.note(`element ${id} ${type}`),
    });
    this.driver.input({ type: 'start' });
  }
}

export class World {
  readonly network: MemoryNetwork;
  /** Of registrars, by the last octet of their addresses. */
  readonly places: readonly number[];
  /** Those that run, by place. */
  readonly registrars = new Map<number, SimRegistrar>();
  readonly elements = new Map<number, SimElement>();
  /** What has happened, for who wants to know why. */
  readonly transcript: string[] = [];

  constructor(seed: number, registrarCount: number) {
    this.network = new MemoryNetwork({ seed, link: { delayMs: 2, jitterMs: 3 } });
    this.places = Array.from({ length: registrarCount }, (_, index) => index + 1);
  }

  note(what: string): void {
    this.transcript.push(`${(this.network.now() / 1_000).toFixed(3)} ${what}`);
  }

  startRegistrar(place: number, id: number): void {
    this.note(`registrar ${id} starts at ${place}`);
    this.registrars.set(place, new SimRegistrar(this, place, id));
  }

  crashRegistrar(place: number): void {
    const registrar = this.registrars.get(place);
    if (registrar === undefined) return;
    this.note(`registrar ${registrar.id} crashes`);
    this.registrars.delete(place);
    this.network.crash(registrar.stack);
    registrar.halves.close();
  }

  startElement(id: number): void {
    this.note(`element ${id} starts`);
    this.elements.set(id, new SimElement(this, id));
  }

  crashElement(id: number): void {
    const element = this.elements.get(id);
    if (element === undefined) return;
    this.note(`element ${id} crashes`);
    this.elements.delete(id);
    this.network.crash(element.stack);
    element.driver.close();
  }

  /** Of every invariant inside; throws when one does not hold. */
  verify(): void {
    for (const { halves } of this.registrars.values()) halves.handlespace.verify();
  }
}
