/**
 * What rsplib 3.4.4 sent (test/vectors/captures/README.md): every message is read, written again and
 * compared byte for byte. The exceptions are the complete list of differences: a missing entry fails, and so does
 * one that is not needed.
 */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { DecodeError } from '../../src/errors.ts';
import { PAYLOAD_PROTOCOL } from '../../src/types.ts';
import { readSctpMessages, readUdpDatagrams } from '../support/sctp-messages.ts';
import { ASAP, type Codec, decodeOrError, ENRP, hexOf, withLength } from './round-trip.ts';

const folder = path.resolve(import.meta.dirname, '../vectors/captures');
const captures = readdirSync(folder).filter((name) => name.endsWith('.pcapng'));

interface Exception {
  readonly frame: number;
  readonly field: 'message' | 'messageLength' | 'unrecognized' | 'order';
  readonly found: string;
  /** Decision in docs/spec/interop-decisions.md, or the section that asks for it. */
  readonly because: string;
}

const paddedLength = 'decision 33: the final padding is not counted by us';
const refusedValue = 'asap.md §10: refused with Invalid Values';
const refusedFrame = 'asap.md §10: no cause fits a message of a wrong length';
const discarded = 'RFC 5354 §3: 00 discards the message';
const reported = 'RFC 5354 §3: 01 discards the message and reports';
const skipped = 'RFC 5354 §3: 10 and 11 skip the parameter, so it is not written again';

type Exceptions = Readonly<Record<string, readonly Exception[]>>;

const ASAP_EXCEPTIONS: Exceptions = {
  '12-errors.pcapng': [
    // pool element identifier 0
    { frame: 81, field: 'message', found: 'cause 3', because: refusedValue },
    // pool element with its policy before its transport
    { frame: 202, field: 'message', found: 'cause 3', because: refusedValue },
    // pool element before the pool handle
    { frame: 221, field: 'order', found: '000a 0009', because: 'decision 17: any order is read' },
    { frame: 238, field: 'message', found: 'silence', because: discarded },
    { frame: 255, field: 'message', found: 'silence', because: discarded },
    { frame: 274, field: 'message', found: 'cause 1', because: reported },
    { frame: 285, field: 'message', found: 'cause 1', because: reported },
    { frame: 297, field: 'unrecognized', found: '802a000861626364', because: skipped },
    { frame: 308, field: 'unrecognized', found: '802a000861626364', because: skipped },
    { frame: 320, field: 'unrecognized', found: 'c02a000861626364', because: skipped },
    { frame: 331, field: 'unrecognized', found: 'c02a000861626364', because: skipped },
    { frame: 366, field: 'messageLength', found: '0014 0012', because: paddedLength },
    // empty pool handle
    { frame: 395, field: 'message', found: 'cause 3', because: 'decision 18: 1 octet at least' },
    // message type 0x7f
    { frame: 458, field: 'message', found: 'cause 2', because: 'RFC 5354 §4: 01 reports' },
    // message length 2
    { frame: 473, field: 'message', found: 'cause 0', because: refusedFrame },
    // message length 256 of 16 bytes
    { frame: 485, field: 'message', found: 'cause 0', because: refusedFrame },
    // parameter length 255 of 8 bytes
    { frame: 497, field: 'message', found: 'cause 3', because: refusedValue },
    { frame: 840, field: 'messageLength', found: '0010 000e', because: paddedLength },
    { frame: 870, field: 'messageLength', found: '0010 000e', because: paddedLength },
  ],
};

const ENRP_EXCEPTIONS: Exceptions = {
  '12-errors.pcapng': [
    // an ASAP message, sent to the ASAP port as ENRP: its pool handle is no list request's
    { frame: 536, field: 'message', found: 'cause 3', because: refusedValue },
    // message type 0x7f
    { frame: 575, field: 'message', found: 'cause 2', because: 'RFC 5354 §4: 01 reports' },
    { frame: 589, field: 'messageLength', found: '0014 0012', because: paddedLength },
    // a pool element without a home
    { frame: 691, field: 'message', found: 'cause 3', because: 'decision 13, parameters.md §3.4' },
  ],
};

const PROTOCOLS = [
  {
    name: 'ASAP',
    codec: ASAP as Codec<unknown>,
    payloadProtocol: PAYLOAD_PROTOCOL.ASAP,
    announcePort: 3863,
    // tshark: 732, of which frame 522 of 12 has no payload protocol
    messages: 731,
    exceptions: ASAP_EXCEPTIONS,
  },
  {
    name: 'ENRP',
    codec: ENRP as Codec<unknown>,
    payloadProtocol: PAYLOAD_PROTOCOL.ENRP,
    announcePort: 9901,
    messages: 513, // as tshark counts
    exceptions: ENRP_EXCEPTIONS,
  },
];
type Protocol = (typeof PROTOCOLS)[number];

describe.each(PROTOCOLS)('the $name codec, on what rsplib sent', (protocol) => {
  test('has captures to look at', () => {
    const messages = captures.flatMap((name) => messagesOf(name, protocol));
    expect(captures).toHaveLength(8);
    expect(messages).toHaveLength(protocol.messages);
  });

  test.each(captures)('reads and writes every message of %s', (name) => {
    const differences = messagesOf(name, protocol).flatMap(({ frame, payload }) =>
      differencesOf(protocol.codec, payload).map((difference) => ({ frame, ...difference })),
    );
    const expected = protocol.exceptions[name] ?? [];
    expect(differences).toEqual(expected.map(({ because: _, ...exception }) => exception));
  });
});

function messagesOf(
  name: string,
  { payloadProtocol, announcePort }: Protocol,
): { frame: number; payload: Uint8Array }[] {
  const file = readFileSync(path.join(folder, name));
  const messages = readSctpMessages(file).filter((one) => one.payloadProtocol === payloadProtocol);
  const announces = readUdpDatagrams(file).filter(
    ({ destination }) => destination.port === announcePort,
  );
  return [...messages, ...announces].sort((a, b) => a.frame - b.frame);
}

function differencesOf<Message>(
  codec: Codec<Message>,
  bytes: Uint8Array,
): Omit<Exception, 'frame' | 'because'>[] {
  const decoded = decodeOrError(codec, bytes);
  if (decoded instanceof DecodeError) {
    const { causeCode } = decoded;
    return [
      { field: 'message', found: causeCode === undefined ? 'silence' : `cause ${causeCode}` },
    ];
  }
  const written = codec.encode(decoded);
  if (hexOf(written) === hexOf(bytes)) return [];
  const recordedLength = hexOf(bytes.subarray(2, 4));
  if (hexOf(withLength(written, bytes.length)) === hexOf(bytes)) {
    return [
      { field: 'messageLength', found: `${recordedLength} ${hexOf(written.subarray(2, 4))}` },
    ];
  }
  const [theirs, ours] = [parametersOf(bytes), parametersOf(written)];
  const lost = theirs.filter((parameter) => !ours.includes(parameter));
  if (lost.length > 0) return [{ field: 'unrecognized', found: lost.join(' ') }];
  return [{ field: 'order', found: theirs.map((parameter) => parameter.slice(0, 4)).join(' ') }];
}

/** The parameters at the top level; all of these messages have aligned lengths. */
function parametersOf(bytes: Uint8Array): string[] {
  const parameters: string[] = [];
  for (let at = 4; at < bytes.length; ) {
    const length = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
    parameters.push(hexOf(bytes.subarray(at, at + length)));
    at += (length + 3) & ~3;
  }
  return parameters;
}
