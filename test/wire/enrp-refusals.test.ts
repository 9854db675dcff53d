/** What the ENRP codec does with bad input (RFC 5354 §3, §4; enrp.md §1, §10). */

import { describe, expect, test } from 'vitest';
import { DecodeError } from '../../src/errors.ts';
import { decodeEnrp, encodeEnrp } from '../../src/wire/enrp.ts';
import type { EnrpMessage } from '../../src/wire/enrp-messages.ts';
import { CAUSE } from '../../src/wire/parameters.ts';
import { ENRP_VECTORS } from '../vectors/enrp.ts';
import { bytesOf, decodeOrError, ENRP, hexOf } from './round-trip.ts';

const ids = 'c0ffee01 00000bad';
const handle = '0009000c 4563686f 506f6f6c';
const sctp = '00040010 26ad0000 00010008 0a010201';
const tcp = '00050010 00070000 00010008 0a010201';
const transports = '00040010 1e610001 00010008 0a010203 00080008 00000001';
const element = `000a0028 12345678 c0ffee01 00015f90 ${transports}`;
const homeless = `000a0028 12345678 00000000 00015f90 ${transports}`;
const checksum = '000f0006 29a50000';

/** A message of this type and these flags. */
function message(typeAndFlags: string, body: string): Uint8Array {
  const value = bytesOf(body);
  const length = (4 + value.length).toString(16).padStart(4, '0');
  return bytesOf(`${typeAndFlags}${length}${hexOf(value)}`);
}

const { INVALID_VALUES, UNRECOGNIZED_MESSAGE, UNRECOGNIZED_PARAMETER, UNSPECIFIED } = CAUSE;

/** Title, bytes, offset of what is wrong, cause. */
const REFUSED: readonly [string, Uint8Array, number, number | undefined][] = [
  ['nothing', new Uint8Array(), 2, UNSPECIFIED],
  ['identifiers that are cut off', bytesOf('05000008 c0ffee01'), 8, INVALID_VALUES],
  ['an update without its action', message('0400', ids), 12, INVALID_VALUES],
  ['a takeover of nobody', message('0700', `${ids} 00000000`), 12, INVALID_VALUES],
  ['the sender 0', message('0500', '00000000 00000bad'), 4, INVALID_VALUES],
  ['an unknown type', message('0b00', ids), 0, undefined],
  ['the type that IANA has for errors (decision 34)', message('1000', ids), 0, undefined],
  ['an unknown type to be reported', message('4a00', ids), 0, UNRECOGNIZED_MESSAGE],
  ['a presence with a pool handle', message('0100', `${ids} ${handle}`), 12, undefined],
  [
    'a presence with an unknown parameter to be reported',
    message('0100', `${ids} 4abc0004`),
    12,
    UNRECOGNIZED_PARAMETER,
  ],
  [
    'a presence with two checksums',
    message('0100', `${ids} ${checksum} ${checksum}`),
    20,
    INVALID_VALUES,
  ],
  ['a checksum of 4 octets', message('0100', `${ids} 000f0008 000029a5`), 14, INVALID_VALUES],
  [
    'a presence of the server 0',
    message('0100', `${ids} 000b0018 00000000 ${sctp}`),
    16,
    INVALID_VALUES,
  ],
  ['a server without transport', message('0100', `${ids} 000b0008 c0ffee01`), 12, INVALID_VALUES],
  ['a server that is cut off', message('0100', `${ids} 000b0006 c0ff0000`), 12, INVALID_VALUES],
  ['a server on TCP', message('0100', `${ids} 000b0018 c0ffee01 ${tcp}`), 20, undefined],
  [
    'a server with two transports',
    message('0100', `${ids} 000b0028 c0ffee01 ${sctp} ${sctp}`),
    36,
    INVALID_VALUES,
  ],
  ['a table with an element of no pool', message('0300', `${ids} ${element}`), 12, INVALID_VALUES],
  ['a table with a pool of no element', message('0300', `${ids} ${handle}`), 24, INVALID_VALUES],
  [
    'a table with an empty pool between others',
    message('0300', `${ids} ${handle} ${handle} ${element}`),
    76,
    INVALID_VALUES,
  ],
  [
    'a table with an element of no home',
    message('0300', `${ids} ${handle} ${homeless}`),
    32,
    INVALID_VALUES,
  ],
  ['an update without a pool', message('0400', `${ids} 00000000 ${element}`), 56, INVALID_VALUES],
  [
    'an update without an element',
    message('0400', `${ids} 00000000 ${handle}`),
    28,
    INVALID_VALUES,
  ],
  [
    'an update of an element of no home',
    message('0400', `${ids} 00000000 ${handle} ${homeless}`),
    36,
    INVALID_VALUES,
  ],
  ['an error without a cause', message('0a00', ids), 12, INVALID_VALUES],
];

