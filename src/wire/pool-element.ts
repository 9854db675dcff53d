/**
 * The Pool Element parameter (RFC 5354 §3.10): one element of a pool, as it registers and as it is handed
 * to pool users and to other registrars.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------------------------------+-------------------------------+
 *     |        Type = 0x000a          |            Length             |
 *     +-------------------------------+-------------------------------+
 *     |                         PE Identifier                         |
 *     +---------------------------------------------------------------+
 *     |                  Home Registrar Identifier                    |   0: undetermined
 *     +---------------------------------------------------------------+
 *     |                       Registration Life                       |   rsplib: ms, RFC: s (decision 1)
 *     +---------------------------------------------------------------+
 *     :                   User Transport parameter                    :
 *     +---------------------------------------------------------------+
 *     :             Member Selection Policy parameter                 :
 *     +---------------------------------------------------------------+
 *     :         ASAP Transport parameter: SCTP (optional)             :
 *     +---------------------------------------------------------------+
 *
 * Two parameters of the same kinds are told apart by their place alone, so unlike in messages the order
 * counts: what is before the policy is the user transport, what is behind it the ASAP transport.
 */

import type { Milliseconds, PoolElementId, RegistrarId } from '../types.ts';
import { type ByteWriter, readU32 } from './bytes.ts';
import {
  PARAMETER,
  type Policy,
  type PoolElementParameter,
  type Profile,
  type TransportParameter,
} from './parameters.ts';
import { readPolicy, writePolicy } from './policies.ts';
import {
  beginParameter,
  endParameter,
  forEachParameter,
  invalid,
  type Parameter,
  type Scope,
} from './tlv.ts';
import { isTransport, readTransport, writeTransport } from './transports.ts';

const FIXED_LENGTH = 12;
const INFINITE_LIFE = 0xffff_ffff;
const MAX_LIFE_SECONDS = 0x7fff_ffff;

export function readPoolElement(scope: Scope, parameter: Parameter): PoolElementParameter {
  const { bytes } = scope;
  const { valueOffset, end } = parameter;
  if (end - valueOffset < FIXED_LENGTH)
    throw invalid(scope, parameter, 'A pool element is cut off');
  const id = readU32(bytes, valueOffset) as PoolElementId;
  if (id === 0) throw invalid(scope, parameter, 'A pool element has the identifier 0', valueOffset);
  const homeRegistrarId = readU32(bytes, valueOffset + 4) as RegistrarId;
  const lifeMs = readLife(scope, parameter, valueOffset + 8);

  let userTransport: TransportParameter | undefined;
  let policy: Policy | undefined;
  let asapTransport: TransportParameter | undefined;
  forEachParameter(scope, valueOffset + FIXED_LENGTH, end, (inner) => {
    if (inner.type === PARAMETER.POLICY) {
      if (policy !== undefined) throw invalid(scope, inner, 'A pool element has two policies');
      policy = readPolicy(scope, inner);
    } else if (!isTransport(inner.type)) {
      return false;
    } else if (policy === undefined) {
      // exactly one (RFC 5354 §3.10)
      if (userTransport !== undefined) {
        throw invalid(scope, inner, 'A pool element has two user transports');
      }
      userTransport = readTransport(scope, inner);
    } else {
      if (asapTransport !== undefined || inner.type !== PARAMETER.SCTP_TRANSPORT) {
        throw invalid(scope, inner, 'Only one SCTP transport may follow the policy');
      }
      asapTransport = readTransport(scope, inner);
    }
    return true;
  });
  if (userTransport === undefined) {
    throw invalid(scope, parameter, 'A pool element has no user transport before its policy');
  }
  if (policy === undefined) throw invalid(scope, parameter, 'A pool element has no policy');
  return { id, homeRegistrarId, lifeMs, userTransport, policy, asapTransport };
}

/** A pool element as registrars tell it one another: with a home. */
export function readHomed(scope: Scope, parameter: Parameter): PoolElementParameter {
  const element = readPoolElement(scope, parameter);
  if (element.homeRegistrarId !== 0) return element;
  throw invalid(scope, parameter, 'A pool element has no home', parameter.valueOffset + 4);
}

function readLife(scope: Scope, parameter: Parameter, offset: number): Milliseconds {
  const life = readU32(scope.bytes, offset);
  if (life === INFINITE_LIFE) return Number.POSITIVE_INFINITY; // -1, in both profiles
  if (scope.profile === 'rsplib') return life;
  if (life === 0 || life > MAX_LIFE_SECONDS) {
    throw invalid(scope, parameter, 'A registration life that is not positive', offset); // decision 37
  }
  return life * 1000;
}

export function writePoolElement(
  writer: ByteWriter,
  element: PoolElementParameter,
  profile: Profile,
): void {
  if (element.encoded !== undefined) {
    writeEncoded(writer, element.encoded);
    return;
  }
  if (element.id === 0) throw new RangeError('The identifier of a pool element cannot be 0.');
  const parameter = beginParameter(writer, PARAMETER.POOL_ELEMENT);
  writer.u32(element.id, 'identifier of a pool element');
  writer.u32(element.homeRegistrarId, 'identifier of the home registrar');
  writer.u32(lifeOnTheWire(element.lifeMs, profile), 'registration life');
  writeTransport(writer, element.userTransport);
  writePolicy(writer, element.policy);
  if (element.asapTransport !== undefined) {
    if (element.asapTransport.protocol !== 'sctp') {
      throw new RangeError('The ASAP transport of a pool element is SCTP.');
    }
    writeTransport(writer, element.asapTransport);
  }
  endParameter(writer, parameter);
}

function writeEncoded(writer: ByteWriter, encoded: Uint8Array): void {
  writer.align();
  const parameter = writer.position;
  writer.raw(encoded, 'pool element');
  endParameter(writer, parameter);
}

export function writeHomed(
  writer: ByteWriter,
  element: PoolElementParameter,
  profile: Profile,
): void {
  if (element.homeRegistrarId === 0) throw new RangeError('The pool element has no home.');
  writePoolElement(writer, element, profile);
}

function lifeOnTheWire(lifeMs: Milliseconds, profile: Profile): number {
  if (lifeMs === Number.POSITIVE_INFINITY) return INFINITE_LIFE;
  const [life, minimum, maximum] =
    profile === 'rfc' ? [lifeMs / 1000, 1, MAX_LIFE_SECONDS] : [lifeMs, 0, INFINITE_LIFE - 1];
  if (Number.isInteger(life) && life >= minimum && life <= maximum) return life;
  const unit = profile === 'rfc' ? 'seconds' : 'milliseconds';
  throw new RangeError(
    `A registration life of ${lifeMs} ms is not ${minimum} to ${maximum} ${unit}.`,
  );
}
