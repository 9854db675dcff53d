/**
 * What Wireshark's dissectors, which owe this project nothing, make of the SCTP packets in a capture: one
 * entry per frame, and the questions that tests ask of them all. Judging the answers is left to the tests.
 */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** ASAP message types (RFC 5352 §2.2) and SCTP chunk types (RFC 9260 §3.2), as numbers: not ours to name. */
export const ASAP = {
  registration: 1,
  deregistration: 2,
  registrationResponse: 3,
  deregistrationResponse: 4,
  resolution: 5,
  resolutionResponse: 6,
  keepAlive: 7,
  keepAliveAck: 8,
  unreachable: 9,
  error: 14,
} as const;
/**
 * ENRP message types (RFC 5353 §2), the action of an update that says that an element is gone, and the flag of a handle
 * table response that another page follows.
 */
export const ENRP = {
  presence: 1,
  handleTableRequest: 2,
  handleTableResponse: 3,
  handleUpdate: 4,
  initTakeover: 7,
  initTakeoverAck: 8,
} as const;
export const REMOVED = 1;
export const MORE_TO_COME = 2;
export const CHUNK = {
  data: 0,
  heartbeatAck: 5,
  abort: 6,
  shutdown: 7,
  shutdownAck: 8,
  shutdownComplete: 14,
} as const;
export const REJECTED = 1;
export const CAUSE = { invalidValues: 3, inconsistentPolicy: 5, unknownPoolHandle: 9 } as const;

export interface WireFrame {
  readonly number: number;
  /** Seconds since 1970 by the clock of the machine that captured. */
  readonly atS: number;
  readonly from: string;
  readonly to: string;
  /** Empty where SCTP lies in IP itself. */
  readonly udpPorts: readonly number[];
  readonly sctpPorts: readonly number[];
  /** SCTP chunk types, in order. */
  readonly chunks: readonly number[];
  readonly isChecksumGood: boolean;
  /** What is in it has been on this wire before. */
  readonly isSentAgain: boolean;
  /** ASAP message types, in order, and what stands in them. */
  readonly messages: readonly number[];
  readonly flags: readonly number[];
  readonly causes: readonly number[];
  /** Of PE Identifier Parameters. */
  readonly poolElementIds: readonly number[];
  /** Of Pool Element Parameters, in order. */
  readonly selectedIds: readonly number[];
  readonly poolHandles: readonly string[];
  readonly addresses: readonly string[];
  readonly policies: readonly number[];
  readonly loads: readonly number[];
  readonly registrarIds: readonly number[];
  /** ENRP message types, in order, and their flags. */
  readonly enrpMessages: readonly number[];
  readonly enrpFlags: readonly number[];
  /** Of ENRP_HANDLE_UPDATE. */
  readonly updateActions: readonly number[];
  /** Pool elements in ENRP messages. */
  readonly toldIds: readonly number[];
  /** Malformed, or marked as an error by a dissector. */
  readonly isMalformed: boolean;
}

const FIELDS = [
  'frame.number',
  'frame.time_epoch',
  'ip.src',
  'ip.dst',
  'ipv6.src',
  'ipv6.dst',
  'udp.port',
  'sctp.port',
  'sctp.chunk_type',
  'sctp.checksum.status',
  'sctp.retransmission',
  'asap.message_type',
  'asap.message_flags',
  'asap.cause_code',
  'asap.pe_identifier',
  'asap.pool_element_pe_identifier',
  'asap.pool_handle_pool_handle',
  'asap.ipv4_address',
  'asap.ipv6_address',
  'asap.pool_member_selection_policy_type',
  'asap.pool_member_selection_policy_load',
  'asap.server_identifier',
  'enrp.message_type',
  'enrp.message_flags',
  'enrp.update_action',
  'enrp.pool_element_pe_identifier',
  '_ws.expert.severity',
  '_ws.malformed',
];
const CHECKSUM_GOOD = 1;
const SEVERITY_ERROR = 0x80_0000;
/** SCTP over UDP, as in the lab (RFC 6951 §4.1). */
const ENCAPSULATION_PORT = 9899;
/** A request that was not answered in this time was not answered. */
const ANSWER_LIMIT_S = 5;

/** The addresses of one host. */
export type Host = readonly string[];

export class WireLog {
  readonly frames: readonly WireFrame[];

  constructor(frames: readonly WireFrame[]) {
    this.frames = frames;
  }

