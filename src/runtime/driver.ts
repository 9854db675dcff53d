/**
 * Runs one protocol machine over one SCTP endpoint: events become inputs, outputs become calls, the
 * next deadline becomes a wake-up. Decides nothing. What an output means beyond associations (an
 * announce, a result for the application) is its owner's business: `perform`. In which order things
 * happen is `steps.ts`.
 */

import { HeldMessages } from '../protocol/held-messages.ts';
import type { Logger } from '../protocol/logger.ts';
import type {
  AssociationInput,
  AssociationOutput,
  ConnectAttempt,
  Machine,
} from '../protocol/machine.ts';
import type {
  AssociationDownReason,
  SctpEndpoint,
  SctpHandler,
  SctpStack,
} from '../transport/transport.ts';
import {
  type AssociationId,
  type Milliseconds,
  PAYLOAD_PROTOCOL,
  type SctpAddress,
} from '../types.ts';
import type { ExceptionHandler } from './application-calls.ts';
import type { Clock } from './clock.ts';
import { Steps } from './steps.ts';

type Arenas = NonNullable<SctpStack['arenas']>;

/**
 * For peers that do not read as fast as they ask. Where the transport holds their requests back, some 64 KiB of them
 * wait here; else thousands.
 */
const MAX_HELD_BYTES_PER_PEER = 1 << 20;
const MAX_HELD_BYTES = 64 * MAX_HELD_BYTES_PER_PEER;

/**
 * A machine that can answer a message where it lies: reads `length` bytes at `offset` of the stack's inbound
 * arena, leaves the answer at the outbound arena's position and returns its bytes. 0: not this one, use
 * `handle`. Negative: the outbound arena is full, flush and ask again.
 */
export interface InPlaceResponder {
  answerInPlace(
    now: Milliseconds,
    association: AssociationId,
    offset: number,
    length: number,
  ): number;
}

export interface DriverOptions<Input, Output> {
  readonly machine: Machine<AssociationInput | Input, AssociationOutput | Output>;
  readonly stack: SctpStack;
  /** SCTP port; 0: any free one. */
  readonly port: number;
  /** Whether others may open associations to this endpoint. */
  readonly accepts: boolean;
  /** Messages ask for answers: those of a peer that does not read wait until it does. Default: they do not. */
  readonly answersRequests?: boolean;
  readonly clock: Clock;
  /** Default: says nothing. */
  readonly log?: Logger;
  /** Shared with another driver of the same object. Default: none is. */
  readonly steps?: Steps | undefined;
  /**
   * Does what an output asks for that is not about associations. May call `input`. What it has to
   * tell the application waits until all outputs of the step are performed: `Steps.callLater`.
   */
  perform(output: Output): void;
  /** What it did has been handed over to the stack. */
  onSettled?: (() => void) | undefined;
  /** The hot path, where the machine and the stack have one. */
  readonly inPlace?: InPlaceResponder | undefined;
}

export class Driver<Input extends { type: string }, Output extends { type: string }> {
  readonly endpoint: SctpEndpoint;
  /** Associations aborted because their peers did not read. */
  slowReaders = 0;
  readonly #options: DriverOptions<Input, Output>;
  readonly #steps: Steps;
  readonly #inbox: (AssociationInput | Input)[] = [];
  readonly #slowPeers = new HeldMessages(MAX_HELD_BYTES_PER_PEER, MAX_HELD_BYTES);
  readonly #attempts = new Map<AssociationId, ConnectAttempt>();
  /** Asked to end gracefully, and not ended yet. */
  readonly #ending = new Set<AssociationId>();
  #onAllEnded = () => {};
  #isRunning = false;
  #isInBatch = false;
  #isUnsettled = false;
  #isClosed = false;
  #wakeUp: { at: Milliseconds; cancel: () => void } | undefined;

