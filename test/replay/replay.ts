/**
 * Lets a protocol machine live through a recorded conversation, and tells where its answers differ from the
 * recorded ones. What the peers sent goes in at its recorded time; what the machine answers is compared with
 * what was recorded as the answer to the same message.
 *
 * What happens by the machine's own clock is compared in content and not in time: probes, and the ABORT when
 * one is not acknowledged. The recorded peers acknowledge our probes with their recorded bytes, for as long
 * as they did so in the capture.
 */

import type { AssociationInput, AssociationOutput, Machine } from '../../src/protocol/machine.ts';
import type { AssociationId, Milliseconds } from '../../src/types.ts';
import type { MessageEvent, RecordedEvent } from './conversation.ts';
import { type Difference, differencesBetween } from './differences.ts';
import { Recording, type ReplayedProtocol } from './recording.ts';

export interface ReplayResult {
  /** In the order in which they came up. */
  readonly differences: readonly Difference[];
  /** How much was compared, so that a test notices when nothing was. */
  readonly messagesReplayed: number;
  readonly answersCompared: number;
  readonly probesCompared: number;
}

type Output = AssociationOutput | { readonly type: 'other' };
type Sent = AssociationOutput & { readonly type: 'send' };

/** How long the clock goes on after the last recorded event, for what is still to time out. */
const AFTERMATH_MS = 5_000;
/** Between two recorded events. */
const MAX_TIMEOUTS = 10_000;

/** What of the machine's output is not about associations is left aside. */
export function replay(
  machine: Machine<AssociationInput, { readonly type: string }>,
  events: readonly RecordedEvent[],
  protocol: ReplayedProtocol,
): ReplayResult {
  const run = new Replay(machine as Machine<AssociationInput, Output>, events, protocol);
  run.live();
  return run.result();
}

class Replay {
  readonly #machine: Machine<AssociationInput, Output>;
  readonly #recording: Recording;
  readonly #protocol: ReplayedProtocol;
  readonly #differences: Difference[] = [];
  /** Associations that the machine has ended, and how. */
  readonly #ended = new Map<number, string>();
  #answers: Sent[] = [];
  #now: Milliseconds = 0;
  #frame = 0;
  #messagesReplayed = 0;
  #answersCompared = 0;
  #probesCompared = 0;

  constructor(
    machine: Machine<AssociationInput, Output>,
    events: readonly RecordedEvent[],
    protocol: ReplayedProtocol,
  ) {
    this.#machine = machine;
    this.#recording = new Recording(events, protocol);
    this.#protocol = protocol;
  }

  live(): void {
    let endMs = 0;
    for (const event of this.#recording.events) {
      this.#runClock(event.atMs);
      endMs = event.atMs;
      this.#frame = event.frame;
      this.#experience(event);
    }
    this.#runClock(endMs + AFTERMATH_MS);
    this.#compareEnds();
  }

  result(): ReplayResult {
    return {
      differences: this.#differences,
      messagesReplayed: this.#messagesReplayed,
      answersCompared: this.#answersCompared,
      probesCompared: this.#probesCompared,
    };
  }

  #experience(event: RecordedEvent): void {
    const association = event.association as AssociationId;
    let expected: readonly MessageEvent[] = [];
    if (event.type === 'up') {
      const { peerAddresses } = event;
      this.#input(event.atMs, { type: 'associationUp', association, peerAddresses });
    } else if (this.#ended.has(event.association)) {
      return; // the peer of an association that we have ended is not heard any more
    } else if (event.type === 'down') {
      if (event.by === 'endpoint') return; // whether we do the same: compareEnds
      this.#input(event.atMs, { type: 'associationDown', association, why: event.why });
    } else {
      if (event.type === 'sent' || this.#recording.isAcknowledgement(event)) return;
      const { payloadProtocol, payload } = event;
      this.#messagesReplayed += 1;
      this.#input(event.atMs, { type: 'message', association, payloadProtocol, payload });
      expected = this.#recording.answersTo(event);
    }
    this.#compareAnswers(event.association, expected);
  }

  #runClock(untilMs: Milliseconds): void {
    for (let timeouts = 0; this.#machine.nextDeadline() <= untilMs; timeouts += 1) {
      if (timeouts === MAX_TIMEOUTS) throw new Error('The machine is never content.');
      // A deadline in the past means: at once.
      this.#input(Math.max(this.#now, this.#machine.nextDeadline()), { type: 'timeout' });
      this.#compareAnswers(0, []);
    }
  }

  #input(now: Milliseconds, input: AssociationInput): void {
    this.#now = now;
    this.#machine.handle(now, input);
    for (const output of [...this.#machine.drain()]) this.#perform(now, output);
  }

  #perform(now: Milliseconds, output: Output): void {
    if (output.type === 'send') {
      const subject = this.#protocol.subjectOfProbe(output.payload);
      if (subject === undefined) this.#answers.push(output);
      else this.#onProbe(now, output, subject);
    } else if (output.type === 'abort' || output.type === 'shutdown') {
      const { association, type: why } = output;
      this.#ended.set(association, why);
      this.#input(now, { type: 'associationDown', association, why });
    } else if (output.type === 'connect') {
      this.#differ('association', '-', 'connect');
    }
  }

  #onProbe(now: Milliseconds, { association, payload, payloadProtocol }: Sent, subject: string) {
    const recorded = this.#recording.probe(association, subject);
    this.#probesCompared += 1;
    this.#compare(recorded?.payload, payload);
    if (recorded?.acknowledgement === undefined || now > recorded.isAnsweredUntilMs) return;
    const acknowledgement = recorded.acknowledgement;
    this.#input(now, { type: 'message', association, payloadProtocol, payload: acknowledgement });
  }

  #compareAnswers(association: number, expected: readonly MessageEvent[]): void {
    const answers = this.#answers.filter((answer) => answer.association === association);
    const strays = this.#answers.filter((answer) => answer.association !== association);
    this.#answers = [];
    for (const stray of strays) this.#compare(undefined, stray.payload);
    for (let i = 0; i < Math.max(expected.length, answers.length); i += 1) {
      this.#answersCompared += 1;
      const [recorded, ours] = [expected[i], answers[i]];
      this.#compare(recorded?.payload, ours?.payload);
      if (recorded && ours && recorded.payloadProtocol !== ours.payloadProtocol) {
        this.#differ('payloadProtocol', `${recorded.payloadProtocol}`, `${ours.payloadProtocol}`);
      }
    }
  }

  #compare(recorded: Uint8Array | undefined, ours: Uint8Array | undefined): void {
    const decode = this.#protocol.decode;
    this.#differences.push(...differencesBetween(this.#frame, recorded, ours, decode));
  }

  /** Whether the same associations were ended by us as by the recorded endpoint, and in the same way. */
  #compareEnds(): void {
    for (const event of this.#recording.events) {
      if (event.type !== 'up') continue;
      const end = this.#recording.endByEndpoint(event.association);
      const [recorded, ours] = [end?.why ?? '-', this.#ended.get(event.association) ?? '-'];
      this.#frame = end?.frame ?? event.frame;
      if (recorded !== ours) this.#differ('association', recorded, ours);
    }
  }

  #differ(field: string, recorded: string, ours: string): void {
    this.#differences.push({ frame: this.#frame, field, recorded, ours });
  }
}