  /** @param hasChecksums false where kernels leave them to a network card that is not there */
  static async read(file: string, hasChecksums: boolean): Promise<WireLog> {
    return new WireLog(await dissect(file, hasChecksums));
  }

  sent(from: Host, to: Host): WireLog {
    return new WireLog(this.frames.filter((one) => from.includes(one.from) && to.includes(one.to)));
  }

  between(fromS: number, toS: number): WireLog {
    return new WireLog(this.frames.filter(({ atS }) => atS >= fromS && atS < toS));
  }

  withMessage(type: number): readonly WireFrame[] {
    return this.frames.filter(({ messages }) => messages.includes(type));
  }

  /** The flags of every ENRP message of this type, in order. */
  enrpFlagsOf(type: number): readonly number[] {
    return this.frames.flatMap(({ enrpMessages, enrpFlags }) =>
      enrpFlags.filter((_, i) => enrpMessages[i] === type),
    );
  }

  /** The actions of the updates that tell of this pool element, in order. */
  updatesOf(id: number): readonly number[] {
    return this.frames
      .filter(({ toldIds }) => toldIds.includes(id))
      .flatMap(({ updateActions }) => updateActions);
  }

  withChunk(type: number): readonly WireFrame[] {
    return this.frames.filter(({ chunks }) => chunks.includes(type));
  }
}

/** The requests that no answer followed in time. One that is sent again, for want of a SACK, has been answered before. */
export function unanswered(
  requests: readonly WireFrame[],
  answers: readonly WireFrame[],
): readonly WireFrame[] {
  return requests.filter(
    (request) =>
      !request.isSentAgain &&
      !answers.some(
        ({ number, atS }) => number > request.number && atS < request.atS + ANSWER_LIMIT_S,
      ),
  );
}

async function dissect(file: string, hasChecksums: boolean): Promise<WireFrame[]> {
  const decodeAs = [
    '-d',
    `udp.port==${ENCAPSULATION_PORT},sctp`,
    '-o',
    `sctp.checksum:${hasChecksums ? 'CRC 32c' : 'None'}`,
  ];
  const format = ['-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=a', '-E', 'aggregator=,'];
  const fields = FIELDS.flatMap((field) => ['-e', field]);
  const { stdout } = await promisify(execFile)(
    'tshark',
    ['-r', file, '-Y', 'sctp', ...decodeAs, ...format, ...fields],
    { maxBuffer: 1 << 28 },
  );
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(parseFrame);
}

function parseFrame(line: string): WireFrame {
  const columns = line.split('\t');
  const text = (field: string) => columns[FIELDS.indexOf(field)] ?? '';
  const texts = (field: string) => text(field).split(',').filter(Boolean);
  const numbers = (field: string) => texts(field).map(Number);
  return {
    number: Number(text('frame.number')),
    atS: Number(text('frame.time_epoch')),
    from: text('ip.src') || text('ipv6.src'),
    to: text('ip.dst') || text('ipv6.dst'),
    udpPorts: numbers('udp.port'),
    sctpPorts: numbers('sctp.port'),
    chunks: numbers('sctp.chunk_type'),
    isSentAgain: text('sctp.retransmission') !== '',
    isChecksumGood: Number(text('sctp.checksum.status')) === CHECKSUM_GOOD,
    messages: numbers('asap.message_type'),
    flags: numbers('asap.message_flags'),
    causes: numbers('asap.cause_code'),
    poolElementIds: numbers('asap.pe_identifier'),
    selectedIds: numbers('asap.pool_element_pe_identifier'),
    poolHandles: texts('asap.pool_handle_pool_handle').map(fromHexadecimal),
    addresses: [...texts('asap.ipv4_address'), ...texts('asap.ipv6_address')],
    policies: numbers('asap.pool_member_selection_policy_type'),
    loads: numbers('asap.pool_member_selection_policy_load'),
    registrarIds: numbers('asap.server_identifier'),
    enrpMessages: numbers('enrp.message_type'),
    enrpFlags: numbers('enrp.message_flags'),
    updateActions: numbers('enrp.update_action'),
    toldIds: numbers('enrp.pool_element_pe_identifier'),
    isMalformed:
      text('_ws.malformed') !== '' ||
      numbers('_ws.expert.severity').some((severity) => severity >= SEVERITY_ERROR),
  };
}

function fromHexadecimal(text: string): string {
  return Buffer.from(text, 'hex').toString('latin1');
}
