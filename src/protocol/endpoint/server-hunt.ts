/**
 * Server hunt (RFC 5352 §3.6): finds a registrar to talk to, among those configured and those that announce
 * themselves. At most three are called at a time; the first association that comes up wins, the others are
 * given up; when nobody answers, the next round is longer.
 */

import { DecodeError } from '../../errors.ts';
import type { AssociationId, Milliseconds, SctpAddress } from '../../types.ts';
import { decodeAsap } from '../../wire/asap.ts';
import type { AssociationOutput, ConnectAttempt } from '../machine.ts';
import { shuffled } from '../random.ts';
import type { HuntOptions } from './options.ts';

/** All addresses of one registrar. */
export type RegistrarAddresses = readonly SctpAddress[];

export interface ServerHuntSettings {
  readonly registrars: readonly RegistrarAddresses[];
  readonly options: HuntOptions;
  readonly random: () => number;
  readonly emit: (output: AssociationOutput) => void;
  /** Called at the end of each round in which nobody could be reached. */
  readonly onNobodyFound: () => void;
}

export class ServerHunt {
  readonly #settings: ServerHuntSettings;
  /** Registrars heard, by address and port, and when T7 forgets them. */
  readonly #announced = new Map<string, { registrar: RegistrarAddresses; until: Milliseconds }>();
  /** Attempts of this round that are neither up nor failed. */
  readonly #calling = new Set<ConnectAttempt>();
  /** Registrars still to be called in this round. */
  #candidates: RegistrarAddresses[] = [];
  /** How many rounds in a row have found nobody; `undefined`: not hunting. */
  #failedRounds: number | undefined;
  #nextRoundAt: Milliseconds = Number.POSITIVE_INFINITY;
  #lastAttempt: ConnectAttempt = 0;

  constructor(settings: ServerHuntSettings) {
    this.#settings = settings;
  }

  get isUnderWay(): boolean {
    return this.#failedRounds !== undefined;
  }

  get nextDeadline(): Milliseconds {
    return this.isUnderWay ? this.#nextRoundAt : Number.POSITIVE_INFINITY;
  }

  /** Begins to look; does nothing when that is under way. */
  start(now: Milliseconds): void {
    if (this.isUnderWay) return;
    this.#failedRounds = 0;
    this.#beginRound(now);
  }

  /** Ends the search; whoever answers a call now is sent away. */
  stop(): void {
    this.#failedRounds = undefined;
    this.#candidates = [];
    this.#calling.clear();
  }

  /**
   * An association of our making is up. True: it is the one looked for, and the search is over. False: it
   * came too late and is ended again.
   */
  onAssociationUp(association: AssociationId, attempt: ConnectAttempt): boolean {
    if (this.#calling.has(attempt)) {
      this.stop();
      return true;
    }
    this.#settings.emit({ type: 'shutdown', association });
    return false;
  }

  onConnectFailed(now: Milliseconds, attempt: ConnectAttempt): void {
    if (!this.#calling.delete(attempt)) return;
    this.#callMore();
    if (this.#calling.size > 0) return;
    // All have refused: there is nobody to wait for until T5, and no reason to ask again at once.
    const pauseMs = this.#settings.options.refusedPauseMs * 2 ** (this.#failedRounds ?? 0);
    this.#nextRoundAt = Math.min(this.#nextRoundAt, now + pauseMs);
    this.#settings.onNobodyFound();
  }

  /** A registrar announces itself: during a hunt it is called right away. */
  onAnnounce(now: Milliseconds, source: SctpAddress, payload: Uint8Array): void {
    const registrar = announcedAddresses(source, payload);
    const [first] = registrar;
    if (first === undefined) return;
    const key = `${first.address} ${first.port}`;
    const isNew = !this.#announced.has(key);
    const until = now + this.#settings.options.t7EnrpOutdateMs;
    this.#announced.set(key, { registrar, until });
    if (!isNew || !this.isUnderWay) return;
    this.#candidates.push(registrar);
    this.#callMore();
  }

  onTimeout(now: Milliseconds): void {
    this.#forgetOutdated(now);
    if (this.#failedRounds === undefined || now < this.#nextRoundAt) return;
    const hadCallsOpen = this.#calling.size > 0;
    this.#failedRounds += 1;
    this.#beginRound(now);
    if (hadCallsOpen || this.#calling.size === 0) this.#settings.onNobodyFound();
  }

  /** A new round leaves the calls of the last one behind: they may still win, and count no more. */
  #beginRound(now: Milliseconds): void {
    const { registrars, options, random } = this.#settings;
    this.#forgetOutdated(now);
    this.#calling.clear();
    const announced = [...this.#announced.values()].map(({ registrar }) => registrar);
    this.#candidates = shuffled([...registrars, ...announced], random);
    // "increase T5 by a factor of two", "up to RETRAN-MAX" (RFC 5352 §3.6)
    const roundMs = options.t5ServerHuntMs * 2 ** (this.#failedRounds ?? 0);
    this.#nextRoundAt = now + Math.min(roundMs, options.retranMaxMs);
    this.#callMore();
  }

  #callMore(): void {
    const { options, emit } = this.#settings;
    while (this.#calling.size < options.maxParallelCalls) {
      const peer = this.#candidates.shift();
      if (peer === undefined) return;
      const attempt = ++this.#lastAttempt;
      this.#calling.add(attempt);
      emit({ type: 'connect', attempt, peer });
    }
  }

  #forgetOutdated(now: Milliseconds): void {
    for (const [key, { until }] of this.#announced) if (until <= now) this.#announced.delete(key);
  }
}

/**
 * Where the registrar of an announce is: what its SCTP transport parameters say, or else the source of the
 * datagram, address and port (decision 2). Nowhere for what is no announce.
 */
function announcedAddresses(source: SctpAddress, payload: Uint8Array): RegistrarAddresses {
  try {
    const message = decodeAsap(payload);
    if (message.type !== 'ASAP_SERVER_ANNOUNCE') return [];
    const named = message.transports.flatMap((transport) =>
      transport.protocol === 'sctp'
        ? transport.addresses.map((address) => ({ address, port: transport.port }))
        : [],
    );
    return named.length > 0 ? named : [source];
  } catch (error) {
    if (error instanceof DecodeError) return []; // anybody may send to a multicast group
    throw error;
  }
}
