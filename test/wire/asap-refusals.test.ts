/** What the codec does with bad input: the column "recommended" of asap.md §10, and RFC 5354 §3, §4. */

import { describe, expect, test } from 'vitest';
import { DecodeError } from '../../src/errors.ts';
import { decodeAsap } from '../../src/wire/asap.ts';
import { CAUSE, type Profile } from '../../src/wire/parameters.ts';
import { ASAP, bytesOf, decodeOrError, hexOf } from './round-trip.ts';

const handle = '0009000c 4563686f 506f6f6c'; // EchoPool
const peId = '000e0008 00000501';
const ipv4 = '00010008 0a010203';
const sctp = `00040010 1e610001 ${ipv4}`;
const roundRobin = '00080008 00000001';

/** A pool element parameter 0x501 with these parameters in it. */
const element = (inner: string, id = '00000501') =>
  parameter('000a', `${id} 00000000 00001194 ${inner}`);

/** A parameter with its length filled in, padded. */
function parameter(type: string, value: string): string {
  const bytes = bytesOf(value);
  const length = (bytes.length + 4).toString(16).padStart(4, '0');
  return `${type}${length} ${hexOf(bytes)}${'00'.repeat(-bytes.length & 3)}`;
}

/** A message with its length filled in. */
function message(typeAndFlags: string, value: string): Uint8Array {
  const length = (bytesOf(value).length + 4).toString(16).padStart(4, '0');
  return bytesOf(`${typeAndFlags}${length} ${value}`);
}

interface Refusal {
  readonly title: string;
  readonly bytes: Uint8Array;
  readonly offset: number;
  /** `undefined`: nobody is told. */
  readonly cause: number | undefined;
  readonly info?: string;
  readonly profile?: Profile;
}

const { INVALID_VALUES, UNRECOGNIZED_MESSAGE, UNRECOGNIZED_PARAMETER, UNSPECIFIED } = CAUSE;
const cutOff = parameter('000a', '00000501 00000000');
const noTransport = element(roundRobin);
const noPolicy = element(sctp);
const noElement = element(`${sctp} ${roundRobin}`, '00000000');
const port0 = `00040010 00000001 ${ipv4}`;
const noAddress = '00040008 1e610001';
const tcpTwice = `00050018 00500000 ${ipv4} ${ipv4}`;
const tcp = `00050010 00500000 ${ipv4}`;
const longAddress = '0001000c 0a010203 00000000';
const shortPolicy = parameter('0008', '40000001');
const noPolicyType = '00080004';
const reservedPolicy = '00080008 40000000';
const noCause = '000c0004';
const longCause = '000c0008 00090005';
const registration = (inner: string) => message('0100', `${handle} ${inner}`);

const FRAMING: readonly Refusal[] = [
  { title: 'no bytes at all', bytes: bytesOf(''), offset: 2, cause: UNSPECIFIED },
  { title: 'three bytes', bytes: bytesOf('050000'), offset: 2, cause: UNSPECIFIED },
  { title: 'a length below 4', bytes: bytesOf('05000003'), offset: 2, cause: UNSPECIFIED },
  {
    title: 'a length above what came',
    bytes: bytesOf('0500000a 00090005 61'),
    offset: 2,
    cause: UNSPECIFIED,
  },
  {
    title: 'an announce without identifier',
    bytes: bytesOf('0a000004'),
    offset: 4,
    cause: INVALID_VALUES,
  },
  { title: 'type 0', bytes: bytesOf('00000004'), offset: 0, cause: undefined },
  { title: 'the unknown type 0x0f', bytes: bytesOf('0f000004'), offset: 0, cause: undefined },
  { title: 'the unknown type 0x3f', bytes: bytesOf('3f000004'), offset: 0, cause: undefined },
  { title: 'the unknown type 0x80', bytes: bytesOf('80000004'), offset: 0, cause: undefined },
  { title: 'the unknown type 0xff', bytes: bytesOf('ff000004'), offset: 0, cause: undefined },
  {
    title: 'the unknown type 0x40, which wants a report',
    bytes: bytesOf('40000008 01020304 05060708'),
    offset: 0,
    cause: UNRECOGNIZED_MESSAGE,
    info: '40000008 01020304',
  },
  {
    title: 'the unknown type 0x7f, which wants a report',
    bytes: bytesOf('7f000004'),
    offset: 0,
    cause: UNRECOGNIZED_MESSAGE,
    info: '7f000004',
  },
];

