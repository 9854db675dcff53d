/** A scope in one process and in virtual time. Same history, same run. */

import type { AnyRegistrarEvent } from '../../src/runtime/registrar-halves.ts';
import { MemoryNetwork } from '../../src/transport/memory.ts';
import type { IpAddress, Milliseconds, RegistrarId } from '../../src/types.ts';
import type { History } from './history.ts';
import { Mischief } from './mischief.ts';
import {
  elementAddress,
  registrarAddress,
  SimElement,
  SimRegistrar,
  SimUser,
  userAddress,
} from './participants.ts';
import { SimProcess } from './process.ts';
import { type Random, randomOf } from './random.ts';
import { Ways } from './ways.ts';

export const LINK_DELAY_MS = 2;
const LINK = { delayMs: LINK_DELAY_MS, jitterMs: 3 };

export class World {
  readonly history: History;
  readonly network: MemoryNetwork;
  readonly ways: Ways;
  readonly mischief: Mischief;
  readonly places: readonly number[];
  /** Those that run, by place. */
  readonly registrars = new Map<number, SimRegistrar>();
  readonly elements = new Map<number, SimElement>();
  readonly users: SimUser[] = [];
  /** The identifiers that there have been, and where; of each place the last one is the last. */
  readonly identifiers = new Map<number, number>();
  /** Those on their way out, and since when. */
  readonly leaving = new Map<SimRegistrar | SimElement, Milliseconds>();
  /** When a registrar has ended last. */
  registrarEndedAt: Milliseconds = 0;
  /** When pool elements have ended. */
  readonly ended = new Map<number, Milliseconds>();
  /** Since the last step: who has said that one registrar has taken over another one. */
  takeovers: { readonly teller: SimRegistrar; readonly target: RegistrarId }[] = [];
  /** What has happened, for who wants to know why. */
  readonly transcript: string[] = [];
  readonly faults: string[] = [];
  readonly #identifierOf: Random;
  /** Of all packets to and from a place. */
  readonly delays = new Map<number, number>();
  #nextElement = 1;

  /** `hasMischief`: listeners and loggers throw at random. */
  constructor(history: History, hasMischief: boolean) {
    this.history = history;
    const { seed, loss, duplication, reordering, registrars } = history;
    this.network = new MemoryNetwork({ seed, link: { ...LINK, loss, duplication, reordering } });
    this.ways = new Ways(this.network);
    this.#identifierOf = randomOf(~seed);
    this.mischief = new Mischief(hasMischief ? randomOf(seed ^ 0x5eed_0000) : undefined);
    this.places = Array.from({ length: registrars }, (_, index) => index + 1);
  }

  begin(advance: (ms: number) => void): void {
    for (const place of this.places) this.startRegistrar(place);
    advance(10_000);
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

  startRegistrar(place: number, id = this.#newIdentifier()): SimRegistrar {
    this.note(`registrar ${id} starts at ${place}`);
    this.identifiers.delete(id);
    this.identifiers.set(id, place);
    const { hasRsplib, knowsAll, pageSize } = this.history;
    const isKnown = (other: number) => other !== place && (knowsAll || other === 1);
    const registrar: SimRegistrar = new SimRegistrar(
      this.#process(registrarAddress(place), place),
      {
        ...{ id, peers: this.places.filter(isKnown), isRsplib: hasRsplib && place % 2 === 0 },
        ...{ pageSize, mischief: this.mischief },
        tell: (event) => {
          this.note(`${id} ${textOf(event)}`);
          if (event.type !== 'takeover') return;
          this.takeovers.push({ teller: registrar, target: event.target });
        },
      },
    );
    this.registrars.set(place, registrar);
    return registrar;
  }

  /** The younger of two has the lower one as often as not. */
  #newIdentifier(): number {
    let id: number;
    do id = 100 + this.#identifierOf(900);
    while (this.identifiers.has(id));
    return id;
  }

  startElement(): void {
    const id = this.#nextElement++;
    this.note(`element ${id} starts`);
    const process = this.#process(elementAddress(id), id);
    this.elements.set(id, new SimElement(process, this.#endpoint(id)));
  }

  /** Without a word, if it runs. */
  crashRegistrar(place: number): void {
    this.registrarEndedAt = this.network.now();
    this.registrars.get(place)?.crash();
    this.registrars.delete(place);
  }

  /** No packet is lost, or comes twice or late. */
  clear(): void {
    this.network.setLinks({ loss: 0, duplication: 0, reordering: 0 });
  }

  /** Where the registrar is that had this identifier last. */
  addressOf(registrar: number): IpAddress | undefined {
    const place = this.identifiers.get(registrar);
    return place === undefined ? undefined : registrarAddress(place);
  }

  /** At most so long are a packet and its answer on their way. */
  get roundTripMs(): number {
    return 2 * (Math.max(LINK.delayMs, ...this.delays.values()) + LINK.jitterMs);
  }

  /** An audit reads page by page. */
  get auditMs(): number {
    const pages = 2 + Math.ceil(this.elements.size / this.history.pageSize);
    return pages * this.roundTripMs;
  }

  /** Those that can be relied upon: in service, not about to end, and for so long neither begun nor frozen. */
  settled(forMs: number): SimRegistrar[] {
    const now = this.network.now();
    return [...this.registrars.values()].filter((one) => {
      const isUp = one.isInService && !this.leaving.has(one);
      return isUp && now - one.process.startedAt > forMs && one.process.awakeFor(0) > forMs;
    });
  }

  /** Of every invariant inside; throws when one does not hold. */
  verify(): void {
    for (const { halves } of this.registrars.values()) halves.handlespace.verify();
  }

  #process(address: string, number: number): SimProcess {
    const { bufferBytes, clockDrift } = this.history;
    // Every third is right, one fast, one slow.
    const clockRate = 1 + clockDrift * ((number % 3) - 1);
    return new SimProcess(this.network, {
      ...{ address, clockRate },
      ...{ sendBufferBytes: bufferBytes, receiveBufferBytes: bufferBytes },
    });
  }

  #endpoint(id: number) {
    return {
      ...{ id, registrars: this.places, lives: this.history.lives, mischief: this.mischief },
      addressOf: (registrar: number) => this.addressOf(registrar),
      tell: (what: string) => this.note(what),
      complain: (fault: string) => this.complain(fault),
    };
  }
}

/** With what is needed to know whom it is about, and why. */
function textOf(event: AnyRegistrarEvent): string {
  const words: (string | number)[] = [event.type];
  if ('poolElement' in event) words.push(event.poolElement.id);
  if (event.type === 'peerUp' || event.type === 'peerDown') words.push(event.id);
  if (event.type === 'takeover') words.push(event.target, 'by', event.successor);
  if ('reason' in event) words.push(event.reason);
  return words.join(' ');
}
