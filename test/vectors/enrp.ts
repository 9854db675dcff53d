/**
 * ENRP messages byte by byte, each as tshark dissects it, without malformed marks. E1 to E11: rsplib's own
 * parser takes them. Ids: sender 0xc0ffee01, receiver 0x00000bad, target 0x11223344.
 */

import type { PoolElementId, RegistrarId } from '../../src/types.ts';
import type { EnrpMessage } from '../../src/wire/enrp-messages.ts';

export interface EnrpVector {
  readonly title: string;
  readonly hex: string;
  readonly message: EnrpMessage;
}

const senderId = 0xc0ffee01 as RegistrarId;
const receiverId = 0x0bad as RegistrarId;
const targetId = 0x11223344 as RegistrarId;
const anybody = 0 as RegistrarId;
const ids = { senderId, receiverId };
const poolHandle = new Uint8Array(Buffer.from('EchoPool'));
const web = new Uint8Array(Buffer.from('Web'));
const sctp = { protocol: 'sctp', transportUse: 0 } as const;
const element = {
  id: 0x12345678 as PoolElementId,
  homeRegistrarId: senderId,
  lifeMs: 90_000,
  userTransport: { ...sctp, port: 7777, transportUse: 1, addresses: ['10.1.2.3'] },
  policy: { type: 'roundRobin' },
  asapTransport: { ...sctp, port: 31_234, addresses: ['10.1.2.3'] },
} as const;

