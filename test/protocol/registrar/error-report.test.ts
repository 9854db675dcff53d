/** Bad input at the registrar (asap.md §10), and what is never answered (interop-rsplib A10). */

import { describe, expect, test } from 'vitest';
import { PAYLOAD_PROTOCOL } from '../../../src/types.ts';
import { CAUSE } from '../../../src/wire/parameters.ts';
import { aRegistrar, hex, type Net, PE, POOL, resolution, type SetUp } from './support.ts';

function inService(setUp: SetUp = {}): Net {
  const net = aRegistrar(setUp);
  net.up(1);
  net.registers(1);
  net.outputs();
  return net;
}

/** Handle "Echo" and identifier, as most messages begin. */
const HANDLE = '00090008 4563686f';
const ID = '000e0008 12345678';

describe('bytes that are no message (asap.md §10)', () => {
  test.each([
    ['nothing at all', '', CAUSE.UNSPECIFIED],
    ['less than a header', '0100', CAUSE.UNSPECIFIED],
    ['a length below 4', '05000003', CAUSE.UNSPECIFIED],
    ['a length beyond the end', '050000ff 0009000c 4563686f 506f6f6c', CAUSE.UNSPECIFIED],
    ['a request without pool handle', '05000004', CAUSE.INVALID_VALUES],
    ['a pool handle without octets', '0500000c 00090004 803f0008 00000001', CAUSE.INVALID_VALUES],
    ['a parameter beyond the end', '0500000c 000900ff 4563686f', CAUSE.INVALID_VALUES],
    [
      'a registration without handle',
      '0100002c 000a0028 12345678 00000000 00015f90 00040010 1e610001 00010008 0a010203 00080008 00000001',
      CAUSE.INVALID_VALUES,
    ],
  ])('%s: ASAP_ERROR', (_, bytes, code) => {
    const net = inService();
    net.says(1, hex(bytes));
    expect(net.answers(1)).toMatchObject([{ type: 'ASAP_ERROR', errors: [{ code }] }]);
    expect(net.registrar.counters.malformedMessages).toBe(1);
  });
});

describe('messages of unknown type (RFC 5354 §4)', () => {
  test('that ask for a report are reported, complete', () => {
    const net = inService();
    net.says(1, hex('4f000008 01020304'));
    expect(net.sent(1)).toEqual([hex('0e000014 000c0010 0002000c 4f000008 01020304')]);
  });

  test.each(['0f000004', '3f000004', '80000004', 'c0000004', 'ff000004'])(
    '%s is dropped',
    (bytes) => {
      const net = inService();
      net.says(1, hex(bytes));
      expect(net.outputs()).toEqual([]);
    },
  );
});

describe('parameters of unknown type (RFC 5354 §3)', () => {
  const request = (type: string) => hex(`05000010 ${HANDLE} ${type}0004`);

  test('00: the message is dropped', () => {
    const net = inService();
    net.says(1, request('0abc'));
    expect(net.outputs()).toEqual([]);
  });

  test('01: the message is dropped and the parameter reported (test vectors A15)', () => {
    const net = inService();
    net.says(1, hex(`05000014 ${HANDLE} 4abc0008 00000007`));
    expect(net.sent(1)).toEqual([hex('0e000014 000c0010 0001000c 4abc0008 00000007')]);
  });

  test('10: the message is answered as if it were not there', () => {
    const net = inService();
    net.says(1, request('8abc'));
    expect(net.answers(1)).toMatchObject([{ type: 'ASAP_HANDLE_RESOLUTION_RESPONSE' }]);
  });

  test('11: the message is answered, then the parameter reported', () => {
    const net = inService();
    net.says(1, request('cabc'));
    expect(net.answers(1)).toMatchObject([
      { type: 'ASAP_HANDLE_RESOLUTION_RESPONSE' },
      { type: 'ASAP_ERROR', errors: [{ code: CAUSE.UNRECOGNIZED_PARAMETER }] },
    ]);
  });
});

