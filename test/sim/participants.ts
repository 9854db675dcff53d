/** Who lives in a simulated scope: registrars, pool elements and pool users, all of them the real machines. */

import {
  completePoolElementOptions,
  completePoolUserOptions,
} from '../../src/protocol/endpoint/options.ts';
import { PoolElementMachine } from '../../src/protocol/endpoint/pool-element.ts';
import type {
  PoolElementEvent,
  PoolElementInput,
} from '../../src/protocol/endpoint/pool-element-events.ts';
import { PoolUserMachine } from '../../src/protocol/endpoint/pool-user.ts';
import type { PoolUserEvent, PoolUserInput } from '../../src/protocol/endpoint/pool-user-events.ts';
import { completeEnrpOptions } from '../../src/protocol/enrp/options.ts';
import { completeRegistrarOptions } from '../../src/protocol/registrar/options.ts';
import { Driver } from '../../src/runtime/driver.ts';
import { type AnyRegistrarEvent, RegistrarHalves } from '../../src/runtime/registrar-halves.ts';
import { Steps } from '../../src/runtime/steps.ts';
import {
  ASAP_PORT,
  ENRP_PORT,
  type IpAddress,
  type Milliseconds,
  poolElementId,
  type RegistrarId,
  registrarId,
} from '../../src/types.ts';
import type { Policy } from '../../src/wire/parameters.ts';
import type { History } from './history.ts';
import type { Mischief } from './mischief.ts';
import type { SimProcess } from './process.ts';
import { RsplibWays } from './rsplib.ts';
import { onlySolicited } from './solicited.ts';

export const KEEP_ALIVE_MS = 2_000;
const POOL = Buffer.from('SimPool');
const RESOLVES_EVERY_MS = 5_000;

export const registrarAddress = (place: number) => `10.0.0.${place}`;
export const elementAddress = (id: number) => `10.1.${id >> 8}.${id & 255}`;
export const userAddress = (id: number) => `10.2.0.${id}`;

type Tell = (what: string) => void;

export interface RegistrarSetUp {
  readonly id: number;
  /** Places of configured peers. */
  readonly peers: readonly number[];
  readonly isRsplib: boolean;
  /** Pool elements in one page of a handle table. */
  readonly pageSize: number;
  readonly mischief: Mischief;
  tell(event: AnyRegistrarEvent): void;
}

/** One run of a registrar's process. */
export class SimRegistrar {
  readonly id: RegistrarId;
  readonly process: SimProcess;
  readonly halves: RegistrarHalves;
  readonly isRsplib: boolean;
  /** When it had read a mentor's table, or found nobody. */
  inServiceAt: Milliseconds = Number.POSITIVE_INFINITY;
  /** Elements that were its own before a restart, as everybody knows whom it may ask. */
  returning: ReadonlySet<number> = new Set();
  #homes: ReadonlyMap<number, RegistrarId> = new Map();
  #homesAt = -1;

  constructor(process: SimProcess, setUp: RegistrarSetUp) {
    const { id, peers, isRsplib, pageSize, mischief, tell } = setUp;
    this.id = registrarId(id);
    this.process = process;
    this.isRsplib = isRsplib;
    let seed = BigInt(id) * 1_000n;
    const addressOf = (place: number) => ({ address: registrarAddress(place), port: ENRP_PORT });
    this.halves = new RegistrarHalves({
      id: this.id,
      options: completeRegistrarOptions(
        {
          serverAnnounceCycleMs: 0,
          endpointKeepAliveTransmissionIntervalMs: KEEP_ALIVE_MS,
          endpointKeepAliveTimeoutIntervalMs: KEEP_ALIVE_MS,
        },
        [process.address],
      ),
      port: ASAP_PORT,
      enrp: {
        options: completeEnrpOptions({ maxElementsPerHandleTableRequest: pageSize }),
        port: ENRP_PORT,
        peers: peers.map((place) => [addressOf(place)]),
        announces: false,
      },
      stack: process.stack(isRsplib ? new RsplibWays(this.id, () => this.halves.handlespace) : {}),
      clock: process,
      seed: () => seed++,
      log: mischief.log,
      announce: () => {},
      announcePresence: () => {},
      tell: (event) => {
        if (event.type === 'inService') this.inServiceAt = process.worldTime;
        tell(event);
        mischief.throwAtRandom();
      },
      onException: mischief.onException,
    });
    this.halves.start();
  }

  get isInService(): boolean {
    return this.inServiceAt <= this.process.worldTime;
  }

  /** Identifiers of pool elements and of their homes, when everything of this instant has happened. */
  get homes(): ReadonlyMap<number, RegistrarId> {
    const { worldTime } = this.process;
    if (this.#homesAt !== worldTime) {
      const { elements } = this.halves.handlespace.walk({ limit: 1_000_000 });
      this.#homes = new Map(elements.map(({ id, homeRegistrarId }) => [id, homeRegistrarId]));
      this.#homesAt = worldTime;
    }
    return this.#homes;
  }

  /** What it would tell of each pool element, by identifier. */
  get attributes(): ReadonlyMap<number, string> {
    const { elements } = this.halves.handlespace.walk({ limit: 1_000_000 });
    return new Map(elements.map((one) => [one.id, JSON.stringify([one, one.asapTransport])]));
  }

  /** The weights of pool elements, by identifier. */
  get weights(): ReadonlyMap<number, number> {
    const { elements } = this.halves.handlespace.walk({ limit: 1_000_000 });
    return new Map(
      elements.map(({ id, policy }) => [id, 'weight' in policy ? policy.weight : Number.NaN]),
    );
  }