export const ENRP_VECTORS: readonly EnrpVector[] = [
  {
    title: 'E1 presence: a reply is wanted',
    // 01 01 002c          ENRP_PRESENCE, R, 44 bytes
    // c0ffee01 00000bad   sender, receiver
    // 000f 0006           PE Checksum: 0x29a5, 2 octets of padding
    // 000b 0018           Server Information: 0xc0ffee01
    //   0004 0010           SCTP Transport: port 9901, data only
    //     0001 0008           IPv4 Address: 10.1.2.1
    hex: `0101002c c0ffee01 00000bad 000f0006 29a50000 000b0018 c0ffee01 00040010
          26ad0000 00010008 0a010201`,
    message: {
      type: 'ENRP_PRESENCE',
      ...ids,
      wantsReply: true,
      checksum: 0x29a5,
      serverInformation: {
        id: senderId,
        transport: { ...sctp, port: 9901, addresses: ['10.1.2.1'] },
      },
    },
  },
  {
    title: 'a presence with nothing in it, to anybody',
    // 01 00 000c          ENRP_PRESENCE, 12 bytes
    // c0ffee01 00000000   sender, anybody
    hex: '0100000c c0ffee01 00000000',
    message: { type: 'ENRP_PRESENCE', senderId, receiverId: anybody, wantsReply: false },
  },
  {
    title: 'a presence that ends with its checksum: the padding is not counted (decision 33)',
    // 01 00 0012          ENRP_PRESENCE, 18 bytes
    // c0ffee01 00000000   sender, anybody
    // 000f 0006           PE Checksum: 0xffff, 2 octets of padding
    hex: '01000012 c0ffee01 00000000 000f0006 ffff0000',
    message: {
      type: 'ENRP_PRESENCE',
      senderId,
      receiverId: anybody,
      wantsReply: false,
      checksum: 0xffff,
    },
  },
  {
    title: 'E2 handle table request: only what the receiver is home of',
    // 02 01 000c          ENRP_HANDLE_TABLE_REQUEST, W, 12 bytes
    // c0ffee01 00000bad   sender, receiver
    hex: '0201000c c0ffee01 00000bad',
    message: { type: 'ENRP_HANDLE_TABLE_REQUEST', ...ids, ownOnly: true },
  },
  {
    title: 'E3 handle table response: one element, and there is more',
    // 03 02 0050          ENRP_HANDLE_TABLE_RESPONSE, M, 80 bytes
    // c0ffee01 00000bad   sender, receiver
    // 0009 000c           Pool Handle: "EchoPool"
    // 000a 0038           Pool Element: 0x12345678, home 0xc0ffee01, life 90000 (ms)
    //   0004 0010           SCTP Transport: port 7777, data plus control
    //     0001 0008           IPv4 Address: 10.1.2.3
    //   0008 0008           Policy: 1, round robin
    //   0004 0010           SCTP Transport: port 31234, data only
    //     0001 0008           IPv4 Address: 10.1.2.3
    hex: `03020050 c0ffee01 00000bad 0009000c 4563686f 506f6f6c 000a0038 12345678
          c0ffee01 00015f90 00040010 1e610001 00010008 0a010203 00080008 00000001
          00040010 7a020000 00010008 0a010203`,
    message: {
      type: 'ENRP_HANDLE_TABLE_RESPONSE',
      ...ids,
      isRejected: false,
      hasMore: true,
      entries: [{ poolHandle, poolElements: [element] }],
    },
  },
  {
    title: 'a handle table response in which pools take turns, as rsplib sends its own elements',
    // 03 00 009c          ENRP_HANDLE_TABLE_RESPONSE, 156 bytes
    // c0ffee01 00000bad   sender, receiver
    // 0009 0007           Pool Handle: "Web", 1 octet of padding
    // 000a 0028           Pool Element: 1, home 0xc0ffee01, life 90000 (ms)
    //   0004 0010           SCTP Transport: port 7777, data plus control
    //     0001 0008           IPv4 Address: 10.1.2.3
    //   0008 0008           Policy: 1, round robin
    // 0009 0005           Pool Handle: "A", 3 octets of padding
    // 000a 0028           Pool Element: 2, else the same
    // 0009 0007           Pool Handle: "Web", 1 octet of padding
    // 000a 0028           Pool Element: 3, else the same
    hex: `0300009c c0ffee01 00000bad
          00090007 57656200 000a0028 00000001 c0ffee01 00015f90
          00040010 1e610001 00010008 0a010203 00080008 00000001
          00090005 41000000 000a0028 00000002 c0ffee01 00015f90
          00040010 1e610001 00010008 0a010203 00080008 00000001
          00090007 57656200 000a0028 00000003 c0ffee01 00015f90
          00040010 1e610001 00010008 0a010203 00080008 00000001`,
    message: {
      type: 'ENRP_HANDLE_TABLE_RESPONSE',
      ...ids,
      isRejected: false,
      hasMore: false,
      entries: [web, new Uint8Array([0x41]), web].map((poolHandle, index) => ({
        poolHandle,
        poolElements: [
          { ...element, id: (index + 1) as PoolElementId, asapTransport: undefined },
        ],
      })),
    },
  },
  {
    title: 'E4 handle table response: rejected',
    // 03 01 000c          ENRP_HANDLE_TABLE_RESPONSE, R, 12 bytes
    // c0ffee01 00000bad   sender, receiver
    hex: '0301000c c0ffee01 00000bad',
    message: {
      type: 'ENRP_HANDLE_TABLE_RESPONSE',
      ...ids,
      isRejected: true,
      hasMore: false,
      entries: [],
    },
  },
  {
    title: 'E5 handle update: an element is there',
    // 04 00 0054          ENRP_HANDLE_UPDATE, 84 bytes
    // c0ffee01 00000000   sender, anybody
    // 0000 0000           ADD_PE, reserved
    // 0009 000c           Pool Handle: "EchoPool"
    // 000a 0038           Pool Element: as in E3
    hex: `04000054 c0ffee01 00000000 00000000 0009000c 4563686f 506f6f6c 000a0038
          12345678 c0ffee01 00015f90 00040010 1e610001 00010008 0a010203 00080008
          00000001 00040010 7a020000 00010008 0a010203`,
    message: {
      type: 'ENRP_HANDLE_UPDATE',
      senderId,
      receiverId: anybody,
      suggestsTakeover: false,
      action: 0,
      poolHandle,
      poolElement: element,
    },
  },
  {
    title: 'handle update: an element is gone; a takeover is suggested',
    // 04 01 0054          ENRP_HANDLE_UPDATE, T, 84 bytes
    // c0ffee01 00000bad   sender, receiver
    // 0001 0000           DEL_PE, reserved
    // 0009 000c           Pool Handle: "EchoPool"
    // 000a 0038           Pool Element: as in E3
    hex: `04010054 c0ffee01 00000bad 00010000 0009000c 4563686f 506f6f6c 000a0038
          12345678 c0ffee01 00015f90 00040010 1e610001 00010008 0a010203 00080008
          00000001 00040010 7a020000 00010008 0a010203`,
    message: {
      type: 'ENRP_HANDLE_UPDATE',
      ...ids,
      suggestsTakeover: true,
      action: 1,
      poolHandle,
      poolElement: element,
    },
  },
  {
    title: 'E6 list request',
    // 05 00 000c          ENRP_LIST_REQUEST, 12 bytes
    // c0ffee01 00000bad   sender, receiver
    hex: '0500000c c0ffee01 00000bad',
    message: { type: 'ENRP_LIST_REQUEST', ...ids },
  },
  {
    title: 'E7 list response: one peer with addresses of both families',
    // 06 00 0038          ENRP_LIST_RESPONSE, 56 bytes
    // 00000bad c0ffee01   sender, receiver
    // 000b 002c           Server Information: 0x00000bad
    //   0004 0024           SCTP Transport: port 9901, data only
    //     0001 0008           IPv4 Address: 10.1.2.2
    //     0002 0014           IPv6 Address: 2001:db8::2
    hex: `06000038 00000bad c0ffee01 000b002c 00000bad 00040024 26ad0000 00010008
          0a010202 00020014 20010db8 00000000 00000000 00000002`,
    message: {
      type: 'ENRP_LIST_RESPONSE',
      senderId: receiverId,
      receiverId: senderId,
      isRejected: false,
      servers: [
        {
          id: receiverId,
          transport: { ...sctp, port: 9901, addresses: ['10.1.2.2', '2001:db8::2'] },
        },
      ],
    },
  },
  {
    title: 'a list response with a configured peer that nobody has heard yet',
    // 06 00 0024          ENRP_LIST_RESPONSE, 36 bytes
    // 00000bad c0ffee01   sender, receiver
    // 000b 0018           Server Information: 0
    //   0004 0010           SCTP Transport: port 9901, data only
    //     0001 0008           IPv4 Address: 10.1.2.9
    hex: `06000024 00000bad c0ffee01 000b0018 00000000 00040010 26ad0000 00010008
          0a010209`,
    message: {
      type: 'ENRP_LIST_RESPONSE',
      senderId: receiverId,
      receiverId: senderId,
      isRejected: false,
      servers: [{ id: anybody, transport: { ...sctp, port: 9901, addresses: ['10.1.2.9'] } }],
    },
  },
  {
    title: 'a list response: rejected',
    // 06 01 000c          ENRP_LIST_RESPONSE, R, 12 bytes
    // 00000bad c0ffee01   sender, receiver
    hex: '0601000c 00000bad c0ffee01',
    message: {
      type: 'ENRP_LIST_RESPONSE',
      senderId: receiverId,
      receiverId: senderId,
      isRejected: true,
      servers: [],
    },
  },
  {
    title: 'E8 beginning of a takeover',
    // 07 00 0010          ENRP_INIT_TAKEOVER, 16 bytes
    // c0ffee01 00000bad   sender, receiver
    // 11223344            target
    hex: '07000010 c0ffee01 00000bad 11223344',
    message: { type: 'ENRP_INIT_TAKEOVER', ...ids, targetId },
  },
  {
    title: 'E9 its acknowledgement',
    // 08 00 0010          ENRP_INIT_TAKEOVER_ACK, 16 bytes
    // 00000bad c0ffee01   sender, receiver
    // 11223344            target
    hex: '08000010 00000bad c0ffee01 11223344',
    message: {
      type: 'ENRP_INIT_TAKEOVER_ACK',
      senderId: receiverId,
      receiverId: senderId,
      targetId,
    },
  },
  {
    title: 'E10 end of a takeover',
    // 09 00 0010          ENRP_TAKEOVER_SERVER, 16 bytes
    // c0ffee01 00000000   sender, anybody
    // 11223344            target
    hex: '09000010 c0ffee01 00000000 11223344',
    message: { type: 'ENRP_TAKEOVER_SERVER', senderId, receiverId: anybody, targetId },
  },
  {
    title: 'E11 error: unrecognized message',
    // 0a 00 0018          ENRP_ERROR, 24 bytes
    // c0ffee01 00000bad   sender, receiver
    // 000c 000c           Operation Error
    //   0002 0008           Unrecognized Message: 4a 00 0004
    hex: '0a000018 c0ffee01 00000bad 000c000c 00020008 4a000004',
    message: {
      type: 'ENRP_ERROR',
      ...ids,
      errors: [{ code: 2, info: new Uint8Array([0x4a, 0, 0, 4]) }],
    },
  },
];