  constructor(options: DriverOptions<Input, Output>) {
    this.#options = options;
    this.#steps = options.steps ?? new Steps();
    const { port, accepts, answersRequests = false } = options;
    this.endpoint = options.stack.open({ port, accepts, answersRequests }, this.#handler());
  }

  /**
   * Begins a step: gives the machine an input, performs what comes of it, and calls the
   * application, unless more of the same batch is to come. From within a step: right after that
   * one.
   *
   * @param onRefused receives what the machine throws. Default: it is thrown
   */
  input(input: AssociationInput | Input, onRefused?: ExceptionHandler): void {
    this.#steps.run(() => {
      this.feed(input);
      if (!this.#isInBatch) this.settle();
    }, onRefused);
    if (!this.#isInBatch) this.#steps.callApplication();
  }

  /**
   * Gives the machine an input that belongs to the step that is under way. What comes of it goes
   * out with `settle`.
   */
  feed(input: AssociationInput | Input): void {
    if (this.#isClosed) return;
    this.#inbox.push(input);
    if (this.#isRunning) return;
    this.#isUnsettled = true;
    this.#isRunning = true;
    try {
      this.#run();
    } finally {
      this.#isRunning = false;
    }
  }

  /** Hands over what came of `feed`. */
  settle(): void {
    if (this.#isUnsettled) this.#settle();
  }

  /** Fulfilled when every graceful end has come about, or after `limitMs`. */
  async gracefulEnds(limitMs: Milliseconds): Promise<void> {
    if (this.#ending.size === 0) return;
    const { clock } = this.#options;
    const allEnded = new Promise<void>((resolve) => {
      this.#onAllEnded = resolve;
    });
    const cancel = clock.wakeAt(clock.now() + limitMs, this.#onAllEnded);
    await allEnded;
    cancel();
  }

  /** Ends all associations at once; the machine hears nothing more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#wakeUp?.cancel();
    this.endpoint.close();
  }

  /** One input, then everything it gave rise to, then the next input. */
  #run(): void {
    const { machine, clock } = this.#options;
    for (let input = this.#inbox.shift(); input !== undefined; input = this.#inbox.shift()) {
      machine.handle(clock.now(), input);
      for (const output of machine.drain()) this.#perform(output);
      if (this.#isClosed) return;
    }
  }

  #perform(output: AssociationOutput | Output): void {
    const { endpoint } = this;
    if (isAbout('send', output)) {
      this.#send(output.association, output.payloadProtocol, output.payload);
    } else if (isAbout('connect', output)) this.#connect(output.attempt, output.peer);
    else if (isAbout('cancelConnect', output)) this.#cancelConnect(output.attempt);
    else if (isAbout('shutdown', output)) this.#shutdown(output.association);
    else if (isAbout('abort', output)) endpoint.abort(output.association, output.reason);
    else this.#options.perform(output as Output);
  }

  #shutdown(association: AssociationId): void {
    this.#ending.add(association);
    this.endpoint.shutdown(association);
  }

  #connect(attempt: ConnectAttempt, peer: readonly SctpAddress[]): void {
    try {
      this.#attempts.set(this.endpoint.connect(peer), attempt);
    } catch {
      // No room for another association, or no way to this address: for the machine both are a refusal.
      this.#inbox.push({ type: 'connectFailed', attempt });
    }
  }

  /** That it has failed is told then, as if nobody had answered. */
  #cancelConnect(attempt: ConnectAttempt): void {
    for (const [association, one] of this.#attempts) {
      if (one === attempt) this.endpoint.abort(association, 'another one has answered first');
    }
  }

  /** Sends a message, or lets it wait until the peer has read what it was sent before. */
  #send(association: AssociationId, payloadProtocol: number, payload: Uint8Array): void {
    const isWaiting = this.#slowPeers.has(association);
    if (!isWaiting && this.endpoint.send(association, payloadProtocol, payload) !== 'full') return;
    this.#hold(association, 'outbound', payloadProtocol, payload);
  }

  #hold(
    association: AssociationId,
    direction: 'outbound' | 'inbound',
    payloadProtocol: number,
    payload: Uint8Array,
  ): void {
    const isFirst = !this.#slowPeers.has(association);
    if (this.#slowPeers.hold(association, direction, payloadProtocol, payload)) {
      if (isFirst && this.#options.answersRequests) this.endpoint.pause(association, true);
      return;
    }
    this.slowReaders += 1;
    this.#slowPeers.release(association);
    this.endpoint.abort(association, 'the peer does not read its messages');
  }

  /** Sends and reads what waited for a peer; some of it may have to wait again. */
  #catchUp(association: AssociationId): void {
    if (!this.#slowPeers.has(association)) return;
    const { outbound, inbound } = this.#slowPeers.release(association);
    for (const { payloadProtocol, payload } of outbound) {
      this.#send(association, payloadProtocol, payload);
    }
    for (const { payloadProtocol, payload } of inbound) {
      this.#read(association, payloadProtocol, payload);
    }
    if (!this.#slowPeers.has(association)) this.endpoint.pause(association, false);
  }

  #read(association: AssociationId, payloadProtocol: number, payload: Uint8Array): void {
    if (this.#options.answersRequests && this.#slowPeers.has(association)) {
      this.#hold(association, 'inbound', payloadProtocol, payload);
    } else {
      this.#event({ type: 'message', association, payloadProtocol, payload });
    }
  }

  #handler(): SctpHandler {
    return {
      onUp: (association, info) => {
        const attempt = this.#attempts.get(association);
        this.#attempts.delete(association);
        const { peerAddresses } = info;
        this.#event({ type: 'associationUp', association, peerAddresses, attempt });
      },
      onRestart: (association) => {
        this.#slowPeers.release(association);
        this.endpoint.pause(association, false);
        this.#event({ type: 'associationRestarted', association });
      },
      onAddresses: (association, { peerAddresses }) => {
        this.#event({ type: 'associationAddresses', association, peerAddresses });
      },
      onDown: (association, why) => this.#down(association, why),
      onEvicted: (association, reason) => {
        this.#options.log?.warn({ association, reason }, 'association aborted');
      },
      onMessage: (association, payloadProtocol, _stream, bytes, offset, length) => {
        if (this.#answeredInPlace(association, payloadProtocol, offset, length)) return;
        this.#read(association, payloadProtocol, bytes.subarray(offset, offset + length));
      },
      onPath: () => {},
      onWritable: (association) => this.#catchUp(association),
      onBatchEnd: () => {
        this.#isInBatch = false;
        this.#settle();
        this.#steps.callApplication();
      },
    };
  }

  #event(input: AssociationInput): void {
    this.#isInBatch = true;
    this.input(input);
  }

