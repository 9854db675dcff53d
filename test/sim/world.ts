/** A scope in one process and in virtual time, and what may happen to it. Same history, same run. */

import { MemoryNetwork } from '../../src/transport/memory.ts';
import type { Happening, History } from './history.ts';
import {
  elementAddress,
  registrarAddress,
  SimElement,
  SimRegistrar,
  SimUser,
  userAddress,
} from './participants.ts';
import { SimProcess } from './process.ts';

const LINK = { delayMs: 2, jitterMs: 3 };
/** Handing over and ending associations takes less. */
const STOP_MS = 9_000;
/** Of elements: to deregister. */
const ELEMENT_STOP_MS = 4_000;

export class World {
  readonly history: History;
  readonly network: MemoryNetwork;
  readonly places: readonly number[];
  /** Those that run, by place. */
  readonly registrars = new Map<number, SimRegistrar>();
  readonly elements = new Map<number, SimElement>();
  readonly users: SimUser[] = [];
  /** When something last happened to a registrar or to its network, by place. */
  readonly disturbedAt = new Map<number, number>();
  /** Those on their way out. */
  readonly leaving = new Set<SimRegistrar | SimElement>();
  /** What has happened, for who wants to know why. */
  readonly transcript: string[] = [];
  readonly faults: string[] = [];
  #nextRegistrar = 100;
  #nextElement = 1;

  constructor(history: History) {
    this.history = history;
    const { seed, loss, duplication, reordering, registrars } = history;
    this.network = new MemoryNetwork({ seed, link: { ...LINK, loss, duplication, reordering } });
    this.places = Array.from({ length: registrars }, (_, index) => index + 1);
  }

  begin(): void {
    for (const place of this.places) this.startRegistrar(place);
    this.network.advance(10_000);
    for (let count = 0; count < this.history.elements; count++) this.startElement();
    for (let id = 1; id <= this.history.users; id++) {
      this.users.push(new SimUser(this.#process(userAddress(id), id), this.#endpoint(id)));
    }
  }

  note(what: string): void {
    this.transcript.push(`${(this.network.now() / 1_000).toFixed(3)} ${what}`);
  }

  complain(fault: string): void {
    this.note(`FAULT ${fault}`);
    this.faults.push(fault);
  }

  happen(happening: Happening): void {
    const { type, ...details } = happening;
    this.note(`${type} ${Object.values(details).join(' ')}`);
    switch (happening.type) {
      case 'crash':
        this.#crashRegistrar(happening.place);
        break;
      case 'stop':
        this.#stopRegistrar(happening.place);
        break;
      case 'restart': {
        const old = this.registrars.get(happening.place)?.id;
        this.#crashRegistrar(happening.place);
        this.startRegistrar(happening.place, happening.isAnew ? undefined : old);
        break;
      }
      case 'partition':
        this.partition(happening.place);
        break;
      case 'oneWay': {
        const { from, to } = happening;
        this.network.cutOneWay(registrarAddress(from), registrarAddress(to));
        this.#disturb(from, to);
        break;
      }
      case 'isolate':
        this.network.isolate(registrarAddress(happening.place));
        this.#disturb(happening.place);
        break;
      case 'heal':
        this.heal();
        break;
      case 'freeze':
        this.#freeze(this.registrars.get(happening.place)?.process, happening.ms);
        this.#disturb(happening.place);
        break;
      case 'slow':
        this.#slow(happening.place, happening.delayMs);
        break;
      case 'startElement':
        this.startElement();
        break;
      case 'crashElement':
        this.#endElement(this.#element(happening.which), 'crash');
        break;
      case 'stopElement':
        this.#endElement(this.#element(happening.which), 'stop');
        break;
      case 'reweighElement':
        this.#element(happening.which)?.reweigh(happening.weight);
        break;
      case 'freezeElement':
        this.#freeze(this.#element(happening.which)?.process, happening.ms);
    }
  }

  startRegistrar(place: number, id = this.#nextRegistrar++): void {
    this.note(`registrar ${id} starts at ${place}`);
    this.#disturb(place);
    const { hasRsplib, knowsAll } = this.history;
    const isKnown = (other: number) => other !== place && (knowsAll || other === 1);
    const registrar = new SimRegistrar(this.#process(registrarAddress(place), place), {
      ...{ id, peers: this.places.filter(isKnown), isRsplib: hasRsplib && place % 2 === 0 },
      tell: (what) => this.note(what),
    });
    this.registrars.set(place, registrar);
  }

  startElement(): void {
    const id = this.#nextElement++;
    this.note(`element ${id} starts`);
    const process = this.#process(elementAddress(id), id);
    this.elements.set(id, new SimElement(process, this.#endpoint(id)));
  }

  /** Of the registrars up to `place` from the others. */
  partition(place: number): void {
    const left = this.places.filter((one) => one <= place).map(registrarAddress);
    const right = this.places.filter((one) => one > place).map(registrarAddress);
    this.network.partition(left, right);
    this.#disturb(...this.places);
  }

  heal(): void {
    this.network.heal();
    this.#disturb(...this.places);
  }

  /** Nobody is frozen, and no way is slow. */
  calm(): void {
    for (const { process } of [...this.registrars.values(), ...this.elements.values()]) {
      if (process.isFrozen) process.thaw();
    }
    for (const place of this.places) this.#slow(place, LINK.delayMs);
  }

  /** No packet is lost, or comes twice or late. */
  clear(): void {
    this.network.setLinks({ loss: 0, duplication: 0, reordering: 0 });
  }

  /** Of every invariant inside; throws when one does not hold. */
  verify(): void {
    for (const { halves } of this.registrars.values()) halves.handlespace.verify();
  }

  #process(address: string, number: number): SimProcess {
    const { sendBufferBytes, clockDrift } = this.history;
    // Every third is right, one fast, one slow.
    const clockRate = 1 + clockDrift * ((number % 3) - 1);
    return new SimProcess(this.network, { address, sendBufferBytes, clockRate });
  }

  #endpoint(id: number) {
    return {
      ...{ id, registrars: this.places },
      tell: (what: string) => this.note(what),
      complain: (fault: string) => this.complain(fault),
    };
  }

  #disturb(...places: readonly number[]): void {
    for (const place of places) this.disturbedAt.set(place, this.network.now());
  }

