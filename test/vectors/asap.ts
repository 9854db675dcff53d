/**
 * ASAP messages byte by byte, each as tshark dissects it, without malformed marks. A1 to A15: rsplib's own
 * parser takes them, except A14 (decision 19). Ids: pool element 0x12345678, registrar 0xc0ffee01.
 */

import type { PoolElementId, RegistrarId } from '../../src/types.ts';
import type { AsapMessage } from '../../src/wire/asap-messages.ts';

export interface Vector {
  readonly title: string;
  readonly hex: string;
  readonly message: AsapMessage;
  /** What rsplib writes where it counts the final padding (decision 33): read, not written. */
  readonly paddedHex?: string;
}

const text = (value: string) => new Uint8Array(Buffer.from(value));
const hex = (value: string) => new Uint8Array(Buffer.from(value.replaceAll(' ', ''), 'hex'));
const poolHandle = text('EchoPool');
const poolElementId = 0x12345678 as PoolElementId;
const registrarId = 0xc0ffee01 as RegistrarId;
const nobody = 0 as RegistrarId;
const roundRobin = { type: 'roundRobin' } as const;
const sctp7777 = {
  protocol: 'sctp',
  port: 7777,
  transportUse: 1,
  addresses: ['10.1.2.3'],
} as const;

export const ASAP_VECTORS: readonly Vector[] = [
  {
    title: 'A1 registration: round robin, SCTP with data and control, one IPv4 address',
    // 01 00 0038          ASAP_REGISTRATION, 56 bytes
    // 0009 000c           Pool Handle: "EchoPool"
    // 000a 0028           Pool Element: 0x12345678, no home yet, life 90000 (ms)
    //   0004 0010           SCTP Transport: port 7777, data plus control
    //     0001 0008           IPv4 Address: 10.1.2.3
    //   0008 0008           Policy: 1, round robin
    hex: `01000038 0009000c 4563686f 506f6f6c 000a0028 12345678 00000000 00015f90
          00040010 1e610001 00010008 0a010203 00080008 00000001`,
    message: {
      type: 'ASAP_REGISTRATION',
      poolHandle,
      poolElement: {
        id: poolElementId,
        homeRegistrarId: nobody,
        lifeMs: 90_000,
        userTransport: sctp7777,
        policy: roundRobin,
      },
    },
  },
  {
    title: 'A2 registration: least used with degradation, TCP, one IPv6 address',
    // 01 00 0048          ASAP_REGISTRATION, 72 bytes
    // 0009 0007           Pool Handle: "Web", 1 octet of padding
    // 000a 003c           Pool Element: 0x12345678, no home yet, life 90000 (ms)
    //   0005 001c           TCP Transport: port 80, 0
    //     0002 0014           IPv6 Address: 2001:db8::5
    //   0008 0010           Policy: 0x40000002, load 25 %, degradation 3.1 %
    hex: `01000048 00090007 57656200 000a003c 12345678 00000000 00015f90 0005001c
          00500000 00020014 20010db8 00000000 00000000 00000005 00080010 40000002
          40000000 08000000`,
    message: {
      type: 'ASAP_REGISTRATION',
      poolHandle: text('Web'),
      poolElement: {
        id: poolElementId,
        homeRegistrarId: nobody,
        lifeMs: 90_000,
        userTransport: {
          protocol: 'tcp',
          port: 80,
          transportUse: 0,
          addresses: ['2001:db8::5'],
        },
        policy: { type: 'leastUsedDegradation', load: 0x40000000, loadDegradation: 0x08000000 },
      },
    },
  },
  {
    title: 'A3 registration response: accepted',
    // 03 00 0018          ASAP_REGISTRATION_RESPONSE, R=0, 24 bytes
    // 0009 000c           Pool Handle: "EchoPool"
    // 000e 0008           PE Identifier: 0x12345678
    hex: '03000018 0009000c 4563686f 506f6f6c 000e0008 12345678',
    message: {
      type: 'ASAP_REGISTRATION_RESPONSE',
      poolHandle,
      poolElementId,
      isRejected: false,
      errors: [],
    },
  },
  {
    title: 'A4 registration response: rejected, inconsistent pooling policy',
    // 03 01 0028          ASAP_REGISTRATION_RESPONSE, R=1, 40 bytes
    // 0009 000c           Pool Handle: "EchoPool"
    // 000e 0008           PE Identifier: 0x12345678
    // 000c 0010           Operation Error
    //   0005 000c           Inconsistent Pooling Policy
    //     0008 0008           Policy: 1, round robin
    hex: `03010028 0009000c 4563686f 506f6f6c 000e0008 12345678 000c0010 0005000c
          00080008 00000001`,
    message: {
      type: 'ASAP_REGISTRATION_RESPONSE',
      poolHandle,
      poolElementId,
      isRejected: true,
      errors: [{ code: 5, info: hex('00080008 00000001') }],
    },
  },
  {
    title: 'A5 deregistration',
    // 02 00 0018          ASAP_DEREGISTRATION, 24 bytes
    // 0009 000c           Pool Handle: "EchoPool"
    // 000e 0008           PE Identifier: 0x12345678
    hex: '02000018 0009000c 4563686f 506f6f6c 000e0008 12345678',
    message: { type: 'ASAP_DEREGISTRATION', poolHandle, poolElementId },
  },
  {
    title: 'A6 handle resolution: three items',
    // 05 00 0018          ASAP_HANDLE_RESOLUTION, S=0, 24 bytes
    // 0009 000c           Pool Handle: "EchoPool"
    // 803f 0008           Handle Resolution Option: 3 items
    hex: '05000018 0009000c 4563686f 506f6f6c 803f0008 00000003',
    message: { type: 'ASAP_HANDLE_RESOLUTION', wantsUpdates: false, poolHandle, items: 3 },
  },
  {
    title: 'A7 handle resolution response: one pool element',
    // 06 00 0040          ASAP_HANDLE_RESOLUTION_RESPONSE, A=0, 64 bytes
    // 0009 000c           Pool Handle: "EchoPool"
    // 0008 0008           Policy: 1, round robin
    // 000a 0028           Pool Element: 0x12345678, home 0xc0ffee01, life 90000 (ms)
    //   0004 0010           SCTP Transport: port 7777, data plus control
    //     0001 0008           IPv4 Address: 10.1.2.3
    //   0008 0008           Policy: 1, round robin
    hex: `06000040 0009000c 4563686f 506f6f6c 00080008 00000001 000a0028 12345678
          c0ffee01 00015f90 00040010 1e610001 00010008 0a010203 00080008 00000001`,
    message: {
      type: 'ASAP_HANDLE_RESOLUTION_RESPONSE',
      acceptsUpdates: false,
      poolHandle,
      policy: roundRobin,
      poolElements: [
        {
          id: poolElementId,
          homeRegistrarId: registrarId,
          lifeMs: 90_000,
          userTransport: sctp7777,
          policy: roundRobin,
        },
      ],
      errors: [],
    },
  },
  {
    title: 'A8 handle resolution response: unknown pool handle',
    // 06 00 0018          ASAP_HANDLE_RESOLUTION_RESPONSE, A=0, 24 bytes
    // 0009 000a           Pool Handle: "NoPool", 2 octets of padding
    // 000c 0008           Operation Error
    //   0009 0004           Unknown Pool Handle
    hex: '06000018 0009000a 4e6f506f 6f6c0000 000c0008 00090004',
    message: {
      type: 'ASAP_HANDLE_RESOLUTION_RESPONSE',
      acceptsUpdates: false,
      poolHandle: text('NoPool'),
      poolElements: [],
      errors: [{ code: 9, info: hex('') }],
    },
  },
  {
    title: 'A9 keep-alive: the sender wants to be home, with the element that rsplib adds',
    // 07 01 001c          ASAP_ENDPOINT_KEEP_ALIVE, H=1, 28 bytes
    // c0ffee01            registrar
    // 0009 000c           Pool Handle: "EchoPool"
    // 000e 0008           PE Identifier: 0x12345678
    hex: '0701001c c0ffee01 0009000c 4563686f 506f6f6c 000e0008 12345678',
    message: {
      type: 'ASAP_ENDPOINT_KEEP_ALIVE',
      wantsToBeHome: true,
      registrarId,
      poolHandle,
      poolElementId,
    },
  },
  {
    title: 'A10 keep-alive acknowledgement',
    // 08 00 0018          ASAP_ENDPOINT_KEEP_ALIVE_ACK, 24 bytes
    // 0009 000c           Pool Handle: "EchoPool"
    // 000e 0008           PE Identifier: 0x12345678
    hex: '08000018 0009000c 4563686f 506f6f6c 000e0008 12345678',
    message: { type: 'ASAP_ENDPOINT_KEEP_ALIVE_ACK', poolHandle, poolElementId },
  },
  {
    title: 'A11 endpoint unreachable',
    // 09 00 0018          ASAP_ENDPOINT_UNREACHABLE, 24 bytes
    // 0009 000c           Pool Handle: "EchoPool"
    // 000e 0008           PE Identifier: 0x12345678
    hex: '09000018 0009000c 4563686f 506f6f6c 000e0008 12345678',
    message: { type: 'ASAP_ENDPOINT_UNREACHABLE', poolHandle, poolElementId },
  },
  {
    title: 'A12 announce as rsplib sends it, without transports',
    // 0a 00 0008          ASAP_SERVER_ANNOUNCE, 8 bytes
    // c0ffee01            registrar
    hex: '0a000008 c0ffee01',
    message: { type: 'ASAP_SERVER_ANNOUNCE', registrarId, transports: [] },
  },
  {
    title: 'A13 announce as the RFC has it, with an SCTP transport',
    // 0a 00 0018          ASAP_SERVER_ANNOUNCE, 24 bytes
    // c0ffee01            registrar
    // 0004 0010           SCTP Transport: port 3863, data only
    //   0001 0008           IPv4 Address: 10.1.2.1
    hex: '0a000018 c0ffee01 00040010 0f170000 00010008 0a010201',
    message: {
      type: 'ASAP_SERVER_ANNOUNCE',
      registrarId,
      transports: [{ protocol: 'sctp', port: 3863, transportUse: 0, addresses: ['10.1.2.1'] }],
    },
  },
  {
    title: 'A14 cookie of five octets',
    // 0b 00 000d          ASAP_COOKIE, 13 bytes without the padding
    // 000d 0009           Cookie: de ad be ef 01, 3 octets of padding
    hex: '0b00000d 000d0009 deadbeef 01000000',
    paddedHex: '0b000010 000d0009 deadbeef 01000000',
    message: { type: 'ASAP_COOKIE', cookie: hex('deadbeef01') },
  },
  {
    title: 'A15 error: unrecognized parameter 0x4abc',
    // 0e 00 0014          ASAP_ERROR, 20 bytes
    // 000c 0010           Operation Error
    //   0001 000c           Unrecognized Parameter
    //     4abc 0008           00000007
    hex: '0e000014 000c0010 0001000c 4abc0008 00000007',
    message: { type: 'ASAP_ERROR', errors: [{ code: 1, info: hex('4abc0008 00000007') }] },
  },
  {
    title: 'deregistration response: refused for security',
    // 04 00 0020          ASAP_DEREGISTRATION_RESPONSE, 32 bytes
    // 0009 000c           Pool Handle: "EchoPool"
    // 000e 0008           PE Identifier: 0x12345678
    // 000c 0008           Operation Error
    //   000a 0004           Rejected due to security considerations
    hex: '04000020 0009000c 4563686f 506f6f6c 000e0008 12345678 000c0008 000a0004',
    message: {
      type: 'ASAP_DEREGISTRATION_RESPONSE',
      poolHandle,
      poolElementId,
      errors: [{ code: 10, info: hex('') }],
    },
  },
  {
    title: 'cookie echo',
    // 0c 00 000c          ASAP_COOKIE_ECHO, 12 bytes
    // 000d 0008           Cookie: de ad be ef
    hex: '0c00000c 000d0008 deadbeef',
    message: { type: 'ASAP_COOKIE_ECHO', cookie: hex('deadbeef') },
  },
  {
    title: 'business card, as the RFC has it (decision 32)',
    // 0d 00 0038          ASAP_BUSINESS_CARD, 56 bytes
    // 0009 000c           Pool Handle: "EchoPool"
    // 000a 0028           Pool Element: 0x12345678, home 0xc0ffee01, life 90000 (ms)
    //   0004 0010           SCTP Transport: port 7777, data plus control
    //     0001 0008           IPv4 Address: 10.1.2.3
    //   0008 0008           Policy: 1, round robin
    hex: `0d000038 0009000c 4563686f 506f6f6c 000a0028 12345678 c0ffee01 00015f90
          00040010 1e610001 00010008 0a010203 00080008 00000001`,
    message: {
      type: 'ASAP_BUSINESS_CARD',
      poolHandle,
      poolElements: [
        {
          id: poolElementId,
          homeRegistrarId: registrarId,
          lifeMs: 90_000,
          userTransport: sctp7777,
          policy: roundRobin,
        },
      ],
    },
  },
];