const PARAMETERS: readonly Refusal[] = [
  {
    title: 'an unknown parameter 00',
    bytes: message('0500', `2abc0008 61626364 ${handle}`),
    offset: 4,
    cause: undefined,
  },
  {
    title: 'a known parameter that has no place in the message',
    bytes: message('0500', `${handle} ${peId}`),
    offset: 16,
    cause: undefined,
  },
  {
    title: 'an unknown parameter 01',
    bytes: message('0500', `${handle} 4abc0008 61626364`),
    offset: 16,
    cause: UNRECOGNIZED_PARAMETER,
    info: '4abc0008 61626364',
  },
  {
    title: 'an unknown parameter 01 inside a pool element',
    bytes: registration(element(`${sctp} 4abc0004 ${roundRobin}`)),
    offset: 16 + 32,
    cause: UNRECOGNIZED_PARAMETER,
    info: '4abc0004',
  },
  {
    title: 'a parameter length of 3',
    bytes: message('0500', '00090003 61626364'),
    offset: 6,
    cause: INVALID_VALUES,
    info: '00090003 61626364',
  },
  {
    title: 'a parameter longer than the message',
    bytes: message('0500', '00090009 61626364'),
    offset: 6,
    cause: INVALID_VALUES,
    info: '00090009 61626364',
  },
  {
    title: 'a parameter longer than the one around it',
    bytes: registration(element('00040014 1e610001 00010008')),
    offset: 16 + 18,
    cause: INVALID_VALUES,
    info: '00040014 1e610001 00010008',
  },
  {
    title: 'half a parameter header at the end',
    bytes: message('0500', `${handle} 803f`),
    offset: 16,
    cause: INVALID_VALUES,
  },
  { title: 'nothing in it', bytes: message('0500', ''), offset: 4, cause: INVALID_VALUES },
  {
    title: 'no pool handle',
    bytes: message('0200', peId),
    offset: 12,
    cause: INVALID_VALUES,
    info: peId,
  },
  {
    title: 'no pool element identifier',
    bytes: message('0800', handle),
    offset: 16,
    cause: INVALID_VALUES,
    info: handle,
  },
  {
    title: 'two pool handles',
    bytes: message('0500', `${handle} 00090005 61000000`),
    offset: 16,
    cause: INVALID_VALUES,
    info: '00090005 61',
  },
  {
    title: 'an empty pool handle',
    bytes: message('0500', '00090004'),
    offset: 4,
    cause: INVALID_VALUES,
    info: '00090004',
  },
  {
    title: 'a pool element identifier of the wrong size',
    bytes: message('0200', `${handle} 000e000c 00000501 00000000`),
    offset: 18,
    cause: INVALID_VALUES,
    info: '000e000c 00000501 00000000',
  },
  {
    title: 'the pool element identifier 0',
    bytes: message('0900', `${handle} 000e0008 00000000`),
    offset: 20,
    cause: INVALID_VALUES,
    info: '000e0008 00000000',
  },
  {
    title: 'a number of items given twice',
    bytes: message('0500', `${handle} 803f0008 00000001 003f0008 00000002`),
    offset: 24,
    cause: INVALID_VALUES,
    info: '003f0008 00000002',
  },
  {
    title: 'the registrar identifier 0',
    bytes: message('0a00', '00000000'),
    offset: 4,
    cause: INVALID_VALUES,
  },
  {
    title: 'an error without a cause',
    bytes: message('0e00', noCause),
    offset: 4,
    cause: INVALID_VALUES,
    info: noCause,
  },
  {
    title: 'a cause longer than its error',
    bytes: message('0e00', longCause),
    offset: 8,
    cause: INVALID_VALUES,
    info: longCause,
  },
  {
    title: 'a response with neither pool elements nor an error',
    bytes: message('0600', `${handle} ${roundRobin}`),
    offset: 24,
    cause: INVALID_VALUES,
    info: handle,
  },
  {
    title: 'a business card without a pool element',
    bytes: message('0d00', handle),
    offset: 16,
    cause: INVALID_VALUES,
    info: handle,
  },
];

const inElement = (title: string, inner: string, offset: number, info: string): Refusal => ({
  title,
  bytes: registration(element(inner)),
  offset: 32 + offset,
  cause: INVALID_VALUES,
  info,
});

