/**
 * A registration, laid out for native code (`native/binding/src/image.rs` has the table): the numbers that
 * selection and timers need, and encoded parameters, which the core keeps as they are and answers with.
 */

import { HandlespaceError } from '../errors.ts';
import type { Milliseconds } from '../types.ts';
import { aligned, ByteWriter, readU16 } from '../wire/bytes.ts';
import {
  PARAMETER,
  type Policy,
  type PoolElementParameter,
  type Profile,
  TRANSPORT_USE,
  type TransportParameter,
} from '../wire/parameters.ts';
import { policyTypeCode } from '../wire/policies.ts';
import { writePoolElement } from '../wire/pool-element.ts';
import { writeTransport } from '../wire/transports.ts';
import type { Desk, PoolHandle } from './desk.ts';

/** A pool element to be stored; see RFC 5354 §3.10 for what its values mean. */
export interface Registration {
  /** 1 to `maxPoolHandleBytes` bytes. */
  readonly poolHandle: PoolHandle;
  /** 1 to 0xffffffff. */
  readonly id: number;
  readonly homeRegistrarId: number;
  /** Registration Life as it goes out in answers; `Infinity`: unlimited. */
  readonly lifeMs: Milliseconds;
  /** One of the nine of RFC 5356, the same for every element of a pool. */
  readonly policy: Policy;
  /** Same protocol and, for SCTP and TCP, same Transport Use for every element of a pool. */
  readonly userTransport: TransportParameter;
  /** SCTP, Transport Use 0; kept for those who ask for the element, not part of answers. */
  readonly asapTransport?: TransportParameter | undefined;
  /** The association that the registration came in on; 0, the default: none. */
  readonly association?: number | undefined;
  /** Whether keep-alive timers run for it: the home registrar's own elements. Default: no. */
  readonly isWatched?: boolean | undefined;
  /**
   * Whether an element that does not agree with its pool (policy, transport protocol, control channel) is kept
   * and not selected, instead of refused: one that another registrar has accepted (decision 39). Default: no.
   */
  readonly mayDisagree?: boolean | undefined;
  /** From now until the registration lapses; `Infinity`: it does not. Default: `lifeMs`. */
  readonly expiresInMs?: Milliseconds | undefined;
}

/** Places among the words of a registration. */
const WORD = {
  id: 0,
  homeRegistrarId: 1,
  association: 2,
  policy: 3,
  policyValue: 4,
  loadDegradation: 5,
  transportKind: 6,
  flags: 7,
  prefaceBytes: 10,
  poolHandleBytes: 11,
  recordBytes: 12,
  leadOffset: 13,
  leadBytes: 14,
  annexBytes: 15,
} as const;
const DOUBLE = { expiresIn: 4 } as const;
const FLAG = { hasControl: 1, isWatched: 2, mayDisagree: 4 } as const;
const PAYLOAD_OFFSET = 64;

/** The header of an ASAP_HANDLE_RESOLUTION_RESPONSE; its length is patched in when it is answered. */
const RESPONSE_TYPE = 0x06;
const HEADER_BYTES = 4;

/** In a Pool Element parameter, where the user transport begins (RFC 5354 §3.10). */
const USER_TRANSPORT_OFFSET = 16;

