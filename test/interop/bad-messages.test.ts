/**
 * Malformed and odd messages, those of capture 12 and some of our own, and handles that rsplib's programs
 * would die of, sent to our registrar while they use it: each gets a clear error or nothing, and nobody else
 * notices. `scenarios/bad-messages.sh`.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { PAYLOAD_PROTOCOL } from '../../src/types.ts';
import { encodeAsap } from '../../src/wire/asap.ts';
import { readSctpMessages } from '../support/sctp-messages.ts';
import { describeScenario, expectWellFormed, TRANSPORTS_OF_THIS_RUN } from './lab.ts';
import { ASAP, CAUSE, CHUNK, type Host, WireLog } from './wire-log.ts';

const REGISTRAR: Host = ['10.20.0.1'];
const SENDER: Host = ['10.20.0.21'];
const RSPLIB: Host = ['10.20.0.11', '10.20.0.22'];

interface RawMessage {
  readonly payloadProtocol: number;
  readonly payload: Uint8Array;
}

/** What somebody sent by hand to rspregistrar's ASAP port. */
function recordedMessages(): readonly RawMessage[] {
  const capture = new URL('../vectors/captures/12-errors.pcapng', import.meta.url);
  return readSctpMessages(readFileSync(capture)).filter(
    ({ source, destination }) => destination.port === 3863 && source.address === SENDER[0],
  );
}

function resolutionOf(octets: number): RawMessage {
  const poolHandle = new Uint8Array(octets).fill(0x78);
  const payload = encodeAsap({ type: 'ASAP_HANDLE_RESOLUTION', wantsUpdates: false, poolHandle });
  return { payloadProtocol: PAYLOAD_PROTOCOL.ASAP, payload };
}

const RECORDED = recordedMessages();
const MESSAGES = [...RECORDED, resolutionOf(33), resolutionOf(65_527)];

function prepare(folder: string): void {
  const lines = MESSAGES.map(
    ({ payloadProtocol, payload }) => `${payloadProtocol} ${Buffer.from(payload).toString('hex')}`,
  );
  writeFileSync(path.join(folder, 'messages.txt'), `${lines.join('\n')}\n`);
}

const error = (cause: number) => [{ type: 'ASAP_ERROR', causes: [cause] }];
const rejection = (cause: number) => [
  { type: 'ASAP_REGISTRATION_RESPONSE', isRejected: true, causes: [cause] },
];
/** Title, how the message begins, the answers. */
const ANSWERS: readonly [string, string, readonly object[]][] = [
  ['a message shorter than its header', '05000002', error(0)],
  ['a message longer than what came', '05000100', error(0)],
  ['a parameter longer than its message', '0500000c000900ff', error(3)],
  ['an unknown message', '7f000004', error(2)],
  ['an unknown parameter that asks to stop and tell', '05000018402a', error(1)],
  ['an unknown parameter that asks to stop', '05000018002a', []],
  ['an empty pool handle', '0500000800090004', error(3)],
  ['the pool element identifier 0', '010000340009000850353033', rejection(3)],
  ['an unknown policy', '010000340009000850353062', rejection(5)],
  ['the policy before the transport', '010000340009000850353065', rejection(3)],
  ["a cookie, which is none of a registrar's business", '0b000010', []],
  ['the registration of a pool handle of 33 octets', '0100005400090025', error(3)],
  ['the resolution of a pool handle of 33 octets', '0500002900090025', error(3)],
  ['the resolution of a pool handle of 65 527 octets', '0500ffff0009fffb', error(3)],
];

const scenario = {
  script: 'bad-messages.sh',
  limitS: 120,
  transports: TRANSPORTS_OF_THIS_RUN,
  prepare,
};
describeScenario('bad messages to a registrar that serves rsplib', scenario, (seen) => {
  const wire = () => seen.wire('registrar');
  const outcomes = () =>
    seen.jsonLines('answers.txt') as readonly {
      readonly message: string;
      readonly answers: readonly object[];
      readonly end: string | null;
    }[];

  test.each(ANSWERS)('%s is answered as it should be (RFC 5354 §3.12)', (_, begin, answers) => {
    const found = outcomes().filter(({ message }) => message.startsWith(begin));
    expect(found).toEqual([{ message: expect.anything(), answers, end: null }]);
  });

  test('every message is dealt with, and only ENRP on the ASAP port costs the association', () => {
    expect(seen.text('answers-errors.txt')).toBe('');
    expect(outcomes()).toHaveLength(MESSAGES.length);
    const ended = outcomes().flatMap(({ end }, i) =>
      end === null ? [] : [[MESSAGES[i]?.payloadProtocol, end]],
    );
    expect(ended).toEqual([[PAYLOAD_PROTOCOL.ENRP, 'abort']]);
  });

  test("rsplib's programs live, and are served as before", () => {
    expect(seen.observations.echoesAfterwards).toBeGreaterThanOrEqual(2);
    expect(seen.observations.resolveStatus).toBe(0);
    expect(seen.jsonLines('resolved.txt')).toMatchObject([{ id: '0xcf000001' }]);
    expect(seen.toldOf(0xcf00_0001)).toEqual(['registered', 'removed: deregistered']);
  });

  test('they are sent no error and no ABORT, and abort nothing themselves', () => {
    const { badFromS = 0, badToS = 0 } = seen.observations;
    const meanwhile = wire().between(badFromS, badToS);
    expect(wire().sent(REGISTRAR, RSPLIB).withMessage(ASAP.error)).toEqual([]);
    expect(meanwhile.sent(REGISTRAR, RSPLIB).withChunk(CHUNK.abort)).toEqual([]);
    expect(meanwhile.sent(RSPLIB, REGISTRAR).withChunk(CHUNK.abort)).toEqual([]);
  });

  test('the registrar lives, ends cleanly, and what it sends is well-formed', () => {
    expect(seen.observations.registrarStatus).toBe(0);
    expect(seen.logged('registrar-errors.txt')).toEqual([
      'warn: association aborted: wrongPayloadProtocol',
      'warn: malformed message',
    ]);
    // A cause 3 shows the parameter that was wrong, which is then wrong in Wireshark's eyes too.
    const { frames } = wire().sent(REGISTRAR, [...SENDER, ...RSPLIB]);
    const own = frames.filter(({ causes }) => !causes.includes(CAUSE.invalidValues));
    expectWellFormed(new WireLog(own), seen.transport);
  });
});