  #crashRegistrar(place: number): void {
    this.#disturb(place);
    this.registrars.get(place)?.crash();
    this.registrars.delete(place);
  }

  #stopRegistrar(place: number): void {
    const registrar = this.registrars.get(place);
    if (registrar === undefined || registrar.process.isFrozen || this.leaving.has(registrar))
      return;
    this.#disturb(place);
    this.leaving.add(registrar);
    void registrar.halves.stop();
    this.#later(STOP_MS, () => {
      if (this.registrars.get(place) === registrar) this.#crashRegistrar(place);
    });
  }

  #element(which: number): SimElement | undefined {
    return [...this.elements.values()][which % Math.max(1, this.elements.size)];
  }

  #endElement(element: SimElement | undefined, how: 'crash' | 'stop'): void {
    if (element === undefined || this.leaving.has(element)) return;
    const end = () => {
      this.elements.delete(element.id);
      element.crash();
    };
    if (how === 'crash') end();
    else {
      this.leaving.add(element);
      element.stop();
      this.#later(ELEMENT_STOP_MS, end);
    }
  }

  #freeze(process: SimProcess | undefined, ms: number): void {
    if (process === undefined || process.isFrozen) return;
    process.freeze();
    this.#later(ms, () => {
      if (process.isFrozen) process.thaw();
    });
  }

  #slow(place: number, delayMs: number): void {
    const others = [
      ...this.places.filter((other) => other !== place).map(registrarAddress),
      ...[...this.elements.keys()].map(elementAddress),
    ];
    for (const other of others) this.network.setLink(registrarAddress(place), other, { delayMs });
  }

  #later(ms: number, what: () => void): void {
    this.network.wakeAt(this.network.now() + ms, what);
  }
}