/** Lays `registration` on the desk. Errors of the wire codec are TypeError and RangeError. */
export function putRegistration(desk: Desk, registration: Registration, profile: Profile): void {
  const { id, homeRegistrarId, association = 0, policy, userTransport, lifeMs } = registration;
  if (id === 0) {
    throw new HandlespaceError('The identifier 0 names no pool element.', 3, 'ZERO_IDENTIFIER');
  }
  const prefaceBytes = putPreface(desk, registration.poolHandle);
  const recordOffset = PAYLOAD_OFFSET + prefaceBytes;
  const recordBytes = putRecord(desk, recordOffset, registration, profile);
  const annexBytes = putAnnex(desk, recordOffset + recordBytes, registration.asapTransport);

  const { words } = desk;
  words[WORD.id] = id; // checked when the record was encoded
  words[WORD.homeRegistrarId] = homeRegistrarId;
  words[WORD.association] = checkedAssociation(association);
  words[WORD.policy] = policyTypeCode(policy);
  words[WORD.policyValue] = policyValueOf(policy);
  words[WORD.loadDegradation] = 'loadDegradation' in policy ? policy.loadDegradation : 0;
  words[WORD.transportKind] = readU16(desk.bytes, recordOffset + USER_TRANSPORT_OFFSET);
  words[WORD.flags] =
    (hasControl(userTransport) ? FLAG.hasControl : 0) |
    (registration.isWatched ? FLAG.isWatched : 0) |
    (registration.mayDisagree ? FLAG.mayDisagree : 0);
  desk.doubles[DOUBLE.expiresIn] = registration.expiresInMs ?? lifeMs;
  words[WORD.prefaceBytes] = prefaceBytes;
  words[WORD.recordBytes] = recordBytes;
  // The policy is the last parameter of the record, right behind the user transport.
  const transportBytes = readU16(desk.bytes, recordOffset + USER_TRANSPORT_OFFSET + 2);
  const leadOffset = USER_TRANSPORT_OFFSET + aligned(transportBytes);
  words[WORD.leadOffset] = leadOffset;
  words[WORD.leadBytes] = recordBytes - leadOffset;
  words[WORD.annexBytes] = annexBytes;
}

/** What every answer for this pool begins with: message header and Pool Handle parameter. */
function putPreface(desk: Desk, poolHandle: PoolHandle): number {
  const { bytes, words } = desk;
  const handleOffset = PAYLOAD_OFFSET + HEADER_BYTES + 4;
  const handleBytes = desk.putPoolHandle(poolHandle, handleOffset);
  words[WORD.poolHandleBytes] = handleBytes;
  bytes.set([RESPONSE_TYPE, 0, 0, 0], PAYLOAD_OFFSET);
  const length = 4 + handleBytes;
  bytes.set([0, PARAMETER.POOL_HANDLE, length >>> 8, length], PAYLOAD_OFFSET + HEADER_BYTES);
  bytes.fill(0, handleOffset + handleBytes, handleOffset + aligned(handleBytes));
  return HEADER_BYTES + aligned(length);
}

/** The Pool Element parameter as it is answered: without ASAP transport, as rsplib has it. */
function putRecord(
  desk: Desk,
  offset: number,
  { id, homeRegistrarId, lifeMs, userTransport, policy }: Registration,
  profile: Profile,
): number {
  const element = { id, homeRegistrarId, lifeMs, userTransport, policy } as PoolElementParameter;
  const writer = ByteWriter.into(desk.bytes, offset);
  writePoolElement(writer, element, profile);
  writer.align();
  return writer.length;
}

function putAnnex(
  desk: Desk,
  offset: number,
  asapTransport: TransportParameter | undefined,
): number {
  if (asapTransport === undefined) return 0;
  const writer = ByteWriter.into(desk.bytes, offset);
  writeTransport(writer, asapTransport);
  writer.align();
  return writer.length;
}

function checkedAssociation(association: number): number {
  if (Number.isInteger(association) && association >= 0 && association <= 0xffff_ffff) {
    return association;
  }
  throw new RangeError(
    `An association is a whole number from 0 to 0xffffffff, not ${association}.`,
  );
}

function policyValueOf(policy: Policy): number {
  if ('weight' in policy) return policy.weight;
  if ('priority' in policy) return policy.priority;
  return 'load' in policy ? policy.load : 0;
}

/** rsplib gives the 16 bits their SCTP meaning for TCP too (spec of Transport Use, RFC 5354 §3.4). */
function hasControl(transport: TransportParameter): boolean {
  const mayHave = transport.protocol === 'sctp' || transport.protocol === 'tcp';
  return mayHave && transport.transportUse === TRANSPORT_USE.DATA_PLUS_CONTROL;
}