  #down(association: AssociationId, why: AssociationDownReason): void {
    const attempt = this.#attempts.get(association);
    this.#attempts.delete(association);
    this.#slowPeers.release(association);
    if (this.#ending.delete(association) && this.#ending.size === 0) this.#onAllEnded();
    if (attempt === undefined) this.#event({ type: 'associationDown', association, why });
    else this.#event({ type: 'connectFailed', attempt });
  }

  #answeredInPlace(
    association: AssociationId,
    payloadProtocol: number,
    offset: number,
    length: number,
  ): boolean {
    const { inPlace, clock } = this.#options;
    if (inPlace === undefined || payloadProtocol !== PAYLOAD_PROTOCOL.ASAP) return false;
    if (this.#slowPeers.has(association)) return false;
    let answerBytes = inPlace.answerInPlace(clock.now(), association, offset, length);
    if (answerBytes < 0) {
      this.endpoint.flush();
      answerBytes = inPlace.answerInPlace(clock.now(), association, offset, length);
    }
    if (answerBytes <= 0) return false;
    if (this.endpoint.sendInPlace(association, payloadProtocol, answerBytes) === 'full') {
      this.#holdAnswer(association, payloadProtocol, answerBytes);
    }
    return true;
  }

  /** An answer that was not taken still lies where it was written. */
  #holdAnswer(association: AssociationId, payloadProtocol: number, length: number): void {
    const { bytes, position } = (this.#options.stack.arenas as Arenas).outbound;
    const start = position[0] as number;
    this.#hold(association, 'outbound', payloadProtocol, bytes.subarray(start, start + length));
  }

  /** After a batch: hand over what was queued, and see when to wake up next. */
  #settle(): void {
    if (this.#isClosed) return;
    this.#isUnsettled = false;
    this.endpoint.flush();
    this.#setAlarm();
    this.#options.onSettled?.();
  }

  #setAlarm(): void {
    const at = this.#options.machine.nextDeadline();
    if (this.#wakeUp !== undefined && this.#wakeUp.at <= at) return; // an early wake-up is harmless
    this.#wakeUp?.cancel();
    this.#wakeUp = undefined;
    if (at === Number.POSITIVE_INFINITY) return;
    this.#wakeUp = { at, cancel: this.#options.clock.wakeAt(at, () => this.#timeout()) };
  }

  #timeout(): void {
    this.#wakeUp = undefined;
    this.input({ type: 'timeout' });
  }
}

function isAbout<Type extends AssociationOutput['type']>(
  type: Type,
  output: { type: string },
): output is Extract<AssociationOutput, { type: Type }> {
  return output.type === type;
}
