/** The replay itself: that it notices what it is there to notice. */

import { describe, expect, test } from 'vitest';
import type { AssociationInput, Machine } from '../../src/protocol/machine.ts';
import type { AssociationId } from '../../src/types.ts';
import type { CapturedChunk, CapturedPacket } from '../support/sctp-messages.ts';
import { conversationOf, type RecordedEvent } from './conversation.ts';
import type { ReplayedProtocol } from './recording.ts';
import { replay } from './replay.ts';

/** A toy protocol: one byte says what a message is, the others belong to it. */
const REQUEST = 1;
const ANSWER = 2;
const PROBE = 3;
const ACKNOWLEDGEMENT = 4;
const TOY: ReplayedProtocol = {
  decode: ([type, ...content]) => ({
    type: `T${type}`,
    content: Uint8Array.from(content),
    errors: [],
  }),
  subjectOfProbe: ([type, about]) => (type === PROBE ? `${about}` : undefined),
  subjectOfAcknowledgement: ([type, about]) => (type === ACKNOWLEDGEMENT ? `${about}` : undefined),
};

/** A request is answered; a probe is acknowledged once and then no more, which ends the association. */
const EVENTS: readonly RecordedEvent[] = [
  { frame: 1, atMs: 0, association: 1, type: 'up', peerAddresses: [] },
  message(2, 10, 'received', REQUEST, 7),
  message(3, 11, 'sent', ANSWER, 7),
  message(4, 1000, 'sent', PROBE, 9),
  message(5, 1001, 'received', ACKNOWLEDGEMENT, 9),
  message(6, 2000, 'sent', PROBE, 9),
  { frame: 7, atMs: 3000, association: 1, type: 'down', by: 'endpoint', why: 'abort' },
];

function message(frame: number, atMs: number, type: 'received' | 'sent', ...bytes: number[]) {
  const payload = Uint8Array.from(bytes);
  return { frame, atMs, association: 1, type, payloadProtocol: 11, payload };
}

/** Answers requests with `answers`, probes every 900 ms, and aborts when 500 ms bring no acknowledgement. */
class ToyMachine implements Machine<AssociationInput, { type: string }> {
  readonly #answers: readonly number[][];
  readonly #probe: readonly number[];
  #outputs: { type: string }[] = [];
  #probeAtMs = Number.POSITIVE_INFINITY;
  #abortAtMs = Number.POSITIVE_INFINITY;

  constructor(answers: number[][], probe: number[] = [PROBE, 9]) {
    this.#answers = answers;
    this.#probe = probe;
  }