const ELEMENTS: readonly Refusal[] = [
  {
    title: 'none',
    bytes: message('0100', handle),
    offset: 16,
    cause: INVALID_VALUES,
    info: handle,
  },
  {
    title: 'a cut off one',
    bytes: registration(cutOff),
    offset: 16,
    cause: INVALID_VALUES,
    info: cutOff,
  },
  {
    title: 'the identifier 0',
    bytes: registration(noElement),
    offset: 20,
    cause: INVALID_VALUES,
    info: noElement,
  },
  {
    title: 'no user transport',
    bytes: registration(noTransport),
    offset: 16,
    cause: INVALID_VALUES,
    info: noTransport,
  },
  {
    title: 'no policy',
    bytes: registration(noPolicy),
    offset: 16,
    cause: INVALID_VALUES,
    info: noPolicy,
  },
  {
    title: 'its policy before its transport',
    bytes: registration(element(`${roundRobin} ${sctp}`)),
    offset: 16,
    cause: INVALID_VALUES,
    info: element(`${roundRobin} ${sctp}`),
  },
  inElement('two user transports', `${sctp} ${tcp} ${roundRobin}`, 16, tcp),
  inElement('two policies', `${sctp} ${roundRobin} ${roundRobin}`, 24, roundRobin),
  inElement('an ASAP transport that is TCP', `${sctp} ${roundRobin} ${tcp}`, 24, tcp),
  inElement('two ASAP transports', `${sctp} ${roundRobin} ${sctp} ${sctp}`, 40, sctp),
  inElement('the port 0', `${port0} ${roundRobin}`, 4, port0),
  inElement('no address', `${noAddress} ${roundRobin}`, 0, noAddress),
  inElement('a TCP transport with two addresses', `${tcpTwice} ${roundRobin}`, 0, tcpTwice),
  inElement('half a transport', `00040006 1e610000 ${roundRobin}`, 0, '00040006 1e61'),
  inElement('a DCCP transport without service code', '00030008 00500000', 0, '00030008 00500000'),
  inElement('an address too long', `00050014 00500000 ${longAddress}`, 10, longAddress),
  inElement('a policy without its value', `${sctp} ${shortPolicy}`, 16, shortPolicy),
  inElement('a policy without a type', `${sctp} ${noPolicyType}`, 16, noPolicyType),
  inElement('a reserved policy type', `${sctp} ${reservedPolicy}`, 20, reservedPolicy),
  {
    title: 'a life of 0 s in profile rfc (decision 37)',
    bytes: registration(parameter('000a', `00000501 00000000 00000000 ${sctp} ${roundRobin}`)),
    offset: 28,
    cause: INVALID_VALUES,
    profile: 'rfc',
    info: parameter('000a', `00000501 00000000 00000000 ${sctp} ${roundRobin}`),
  },
  {
    title: 'a negative life other than -1 in profile rfc',
    bytes: registration(parameter('000a', `00000501 00000000 fffffffe ${sctp} ${roundRobin}`)),
    offset: 28,
    cause: INVALID_VALUES,
    profile: 'rfc',
    info: parameter('000a', `00000501 00000000 fffffffe ${sctp} ${roundRobin}`),
  },
];

function expectRefusal({ bytes, offset, cause, info, profile }: Refusal): void {
  const error = decodeOrError(ASAP, bytes, { profile });
  expect(error).toBeInstanceOf(DecodeError);
  if (!(error instanceof DecodeError)) return;
  const { causeInfo } = error;
  expect({ offset: error.offset, cause: error.causeCode }).toEqual({ offset, cause });
  expect(causeInfo && hexOf(causeInfo)).toEqual(info && hexOf(bytesOf(info)));
}

describe('a message is refused for its frame or type (RFC 5354 §4)', () => {
  test.each(FRAMING)('$title', expectRefusal);
});

describe('a message is refused for its parameters (RFC 5354 §3)', () => {
  test.each(PARAMETERS)('$title', expectRefusal);
});

describe('a registration is refused for its pool element (RFC 5354 §3.10)', () => {
  test.each(ELEMENTS)('$title', expectRefusal);

  test.each(ELEMENTS)('and can be answered: $title', ({ title, bytes, profile }) => {
    const ids: Record<string, number | undefined> = { none: undefined, 'the identifier 0': 0 };
    expect(decodeOrError(ASAP, bytes, { profile })).toMatchObject({
      messageType: 'ASAP_REGISTRATION',
      poolHandle: bytesOf('4563686f 506f6f6c'),
      poolElementId: title in ids ? ids[title] : 0x501,
    });
  });
});

