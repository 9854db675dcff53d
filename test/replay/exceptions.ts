/**
 * Where our registrar answers otherwise than rspregistrar did, and the decision that explains it
 * (docs/spec/interop-decisions.md). Every entry must be needed, and nothing else may differ:
 * `asap-replay.test.ts`.
 */

import type { Difference } from './differences.ts';

export interface Exception extends Difference {
  /** Number of the decision; `ENRP`: it answers from what it learnt by ENRP, which ours does not speak yet. */
  readonly because: number | 'ENRP';
}

/** By capture: frame of the message that was answered, field, recorded, ours, because. */
type Row = readonly [number, string, string, string, number | 'ENRP'];

/** The offending parameter in frame 81, and what the pool of frame 154 is like, as the causes show them. */
const POOL_ELEMENT_0 =
  '000a002800000000000000000000ea600004001013880000000100080a1400150008000800000001';
const SCTP_TRANSPORT_OF_POOL = '00040018dac30001000100080a14000b000100080a1e000b';

const ROWS: Readonly<Record<string, readonly Row[]>> = {
  '01-registration': [],
  '04-handle-resolution': [],
  '05-keepalive': [],
  '12-errors': [
    // Registrations: identifier 0; a loopback address; TCP into a pool of SCTP; an unknown policy.
    [81, 'errors.0.code', '0xf000', '0x3', 20],
    [81, 'errors.0.info', '', POOL_ELEMENT_0, 20],
    [121, 'answer', 'ASAP_ERROR 0x11', 'ASAP_REGISTRATION_RESPONSE 0xf008', 48],
    [154, 'errors.0.code', '0x100a', '0x7', 20],
    [154, 'errors.0.info', '', SCTP_TRANSPORT_OF_POOL, 20],
    [178, 'answer', 'ASAP_ERROR 0x100b', 'ASAP_REGISTRATION_RESPONSE 0x5', 48],
    // Policy before transport; pool element before pool handle.
    [202, 'answer', '-', 'ASAP_REGISTRATION_RESPONSE 0x3', 47],
    [221, 'answer', '-', 'ASAP_REGISTRATION_RESPONSE', 47],
    // Unknown parameters, to be skipped and reported.
    [320, 'answer', '-', 'ASAP_ERROR 0x1', 47],
    [331, 'answer', '-', 'ASAP_ERROR 0x1', 47],
    // A stranger deregisters the pool element.
    [418, 'answer', 'ASAP_DEREGISTRATION_RESPONSE', 'ASAP_DEREGISTRATION_RESPONSE 0xa', 38],
    // An unknown message type, to be reported; lengths that are wrong.
    [458, 'answer', '-', 'ASAP_ERROR 0x2', 47],
    [473, 'errors.0.code', '0x10', '0x0', 20],
    [485, 'errors.0.code', '0x10', '0x0', 20],
    [497, 'errors.0.code', '0x11', '0x3', 20],
    [497, 'errors.0.info', '', '000900ff61626364', 20],
    // A pool learnt by ENRP; a pool element of ours that another registrar removes by ENRP.
    [
      840,
      'answer',
      'ASAP_HANDLE_RESOLUTION_RESPONSE',
      'ASAP_HANDLE_RESOLUTION_RESPONSE 0x9',
      'ENRP',
    ],
    [894, 'answer', 'ASAP_HANDLE_RESOLUTION_RESPONSE 0x9', 'ASAP_HANDLE_RESOLUTION_RESPONSE', 36],
    // A pool handle of 33 octets, of which rspregistrar dies: its associations end.
    [946, 'answer', '-', 'ASAP_ERROR 0x3', 18],
    [948, 'association', 'shutdown', '-', 18],
    [950, 'association', 'shutdown', '-', 18],
  ],
};

export const EXCEPTIONS: Readonly<Record<string, readonly Exception[]>> = Object.fromEntries(
  Object.entries(ROWS).map(([capture, rows]) => [
    capture,
    rows.map(([frame, field, recorded, ours, because]) => {
      return { frame, field, recorded, ours, because };
    }),
  ]),
);
