/**
 * Our registrar machine in the place of rspregistrar: what real pool elements and pool users of rsplib sent,
 * and hand-made messages with and without faults, at the recorded times and from the recorded addresses.
 * Every answer is compared with rspregistrar's.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { AssociationInput } from '../../src/protocol/machine.ts';
import { type AssociationId, PAYLOAD_PROTOCOL } from '../../src/types.ts';
import { decodeAsap } from '../../src/wire/asap.ts';
import { CAUSE } from '../../src/wire/parameters.ts';
import { readSctpPackets, readUdpDatagrams } from '../support/sctp-messages.ts';
import { ASAP } from './asap.ts';
import { conversationOf, type MessageEvent, type RecordedEvent } from './conversation.ts';
import { EXCEPTIONS } from './exceptions.ts';
import { InPlaceRegistrar, RECORDED_ASAP_PORT, recordedRegistrar } from './recorded-registrar.ts';
import { replay } from './replay.ts';

describe.each(Object.keys(EXCEPTIONS))('the ASAP conversations of capture %s', (capture) => {
  const events = recordedEvents(capture);
  const recordedAnswers = events.filter(
    (event) => event.type === 'sent' && ASAP.subjectOfProbe(event.payload) === undefined,
  );
  const expected = EXCEPTIONS[capture]?.map(({ because: _, ...difference }) => difference);

  test.each(['message by message', 'with resolutions answered in place'])(
    'get the answers of rspregistrar, but for the listed exceptions: %s',
    (how) => {
      const recorded = recordedRegistrar();
      const isInPlace = how.includes('in place');
      const machine = isInPlace ? new InPlaceRegistrar(recorded) : recorded.registrar;
      const result = replay(machine, events, ASAP);
      expect(result.differences).toEqual(expected);
      expect(result.messagesReplayed).toBeGreaterThan(0);
      expect(result.answersCompared).toBeGreaterThanOrEqual(recordedAnswers.length);
      expect(result.probesCompared).toBeGreaterThan(0);
    },
  );
});

test.each([
  ['01-registration', 'that deregistered'],
  ['05-keepalive', 'that were killed and that fell silent'],
])('after capture %s the pool elements %s are gone', (capture) => {
  const { registrar, handlespace } = recordedRegistrar();
  replay(registrar, recordedEvents(capture), ASAP);
  expect(handlespace.stats()).toMatchObject({ pools: 0, poolElements: 0 });
});

test('every exception names a decision that exists', () => {
  const file = new URL('../../docs/spec/interop-decisions.md', import.meta.url);
  const decisions = readFileSync(file, 'utf8');
  for (const { frame, because } of Object.values(EXCEPTIONS).flat()) {
    if (because === 'ENRP') continue;
    expect(decisions, `frame ${frame}`).toMatch(new RegExp(`^\\| ${because} +\\|`, 'm'));
  }
});

test('announces say what those of rspregistrar say (RFC 5352 §2.2.10)', () => {
  const recorded = readUdpDatagrams(captureFile('01-registration'))
    .filter(({ destination }) => destination.port === RECORDED_ASAP_PORT)
    .map(({ payload }) => hexadecimal(payload));
  const { registrar } = recordedRegistrar();
  const announces: string[] = [];
  while (announces.length < 3) {
    registrar.handle(registrar.nextDeadline(), { type: 'timeout' });
    for (const output of registrar.drain()) {
      if (output.type === 'announce') announces.push(hexadecimal(output.payload));
    }
  }
  expect(new Set(announces)).toEqual(new Set(recorded));
});

describe('the last message of capture 12, on which rspregistrar dies', () => {
  const events = recordedEvents('12-errors');
  const deadly = messageIn(events, 946);
  const resolution = messageIn(events, 343);
  const stranger = 1_000 as AssociationId;

  test('gets an error, changes nothing, and the registrar is still there (decision 18)', () => {
    const { registrar, handlespace } = recordedRegistrar();
    replay(registrar, events, ASAP);
    const before = handlespace.stats();
    const peerAddresses = [{ address: '10.20.0.21', port: 33_263 }];
    const answersTo = (input: AssociationInput) => {
      registrar.handle(60_000, input);
      return registrar.drain().filter((output) => output.type !== 'requestRefused');
    };
    answersTo({ type: 'associationUp', association: stranger, peerAddresses });

    const answers = answersTo(message(deadly));
    expect(answers).toHaveLength(1);
    expect(decoded(answers[0])).toMatchObject({
      type: 'ASAP_ERROR',
      errors: [{ code: CAUSE.INVALID_VALUES }],
    });
    expect(handlespace.stats()).toEqual(before);
    handlespace.verify();

    const [stillThere] = answersTo(message(resolution));
    expect(decoded(stillThere)).toMatchObject({
      type: 'ASAP_HANDLE_RESOLUTION_RESPONSE',
      poolElements: [{ id: 0xcafe }],
    });
  });

  function message({ payload }: MessageEvent): AssociationInput {
    return {
      type: 'message',
      association: stranger,
      payloadProtocol: PAYLOAD_PROTOCOL.ASAP,
      payload,
    };
  }

  function decoded(output: { type: string } | undefined) {
    if (output?.type !== 'send') throw new Error(`not an answer: ${output?.type}`);
    return decodeAsap((output as unknown as { payload: Uint8Array }).payload);
  }
});

function recordedEvents(capture: string): RecordedEvent[] {
  return conversationOf(readSctpPackets(captureFile(capture)), RECORDED_ASAP_PORT);
}

function captureFile(capture: string): Uint8Array {
  return readFileSync(new URL(`../vectors/captures/${capture}.pcapng`, import.meta.url));
}

function messageIn(events: readonly RecordedEvent[], frame: number): MessageEvent {
  const event = events.find((one) => one.frame === frame);
  if (event?.type !== 'received') throw new Error(`Frame ${frame} holds no received message.`);
  return event;
}

function hexadecimal(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