  get peerIds(): readonly RegistrarId[] {
    return this.halves.enrp?.peers.map(({ id }) => id) ?? [];
  }

  crash(): void {
    this.process.crash();
    this.halves.close();
  }
}

/** Of a pool element or a pool user. */
interface EndpointSetUp {
  readonly id: number;
  /** Places of registrars. */
  readonly registrars: readonly number[];
  readonly lives: History['lives'];
  readonly mischief: Mischief;
  /** Where the registrar is that had this identifier last. */
  addressOf(id: RegistrarId): IpAddress | undefined;
  readonly tell: Tell;
  /** Something is wrong. */
  readonly complain: Tell;
}

/** Where a pool element is registered, as far as it knows. */
export interface Registered {
  /** Of its home registrar. */
  readonly address: IpAddress;
  readonly since: Milliseconds;
}

export class SimElement {
  readonly id: number;
  readonly process: SimProcess;
  weight = 1;
  registered: Registered | undefined;
  /** The registration that it lost last, and when. */
  lost: (Registered & { readonly at: Milliseconds }) | undefined;
  readonly #addressOf: (id: RegistrarId) => IpAddress | undefined;
  readonly #driver: Driver<PoolElementInput, PoolElementEvent>;

  constructor(process: SimProcess, setUp: EndpointSetUp) {
    const { id, registrars, lives, mischief, addressOf, tell, complain } = setUp;
    this.id = id;
    this.process = process;
    this.#addressOf = addressOf;
    const { address } = process;
    const machine = new PoolElementMachine({
      id: poolElementId(id),
      poolHandle: POOL,
      policy: weighted(this.weight),
      userTransport: { protocol: 'tcp', port: 7, transportUse: 0, addresses: [address] },
      registrars: registrars.map(asapAt),
      options: completePoolElementOptions({
        lifeMs: lives.lifeMs,
        reregistrationIntervalMs: lives.reregistrationMs,
        retranMaxMs: 5_000,
      }),
      seed: BigInt(id),
      log: mischief.log,
    });
    const steps = new Steps(mischief.onException);
    this.#driver = new Driver({
      stack: process.stack(
        onlySolicited({ poolHandle: POOL, id }, (fault) => complain(`element ${id}: ${fault}`)),
      ),
      ...{ machine, port: 0, accepts: true, clock: process, steps },
      perform: (event) => {
        this.#perform(event);
        steps.callLater(() => {
          tell(`element ${id} ${event.type}`);
          mischief.throwAtRandom();
        });
      },
    });
    this.#driver.input({ type: 'start' });
  }

  reweigh(weight: number): void {
    this.weight = weight;
    this.#driver.input({ type: 'updatePolicy', policy: weighted(weight) });
  }

  stop(): void {
    this.#driver.input({ type: 'stop' });
  }

  crash(): void {
    this.process.crash();
    this.#driver.close();
  }

  /** Refused or without an answer it believes what it did before. */
  #perform(event: PoolElementEvent): void {
    if (event.type === 'registered') this.#settle(event.registrar[0]?.address);
    else if (event.type === 'homeChanged') this.#settle(this.#addressOf(event.registrarId));
    else if (event.type === 'registrationLost' || event.type === 'stopped') this.#settle(undefined);
  }

  #settle(address: IpAddress | undefined): void {
    const now = this.process.worldTime;
    if (address === undefined && this.registered) this.lost = { ...this.registered, at: now };
    this.registered = address === undefined ? undefined : { address, since: now };
  }
}

/** Asks for pool elements all the time. */
export class SimUser {
  readonly process: SimProcess;
  /** What it was answered last; `undefined`: no such pool. */
  answer: readonly number[] | undefined;
  answeredAt: Milliseconds;
  readonly #driver: Driver<PoolUserInput, PoolUserEvent>;
  #request = 0;
  #outstanding = 0;

  constructor(process: SimProcess, { id, registrars, mischief, complain }: EndpointSetUp) {
    this.process = process;
    this.answeredAt = process.worldTime;
    const machine = new PoolUserMachine({
      registrars: registrars.map(asapAt),
      options: completePoolUserOptions({ retranMaxMs: 5_000 }),
      seed: BigInt(id),
      log: mischief.log,
    });
    this.#driver = new Driver<PoolUserInput, PoolUserEvent>({
      stack: process.stack(onlySolicited('poolUser', (fault) => complain(`user ${id}: ${fault}`))),
      ...{ machine, port: 0, accepts: false, clock: process },
      perform: (event) => {
        this.#outstanding -= 1;
        if (this.#outstanding < 0) complain(`user ${id} is answered twice`);
        if (event.type !== 'resolved') return;
        this.answeredAt = process.worldTime;
        this.answer = event.poolElements?.map((one) => one.id);
      },
    });
    this.#resolve();
  }

  #resolve(): void {
    this.process.wakeAt(this.process.now() + RESOLVES_EVERY_MS, () => this.#resolve());
    this.#outstanding += 1;
    const request = ++this.#request;
    this.#driver.input({ type: 'resolve', request, poolHandle: POOL, isFresh: true });
  }
}

function weighted(weight: number): Policy {
  return { type: 'weightedRoundRobin', weight };
}

function asapAt(place: number) {
  return [{ address: registrarAddress(place), port: ASAP_PORT }];
}
