/**
 * Server hunt (RFC 5352 §3.6): finds a registrar to talk to, among those configured and those that announce
 * themselves. At most three are called at a time; the first association that comes up wins, the others are
 * given up; when nobody answers, the next round is longer. Whom to call is `registrar-list.ts`.
 */

import type { AssociationId, Milliseconds, SctpAddress } from '../../types.ts';
import type { Logger } from '../logger.ts';
import type { AssociationOutput, ConnectAttempt } from '../machine.ts';
import type { HuntOptions } from './options.ts';
import {
  isAmong,
  isSameRegistrar,
  type RegistrarAddresses,
  RegistrarList,
} from './registrar-list.ts';

export interface ServerHuntSettings {
  readonly registrars: readonly RegistrarAddresses[];
  readonly options: HuntOptions;
  readonly random: () => number;
  readonly emit: (output: AssociationOutput) => void;
  /** Called at the end of each round in which nobody could be reached. May call `stop`. */
  readonly onNobodyFound: () => void;
  readonly log: Logger;
}

/** One round: who is called now, who may be called still. */
interface Round {
  /** How many rounds came before it. */
  readonly number: number;
  /** T5-Serverhunt; sooner when everybody has refused. */
  t5: Milliseconds;
  candidates: RegistrarAddresses[];
  /** Nobody is left to wait for, and that was told. */
  isLost: boolean;
}

export class ServerHunt {
  readonly #settings: ServerHuntSettings;
  readonly #registrars: RegistrarList;
  /** Attempts of this round that are neither up nor failed. */
  readonly #calling = new Map<ConnectAttempt, RegistrarAddresses>();
  /** `undefined`: not hunting. */
  #round: Round | undefined;
  /** Who is called last: it takes associations, and does not answer. */
  #avoided: RegistrarAddresses = [];
  /** Registrars found in a row that were of no use. */
  #disappointments = 0;
  #lastAttempt: ConnectAttempt = 0;

  constructor(settings: ServerHuntSettings) {
    this.#settings = settings;
    const { registrars, options } = settings;
    this.#registrars = new RegistrarList(registrars, options.t7EnrpOutdateMs);
  }

  get isUnderWay(): boolean {
    return this.#round !== undefined;
  }

  get nextDeadline(): Milliseconds {
    return this.#round?.t5 ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Begins to look; does nothing when that is under way. "establish an association with a different ENRP
   * server" (RFC 5352 §3.6): `avoided` is called when the others have refused, or in the second round.
   */
  start(now: Milliseconds, avoided: RegistrarAddresses = []): void {
    if (this.isUnderWay) return;
    this.#avoided = avoided;
    const pauseMs = this.#pauseMs();
    if (pauseMs === 0) this.#beginRound(now, 0);
    else this.#round = { number: -1, t5: now + pauseMs, candidates: [], isLost: true };
  }

  /** Ends the search; whoever answers a call now is sent away. */
  stop(): void {
    this.#round = undefined;
    this.#giveUpCalls();
  }

  /** Whether these are the addresses of a registrar that would be called. */
  knows(now: Milliseconds, addresses: RegistrarAddresses): boolean {
    return this.#registrars.has(now, addresses);
  }

  /** The registrar that was found does what it is there for: when it is lost, another is called at once. */
  onProven(): void {
    this.#disappointments = 0;
  }

  /**
   * An association of our making is up. True: it is the one looked for, and the search is over. False: it
   * came too late and is ended again.
   */
  onAssociationUp(association: AssociationId, attempt: ConnectAttempt): boolean {
    if (this.#calling.delete(attempt)) {
      this.stop();
      this.#disappointments += 1; // until it is proven
      return true;
    }
    this.#settings.emit({ type: 'shutdown', association });
    return false;
  }

  onConnectFailed(now: Milliseconds, attempt: ConnectAttempt): void {
    const round = this.#round;
    if (!this.#calling.delete(attempt) || round === undefined) return;
    this.#callMore(round);
    if (this.#calling.size > 0) return;
    // All have refused: there is nobody to wait for until T5, and no reason to ask again at once.
    const pauseMs = this.#settings.options.refusedPauseMs * 2 ** round.number;
    round.t5 = Math.min(round.t5, now + pauseMs);
    this.#onNobodyFound(round);
  }

  /** A registrar announces itself: during a hunt a new one is called right away. */
  onAnnounce(now: Milliseconds, source: SctpAddress, payload: Uint8Array): void {
    const registrar = this.#registrars.onAnnounce(now, source, payload);
    const round = this.#round;
    if (registrar === undefined || round === undefined || round.number < 0) return;
    const isCalled = isAmong([...this.#calling.values()], registrar);
    if (isCalled || isAmong(round.candidates, registrar)) return;
    round.candidates.push(registrar);
    this.#callMore(round);
  }

  onTimeout(now: Milliseconds): void {
    const round = this.#round;
    if (round === undefined || now < round.t5) return;
    this.#giveUpCalls(); // "stop the establishment of associations" (RFC 5352 §3.6)
    this.#onNobodyFound(round);
    // Whoever was told may have called it off.
    if (this.isUnderWay) this.#beginRound(now, round.number + 1);
  }

  #beginRound(now: Milliseconds, number: number): void {
    const { options, random } = this.#settings;
    // "increase T5 by a factor of two", "up to RETRAN-MAX" (RFC 5352 §3.6)
    const roundMs = Math.min(options.t5ServerHuntMs * 2 ** number, options.retranMaxMs);
    // Whose turn has not come yet goes first: where few of many live, one of them is found soon.
    const all = this.#registrars.all(now, random);
    const left = (this.#round?.candidates ?? []).filter((one) => isAmong(all, one));
    const candidates = [...left, ...all.filter((one) => !isAmong(left, one))];
    const isAvoided = (one: RegistrarAddresses) => isSameRegistrar(one, this.#avoided);
    this.#round = {
      number,
      t5: now + roundMs,
      candidates: number === 0 ? candidates.filter((one) => !isAvoided(one)) : candidates,
      isLost: false,
    };
    this.#callMore(this.#round);
  }

  #callMore(round: Round): void {
    const { options, emit, log } = this.#settings;
    while (this.#calling.size < options.maxParallelCalls) {
      const peer = round.candidates.shift() ?? this.#lastResort();
      if (peer === undefined) return;
      const attempt = ++this.#lastAttempt;
      this.#calling.set(attempt, peer);
      log.debug({ attempt, peer, round: round.number }, 'calling a registrar');
      emit({ type: 'connect', attempt, peer });
    }
  }

  /** The avoided registrar, once, when there is nobody else to wait for. */
  #lastResort(): RegistrarAddresses | undefined {
    if (this.#calling.size > 0 || this.#round?.number !== 0) return undefined;
    const avoided = this.#avoided;
    this.#avoided = [];
    return avoided.length > 0 ? avoided : undefined;
  }

  #giveUpCalls(): void {
    const attempts = [...this.#calling.keys()];
    this.#calling.clear();
    for (const attempt of attempts) this.#settings.emit({ type: 'cancelConnect', attempt });
  }

  #onNobodyFound(round: Round): void {
    if (round.isLost) return;
    round.isLost = true;
    this.#settings.log.info({ round: round.number }, 'no registrar found');
    this.#settings.onNobodyFound();
  }

  /** Registrars that take the association and do nothing with it are not called as fast as they end it. */
  #pauseMs(): Milliseconds {
    const { refusedPauseMs, retranMaxMs } = this.#settings.options;
    if (this.#disappointments < 2) return 0;
    return Math.min(refusedPauseMs * 2 ** (this.#disappointments - 2), retranMaxMs);
  }
}