describe('what expects no answer gets none, whatever is wrong with it (A10)', () => {
  test.each([
    ['a broken registration response', '03000008 0009000c'],
    ['a broken deregistration response', '04000008 0009000c'],
    ['a broken handle resolution response', '06000008 0009000c'],
    ['a broken keep-alive', '07000004'],
    ['a broken acknowledgement', '08000008 0009000c'],
    ['an acknowledgement with a parameter to be reported', `08000014 ${HANDLE} 4abc0008 00000007`],
    ['one with a parameter to be skipped and reported', `08000018 ${HANDLE} ${ID} cabc0004`],
    ['a broken report of unreachability', '09000008 0009000c'],
    ['a broken announce', '0a000004'],
    ['a broken cookie', '0b000008 000dffff'],
    ['a broken cookie echo', '0c000004'],
    ['a broken business card', '0d000004'],
    ['a broken error', '0e000008 000c00ff'],
    ['an error of impossible length', '0e0000ff'],
  ])('%s', (_, bytes) => {
    const net = inService();
    net.says(1, hex(bytes));
    expect(net.outputs()).toEqual([]);
  });
});

describe('messages that a registrar has no use for (asap.md 3.8)', () => {
  test.each([
    ['a registration response', `03000014 ${HANDLE} ${ID}`],
    ['a deregistration response', `04000014 ${HANDLE} ${ID}`],
    ['a negative handle resolution response', `06000014 ${HANDLE} 000c0008 00090004`],
    ['a keep-alive', `07000010 c0ffee01 ${HANDLE}`],
    ['an announce', '0a000008 c0ffee01'],
    ['a cookie', '0b00000c 000d0008 deadbeef'],
    ['a cookie echo', '0c00000c 000d0008 deadbeef'],
    ['an error', '0e00000c 000c0008 00000004'],
  ])('%s is ignored', (_, bytes) => {
    const net = inService();
    net.says(1, hex(bytes));
    expect(net.outputs()).toEqual([]);
    expect(net.registrar.counters).toMatchObject({ ignoredMessages: 1, malformedMessages: 0 });
    expect(net.members()).toEqual([PE]);
  });
});

describe('payload protocols on the ASAP port (interop-rsplib B6)', () => {
  test('ENRP costs the association', () => {
    const net = inService();
    net.says(1, hex('01000004'), PAYLOAD_PROTOCOL.ENRP);
    expect(net.end(1)).toBe('abort');
    expect(net.members()).toEqual([]);
  });

  test.each([0, 32, 0xfaeeb5d1])('%i is ignored', (payloadProtocol) => {
    const net = inService();
    net.says(1, hex('05000010 0009000c 4563686f 506f6f6c'), payloadProtocol);
    expect(net.outputs()).toEqual([]);
  });
});

describe('a pool handle over the limit (decision 18)', () => {
  const long = Buffer.alloc(33, 0x61);

  test.each([
    ['registration', '01'],
    ['deregistration', '02'],
  ])('in a %s is answered by ASAP_ERROR, in no response', (_, type) => {
    const net = inService();
    const tail = type === '01' ? poolElementParameter : ID;
    const length = (4 + 4 + 36 + hex(tail).length).toString(16).padStart(4, '0');
    net.says(1, hex(`${type}00${length} 00090025 ${long.toString('hex')}000000 ${tail}`));
    const info = hex(`00090025 ${long.toString('hex')}`);
    const [answer] = net.answers(1);
    expect(answer).toMatchObject({ type: 'ASAP_ERROR', errors: [{ code: CAUSE.INVALID_VALUES }] });
    expect(
      answer !== undefined && 'errors' in answer && answer.errors[0]?.info.subarray(0, 37),
    ).toEqual(Uint8Array.from(info));
    expect(net.handlespace.stats().pools).toBe(1);
  });

  test('in a handle resolution as well', () => {
    const net = inService();
    net.says(1, resolution(long));
    expect(net.answers(1)).toMatchObject([{ type: 'ASAP_ERROR' }]);
  });

  test('of any length is answered within the size of a message', () => {
    const net = inService();
    net.says(1, resolution(Buffer.alloc(65_520, 0x61)));
    expect(net.sent(1)[0]?.length).toBeLessThan(100);
  });

  test('in what expects no answer gets none', () => {
    const net = inService();
    net.acknowledges(1, { poolHandle: long });
    expect(net.outputs()).toEqual([]);
  });

  test('is 4 096 octets in profile rfc', () => {
    const net = inService({ options: { profile: 'rfc' } });
    net.registers(1, { poolHandle: Buffer.alloc(4_096, 0x61), id: 2 });
    net.says(1, resolution(Buffer.alloc(4_097, 0x61)));
    expect(net.answers(1)).toMatchObject([{ type: 'ASAP_ERROR' }]);
    expect(net.members(POOL)).toEqual([PE]);
  });
});

const poolElementParameter = `000a0028 12345678 00000000 00015f90 00040010 1e610001
  00010008 0a010203 00080008 00000001`;