describe('an error says what could be read of the message', () => {
  test('of one that is cut off', () => {
    const error = decodeOrError(ASAP, bytesOf('0e000100'));
    expect(error).toMatchObject({ messageType: 'ASAP_ERROR', causeCode: UNSPECIFIED });
  });

  test('of one whose pool element comes before the pool handle', () => {
    const error = decodeOrError(ASAP, message('0100', `${noPolicy} ${handle}`));
    expect(error).toMatchObject({
      poolElementId: 0x501,
      poolHandle: bytesOf('4563686f 506f6f6c'),
    });
  });

  test('of one with two pool handles: the first', () => {
    const error = decodeOrError(ASAP, message('0500', `${handle} 00090005 61000000`));
    expect(error).toMatchObject({ poolHandle: bytesOf('4563686f 506f6f6c') });
  });

  test('and nothing of an unknown one', () => {
    expect(decodeOrError(ASAP, message('4f00', handle))).toMatchObject({
      messageType: undefined,
      poolHandle: undefined,
      poolElementId: undefined,
    });
  });

  test('with a sentence for people', () => {
    const error = decodeOrError(ASAP, message('0500', '00090004'));
    expect(error).toMatchObject({
      name: 'DecodeError',
      code: 'ERR_RSERPOOL_DECODE',
      message: 'An empty pool handle or cookie, at byte 4.',
    });
  });

  test('but does not send back more than 1024 bytes', () => {
    const long = parameter('4abc', '00'.repeat(1021));
    const error = decodeOrError(ASAP, message('0500', `${handle} ${long}`));
    expect(error).toMatchObject({ causeCode: UNRECOGNIZED_PARAMETER, causeInfo: undefined });
  });
});

describe('a message is accepted', () => {
  const resolution = { type: 'ASAP_HANDLE_RESOLUTION', wantsUpdates: false };
  const poolHandle = bytesOf('4563686f 506f6f6c');

  test('with an unknown parameter 10, which is skipped (RFC 5354 §3)', () => {
    const decoded = decodeAsap(message('0500', `8abc0005 61000000 ${handle}`));
    expect(decoded).toEqual({ ...resolution, poolHandle });
  });

  test('with an unknown parameter 11, which is to be reported (RFC 5354 §3)', () => {
    const decoded = decodeAsap(message('0500', `cabc0005 61000000 ${handle}`));
    expect(decoded).toEqual({ ...resolution, poolHandle, unrecognized: [bytesOf('cabc0005 61')] });
  });

  test('with an unknown parameter 11 deep inside, which is to be reported', () => {
    const transport = `00040018 1e610001 cabc0008 00000009 ${ipv4}`;
    const decoded = decodeAsap(registration(element(`${transport} ${roundRobin}`)));
    expect(decoded).toMatchObject({
      poolElement: { userTransport: { addresses: ['10.1.2.3'] } },
      unrecognized: [bytesOf('cabc0008 00000009')],
    });
  });

  test('with its parameters in another order', () => {
    expect(decodeAsap(message('0200', `${peId} ${handle}`))).toMatchObject({
      poolHandle,
      poolElementId: 0x501,
    });
  });

  test('with flags that mean nothing (RFC 5354 §4)', () => {
    expect(decodeAsap(message('05fe', handle))).toEqual({ ...resolution, poolHandle });
  });

  test('without the padding of its last parameter', () => {
    const decoded = decodeAsap(bytesOf('0500000b 00090007 576562'));
    expect(decoded).toEqual({ ...resolution, poolHandle: bytesOf('576562') });
  });

  test('with a policy that is longer than needed', () => {
    const policy = parameter('0008', '00000001 12345678');
    const decoded = decodeAsap(registration(element(`${sctp} ${policy}`)));
    expect(decoded).toMatchObject({ poolElement: { policy: { type: 'roundRobin' } } });
  });

  test('with the number of items under the type that rsplib also reads', () => {
    const decoded = decodeAsap(message('0500', `${handle} 003f0008 00000002`));
    expect(decoded).toEqual({ ...resolution, poolHandle, items: 2 });
  });

  test('with the pool element identifier 0 in an answer, which repeats what was asked', () => {
    const decoded = decodeAsap(message('0301', `${handle} 000e0008 00000000`));
    expect(decoded).toMatchObject({ poolElementId: 0, isRejected: true });
  });

  test('with an ASAP transport in a registration, which rsplib ignores', () => {
    const decoded = decodeAsap(registration(element(`${sctp} ${roundRobin} ${sctp}`)));
    expect(decoded).toMatchObject({ poolElement: { asapTransport: { port: 7777 } } });
  });
});
