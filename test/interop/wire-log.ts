/**
 * What Wireshark's dissectors, which owe this project nothing, make of SCTP over UDP in a capture: one entry
 * per frame. Judging the entries is left to the tests.
 */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface WireFrame {
  readonly number: number;
  /** Seconds since 1970 by the clock of the machine that captured. */
  readonly atS: number;
  readonly from: string;
  readonly to: string;
  readonly udpPorts: readonly number[];
  /** SCTP chunk types, in order (RFC 9260 §3.2). */
  readonly chunks: readonly number[];
  readonly isChecksumGood: boolean;
  /** ASAP message types, in order, and what stands in them. */
  readonly messages: readonly number[];
  readonly flags: readonly number[];
  readonly causes: readonly number[];
  readonly poolElementIds: readonly number[];
  readonly registrarIds: readonly number[];
  /** Malformed, or marked as an error by a dissector. */
  readonly isMalformed: boolean;
}

const FIELDS = [
  'frame.number',
  'frame.time_epoch',
  'ip.src',
  'ip.dst',
  'udp.port',
  'sctp.chunk_type',
  'sctp.checksum.status',
  'asap.message_type',
  'asap.message_flags',
  'asap.cause_code',
  'asap.pe_identifier',
  'asap.server_identifier',
  '_ws.expert.severity',
  '_ws.malformed',
];
const CHECKSUM_GOOD = 1;
const SEVERITY_ERROR = 0x80_0000;

/** Dissects `file`; UDP port `udpPort` is taken for SCTP (RFC 6951). */
export async function dissect(file: string, udpPort: number): Promise<WireFrame[]> {
  const { stdout } = await promisify(execFile)(
    'tshark',
    [
      ...[
        '-r',
        file,
        '-Y',
        'sctp',
        '-d',
        `udp.port==${udpPort},sctp`,
        '-o',
        'sctp.checksum:CRC 32c',
      ],
      ...['-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=a', '-E', 'aggregator=,'],
      ...FIELDS.flatMap((field) => ['-e', field]),
    ],
    { maxBuffer: 1 << 26 },
  );
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(parseFrame);
}

function parseFrame(line: string): WireFrame {
  const columns = line.split('\t');
  const text = (field: string) => columns[FIELDS.indexOf(field)] ?? '';
  const numbers = (field: string) => text(field).split(',').filter(Boolean).map(Number);
  return {
    number: Number(text('frame.number')),
    atS: Number(text('frame.time_epoch')),
    from: text('ip.src'),
    to: text('ip.dst'),
    udpPorts: numbers('udp.port'),
    chunks: numbers('sctp.chunk_type'),
    isChecksumGood: Number(text('sctp.checksum.status')) === CHECKSUM_GOOD,
    messages: numbers('asap.message_type'),
    flags: numbers('asap.message_flags'),
    causes: numbers('asap.cause_code'),
    poolElementIds: numbers('asap.pe_identifier'),
    registrarIds: numbers('asap.server_identifier'),
    isMalformed:
      text('_ws.malformed') !== '' ||
      numbers('_ws.expert.severity').some((severity) => severity >= SEVERITY_ERROR),
  };
}