  handle(now: number, input: AssociationInput): void {
    if (input.type === 'associationUp') this.#probeAtMs = now + 900;
    if (input.type === 'timeout' && now >= this.#abortAtMs) this.#abort();
    else if (input.type === 'timeout' && now >= this.#probeAtMs) {
      this.#send(this.#probe);
      this.#probeAtMs = Number.POSITIVE_INFINITY;
      this.#abortAtMs = now + 500;
    }
    if (input.type !== 'message') return;
    if (input.payload[0] === REQUEST) for (const answer of this.#answers) this.#send(answer);
    else {
      this.#probeAtMs = now + 900;
      this.#abortAtMs = Number.POSITIVE_INFINITY;
    }
  }

  drain() {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  nextDeadline(): number {
    return Math.min(this.#probeAtMs, this.#abortAtMs);
  }

  #send(bytes: readonly number[]): void {
    const payload = Uint8Array.from(bytes);
    this.#output({ type: 'send', association: 1 as AssociationId, payloadProtocol: 11, payload });
  }

  #abort(): void {
    this.#probeAtMs = Number.POSITIVE_INFINITY;
    this.#abortAtMs = Number.POSITIVE_INFINITY;
    this.#output({ type: 'abort', association: 1 as AssociationId, reason: 'silent' });
  }

  #output(output: { type: string } & Record<string, unknown>): void {
    this.#outputs.push(output);
  }
}

function differences(machine: ToyMachine) {
  return replay(machine, EVENTS, TOY).differences;
}

describe('a replay', () => {
  test('finds no difference in a machine that does what was recorded', () => {
    expect(replay(new ToyMachine([[ANSWER, 7]]), EVENTS, TOY)).toEqual({
      differences: [],
      messagesReplayed: 1,
      answersCompared: 1,
      probesCompared: 2,
    });
  });

  test('names the field in which an answer differs', () => {
    expect(differences(new ToyMachine([[ANSWER, 8]]))).toEqual([
      { frame: 2, field: 'content', recorded: '07', ours: '08' },
    ]);
  });

  test('notices an answer of another type, one that is missing, and one too many', () => {
    expect(differences(new ToyMachine([[REQUEST, 7]]))).toEqual([
      { frame: 2, field: 'answer', recorded: 'T2', ours: 'T1' },
    ]);
    expect(differences(new ToyMachine([]))).toEqual([
      { frame: 2, field: 'answer', recorded: 'T2', ours: '-' },
    ]);
    expect(differences(new ToyMachine([[ANSWER, 7], [ANSWER]]))).toEqual([
      { frame: 2, field: 'answer', recorded: '-', ours: 'T2' },
    ]);
  });

  test('compares what probes say, and knows none that were not recorded', () => {
    expect(differences(new ToyMachine([[ANSWER, 7]], [PROBE, 9, 1]))).toContainEqual(
      expect.objectContaining({ field: 'content', recorded: '09', ours: '0901' }),
    );
    expect(differences(new ToyMachine([[ANSWER, 7]], [PROBE, 5]))).toContainEqual(
      expect.objectContaining({ field: 'answer', recorded: '-', ours: 'T3' }),
    );
  });

  test('notices that an association is not ended as it was', () => {
    const patient = new ToyMachine([[ANSWER, 7]]);
    patient.nextDeadline = () => Number.POSITIVE_INFINITY;
    expect(differences(patient)).toEqual([
      { frame: 7, field: 'association', recorded: 'abort', ours: '-' },
    ]);
  });
});

describe('a conversation', () => {
  const peer = { address: '10.0.0.2', port: 5000 };
  const endpoint = { address: '10.0.0.1', port: 3863 };
  const init: CapturedChunk = { type: 'INIT', initiateTag: 1, addresses: ['10.1.0.2'] };
  const data: CapturedChunk = {
    type: 'DATA',
    tsn: 1,
    stream: 0,
    payloadProtocol: 11,
    payload: Uint8Array.of(1),
  };

  /** A packet of the peer, from its first address unless said otherwise. */
  function packet(frame: number, chunk: CapturedChunk, how?: Partial<CapturedPacket>) {
    const common = { interface: 0, verificationTag: 1, source: peer, destination: endpoint };
    return { ...common, frame, atMs: frame, chunks: [chunk], ...how };
  }

  test('begins with the COOKIE ECHO, at the addresses of the INIT (RFC 9260 §5.1)', () => {
    const otherAddress = { address: '10.1.0.2', port: 5000 };
    const events = conversationOf(
      [
        packet(1, init),
        packet(2, { type: 'COOKIE_ECHO' }),
        packet(4, { type: 'SHUTDOWN' }, { source: endpoint, destination: otherAddress }),
        packet(3, data),
        packet(5, { type: 'ABORT' }),
      ],
      3863,
    );
    expect(events.map(({ frame, type, association }) => [frame, type, association])).toEqual([
      [2, 'up', 1],
      [3, 'received', 1],
      [4, 'down', 1],
    ]);
    expect(events[0]).toMatchObject({ peerAddresses: [peer, otherAddress] });
    expect(events[2]).toMatchObject({ by: 'endpoint', why: 'shutdown' });
  });

  test('leaves out a call that was never completed', () => {
    expect(conversationOf([packet(1, init)], 3863)).toEqual([]);
  });
});
