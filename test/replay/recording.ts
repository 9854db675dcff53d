/**
 * A recorded conversation as something to ask: what was answered to a message, what a probe looked like and
 * how it was acknowledged. Which messages are probes is the protocol's business.
 */

import type { Milliseconds } from '../../src/types.ts';
import type { DownEvent, MessageEvent, RecordedEvent } from './conversation.ts';
import type { DecodedMessage } from './differences.ts';

/** What has to be known of a protocol in order to replay it. */
export interface ReplayedProtocol {
  decode(bytes: Uint8Array): DecodedMessage;
  /** What a probe, or the acknowledgement of one, is about; `undefined` for any other message. */
  subjectOfProbe(bytes: Uint8Array): string | undefined;
  subjectOfAcknowledgement(bytes: Uint8Array): string | undefined;
}

/** One message that the endpoint sends of its own accord, again and again, and its acknowledgement. */
export interface RecordedProbe {
  readonly payload: Uint8Array;
  readonly acknowledgement: Uint8Array | undefined;
  /** Until when the peer answers: for ever, or until the last answer that it gave. */
  readonly isAnsweredUntilMs: Milliseconds;
}

export class Recording {
  readonly events: readonly RecordedEvent[];
  readonly #protocol: ReplayedProtocol;

  constructor(events: readonly RecordedEvent[], protocol: ReplayedProtocol) {
    this.events = events;
    this.#protocol = protocol;
  }

  /** What the endpoint sent on this association before the peer did something again. */
  answersTo(message: MessageEvent): MessageEvent[] {
    const answers: MessageEvent[] = [];
    for (const event of this.events.slice(this.events.indexOf(message) + 1)) {
      if (event.association !== message.association) continue;
      if (event.type === 'sent') {
        if (this.#protocol.subjectOfProbe(event.payload) === undefined) answers.push(event);
      } else if (event.type === 'received' && this.isAcknowledgement(event)) continue;
      else break;
    }
    return answers;
  }

  /** Whether this message acknowledges a probe; one that nobody asked for is a message like others. */
  isAcknowledgement(message: MessageEvent): boolean {
    const subject = this.#protocol.subjectOfAcknowledgement(message.payload);
    if (message.type !== 'received' || subject === undefined) return false;
    return this.#probes(message.association, subject).some(({ atMs }) => atMs <= message.atMs);
  }

  /** The probe about `subject` that was seen on this association, if one was. */
  probe(association: number, subject: string): RecordedProbe | undefined {
    const probes = this.#probes(association, subject);
    const acknowledgements = this.#messages(association, 'received').filter(
      ({ payload }) => this.#protocol.subjectOfAcknowledgement(payload) === subject,
    );
    const [first, last] = [probes[0], acknowledgements.at(-1)];
    if (first === undefined) return undefined;
    const isLastAnswered = (probes.at(-1)?.atMs ?? 0) <= (last?.atMs ?? 0);
    return {
      payload: first.payload,
      acknowledgement: last?.payload,
      isAnsweredUntilMs: isLastAnswered ? Number.POSITIVE_INFINITY : (last?.atMs ?? 0),
    };
  }

  /** How this association ended, when it was the endpoint that ended it. */
  endByEndpoint(association: number): DownEvent | undefined {
    return this.events.find(
      (event): event is DownEvent =>
        event.type === 'down' && event.by === 'endpoint' && event.association === association,
    );
  }

  #probes(association: number, subject: string): MessageEvent[] {
    return this.#messages(association, 'sent').filter(
      ({ payload }) => this.#protocol.subjectOfProbe(payload) === subject,
    );
  }

  #messages(association: number, type: MessageEvent['type']): MessageEvent[] {
    return this.events.filter(
      (event): event is MessageEvent => event.type === type && event.association === association,
    );
  }
}