describe('an ENRP message is refused', () => {
  test.each(REFUSED)('for %s', (_, bytes, offset, causeCode) => {
    const error = decodeOrError(ENRP, bytes);
    expect(error).toBeInstanceOf(DecodeError);
    expect(error).toMatchObject({ offset, causeCode });
  });
});

describe('an ENRP message is accepted', () => {
  test('with its parameters in another order, and with those of the future', () => {
    const information = `000b0018 c0ffee01 ${sctp}`;
    const bytes = message('0100', `${ids} ${information} 8abc0004 ${checksum}`);
    expect(decodeEnrp(bytes)).toMatchObject({
      checksum: 0x29a5,
      serverInformation: { id: 0xc0ffee01 },
    });
  });

  test('with an update action that nobody knows: its reader decides', () => {
    const bytes = message('0400', `${ids} 00070000 ${handle} ${element}`);
    expect(decodeEnrp(bytes)).toMatchObject({ action: 7 });
  });

  test('with reserved bits that are set', () => {
    const bytes = message('04fe', `${ids} 0001ffff ${handle} ${element}`);
    expect(decodeEnrp(bytes)).toMatchObject({ action: 1, suggestsTakeover: false });
  });

  test('with both flags of a table', () => {
    expect(decodeEnrp(message('03ff', ids))).toMatchObject({ isRejected: true, hasMore: true });
  });

  test('as an error about identifiers of 0, which it repeats', () => {
    const bytes = message('0a00', '00000000 00000000 000c0008 00000004');
    expect(decodeEnrp(bytes)).toMatchObject({ senderId: 0, errors: [{ code: 0 }] });
  });
});

describe('an ENRP message cannot be written', () => {
  const vector = (type: EnrpMessage['type']) =>
    ENRP_VECTORS.find((one) => one.message.type === type)?.message as EnrpMessage;
  const changed = (type: EnrpMessage['type'], change: object) =>
    ({ ...vector(type), ...change }) as EnrpMessage;
  const nobody = {
    id: 0,
    transport: { protocol: 'sctp', port: 9901, transportUse: 0, addresses: ['10.1.2.1'] },
  };

  test.each([
    ['from nobody', changed('ENRP_PRESENCE', { senderId: 0 }), RangeError],
    ['about nobody', changed('ENRP_INIT_TAKEOVER', { targetId: 0 }), RangeError],
    ['with the server 0', changed('ENRP_PRESENCE', { serverInformation: nobody }), RangeError],
    [
      'with a server on TCP',
      changed('ENRP_LIST_RESPONSE', {
        servers: [{ id: 1, transport: { ...nobody.transport, protocol: 'tcp' } }],
      }),
      RangeError,
    ],
    ['with a checksum of 17 bits', changed('ENRP_PRESENCE', { checksum: 0x10000 }), RangeError],
    [
      'with a pool of no element',
      changed('ENRP_HANDLE_TABLE_RESPONSE', {
        entries: [{ poolHandle: bytesOf('41'), poolElements: [] }],
      }),
      RangeError,
    ],
    ['with an action of 17 bits', changed('ENRP_HANDLE_UPDATE', { action: 0x10000 }), RangeError],
    ['with an error of no cause', changed('ENRP_ERROR', { errors: [] }), RangeError],
    ['of another protocol', changed('ENRP_PRESENCE', { type: 'ASAP_COOKIE' }), TypeError],
  ])('%s', (_, message, error) => {
    expect(() => encodeEnrp(message)).toThrow(error);
  });

  test('with an element of no home', () => {
    const update = vector('ENRP_HANDLE_UPDATE');
    if (update.type !== 'ENRP_HANDLE_UPDATE') throw new Error('another type');
    const poolElement = { ...update.poolElement, homeRegistrarId: 0 } as typeof update.poolElement;
    expect(() => encodeEnrp({ ...update, poolElement })).toThrow(RangeError);
  });
});
