/**
 * Single parameters from and to bytes, for those who store or compare them without a message: the
 * handlespace, error causes. Encoded ones are padded to a multiple of 4, so that they can be put one behind
 * the other; their own length says where the padding begins.
 */

import type { PoolElementId } from '../types.ts';
import { ByteWriter } from './bytes.ts';
import type { ServerInformation } from './enrp-messages.ts';
import {
  PARAMETER,
  type Policy,
  type PoolElementParameter,
  type TransportParameter,
  type WireOptions,
} from './parameters.ts';
import { readPolicy, writePolicy } from './policies.ts';
import { readPoolElement, writePoolElement } from './pool-element.ts';
import { readServerInformation, writeServerInformation } from './server-information.ts';
import { writePoolElementId, writePoolHandle } from './simple-parameters.ts';
import { invalid, type Parameter, readParameter, type Scope } from './tlv.ts';
import { isTransport, readTransport, writeTransport } from './transports.ts';

export function encodePoolElementParameter(
  element: PoolElementParameter,
  { profile = 'rsplib' }: WireOptions = {},
): Uint8Array {
  return encode((writer) => writePoolElement(writer, element, profile));
}

export function encodeTransportParameter(transport: TransportParameter): Uint8Array {
  return encode((writer) => writeTransport(writer, transport));
}

export function encodePolicyParameter(policy: Policy): Uint8Array {
  return encode((writer) => writePolicy(writer, policy));
}

export function encodePoolHandleParameter(poolHandle: Uint8Array): Uint8Array {
  return encode((writer) => writePoolHandle(writer, poolHandle));
}

export function encodePoolElementIdParameter(id: PoolElementId): Uint8Array {
  return encode((writer) => writePoolElementId(writer, id, false));
}

export function encodeServerInformationParameter(server: ServerInformation): Uint8Array {
  return encode((writer) => writeServerInformation(writer, server, false));
}

/** Reads the parameter at the beginning of `bytes`; throws `DecodeError`. Byte strings are views. */
export function decodePoolElementParameter(
  bytes: Uint8Array,
  { profile = 'rsplib' }: WireOptions = {},
): PoolElementParameter {
  const isWanted = (type: number) => type === PARAMETER.POOL_ELEMENT;
  return decode(bytes, profile, isWanted, readPoolElement);
}

/** Reads the parameter at the beginning of `bytes`; throws `DecodeError`. Byte strings are views. */
export function decodeTransportParameter(bytes: Uint8Array): TransportParameter {
  return decode(bytes, 'rfc', isTransport, readTransport);
}

/** Reads the parameter at the beginning of `bytes`; throws `DecodeError`. Byte strings are views. */
export function decodePolicyParameter(bytes: Uint8Array): Policy {
  return decode(bytes, 'rfc', (type) => type === PARAMETER.POLICY, readPolicy);
}

/** Reads the parameter at the beginning of `bytes`; throws `DecodeError`. */
export function decodeServerInformationParameter(bytes: Uint8Array): ServerInformation {
  return decode(
    bytes,
    'rfc',
    (type) => type === PARAMETER.SERVER_INFORMATION,
    (scope, parameter) => readServerInformation(scope, parameter, false),
  );
}

function encode(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = ByteWriter.growing();
  write(writer);
  writer.align();
  return writer.written();
}

function decode<Value>(
  bytes: Uint8Array,
  profile: Scope['profile'],
  isWanted: (type: number) => boolean,
  read: (scope: Scope, parameter: Parameter) => Value,
): Value {
  const scope: Scope = { bytes, end: bytes.length, profile, unrecognized: [] };
  const parameter = readParameter(scope, 0, bytes.length);
  if (!isWanted(parameter.type)) throw invalid(scope, parameter, 'A parameter of another type');
  return read(scope, parameter);
}
