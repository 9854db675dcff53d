/**
 * The Pool Member Selection Policy parameter (RFC 5354 §3.8, RFC 5356): type and values. Selecting by them
 * is the native core's.
 *
 *     +-------------------------------+-------------------------------+
 *     |        Type = 0x0008          |            Length             |
 *     +-------------------------------+-------------------------------+
 *     |                          Policy Type                          |
 *     +---------------------------------------------------------------+
 *     :              values, 32 bits each, as listed below            :
 *     +---------------------------------------------------------------+
 */

import { type ByteWriter, checkWhole, readU32 } from './bytes.ts';
import { PARAMETER, type Policy } from './parameters.ts';
import { beginParameter, endParameter, invalid, type Parameter, type Scope } from './tlv.ts';

type KnownPolicy = Exclude<Policy, { type: 'unknown' }>;
export type PolicyValueName<Type = KnownPolicy['type'], P = KnownPolicy> = P extends {
  readonly type: infer Types;
}
  ? Type extends Types
    ? Exclude<keyof P, 'type'>
    : never
  : never;

/** Policy type on the wire, and the values that follow it, in order. */
type Layouts = {
  readonly [Type in KnownPolicy['type']]: readonly [
    code: number,
    ...values: PolicyValueName<Type>[],
  ];
};

const LAYOUT: Layouts = {
  roundRobin: [0x0000_0001], // RFC 5356 §4.1
  weightedRoundRobin: [0x0000_0002, 'weight'], // §4.2
  random: [0x0000_0003], // §4.3
  weightedRandom: [0x0000_0004, 'weight'], // §4.4
  priority: [0x0000_0005, 'priority'], // §4.5
  leastUsed: [0x4000_0001, 'load'], // §5.1
  leastUsedDegradation: [0x4000_0002, 'load', 'loadDegradation'], // §5.2
  priorityLeastUsed: [0x4000_0003, 'load', 'loadDegradation'], // §5.3
  randomizedLeastUsed: [0x4000_0004, 'load'], // §5.4
  // rsplib's own
  randomizedPriorityLeastUsed: [0xb000_1001, 'load', 'loadDegradation'],
  randomizedLeastUsedDegradation: [0xb000_1002, 'load', 'loadDegradation'],
  priorityLeastUsedDegradation: [0xb000_1003, 'load', 'loadDegradation'],
  randomizedPriorityLeastUsedDegradation: [0xb000_1004, 'load', 'loadDegradation'],
  // draft-dreibholz-rserpool-delay, and what rsplib made of it
  weightedRandomDpf: [0xb000_2001, 'weight', 'weightDpf', 'distanceMs'],
  leastUsedDpf: [0xb000_2002, 'load', 'loadDpf', 'distanceMs'],
  leastUsedDegradationDpf: [0xb000_2003, 'load', 'loadDegradation', 'loadDpf', 'distanceMs'],
};

type Layout = readonly [code: number, ...values: string[]];

const BY_CODE = new Map(
  Object.entries(LAYOUT).map(([type, [code, ...values]]) => [code, { type, values }]),
);

/** Policy types that stand for nothing (RFC 5356 §7.1). */
const RESERVED_CODES: readonly number[] = [0x0000_0000, 0x4000_0000];

/** The policy type on the wire, by which all elements of a pool must agree (RFC 5352 §3.1). */
export function policyTypeCode(policy: Policy): number {
  return policy.type === 'unknown' ? policy.policyType : layoutOf(policy)[0];
}

/** The known policies, and the names of their values in order. */
export const POLICY_VALUES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries<Layout>(LAYOUT).map(([type, [, ...values]]) => [type, values]),
);

export function readPolicy(scope: Scope, parameter: Parameter): Policy {
  const { bytes } = scope;
  const { valueOffset, end } = parameter;
  if (end - valueOffset < 4) throw invalid(scope, parameter, 'A policy without a type');
  const code = readU32(bytes, valueOffset);
  if (RESERVED_CODES.includes(code)) {
    throw invalid(scope, parameter, `A policy of the reserved type ${code}`, valueOffset);
  }
  const layout = BY_CODE.get(code);
  const valuesOffset = valueOffset + 4;
  if (layout === undefined) {
    return { type: 'unknown', policyType: code, bytes: bytes.subarray(valuesOffset, end) };
  }
  // Longer than needed is accepted as rsplib does: later versions of a policy may append values.
  if (end - valuesOffset < 4 * layout.values.length) {
    throw invalid(scope, parameter, `A policy ${layout.type} without all its values`);
  }
  const values = layout.values.map((name, i) => [name, readU32(bytes, valuesOffset + 4 * i)]);
  return { type: layout.type, ...Object.fromEntries(values) } as Policy;
}

export function writePolicy(writer: ByteWriter, policy: Policy): void {
  const parameter = beginParameter(writer, PARAMETER.POLICY);
  if (policy.type === 'unknown') {
    checkUnknown(policy.policyType);
    writer.u32(policy.policyType, 'policy type');
    writer.raw(policy.bytes, 'policy data');
  } else {
    const [code, ...names] = layoutOf(policy);
    writer.u32(code, 'policy type');
    const values = policy as unknown as Readonly<Record<string, number>>;
    for (const name of names) writer.u32(values[name] as number, `${name} of ${policy.type}`);
  }
  endParameter(writer, parameter);
}

function layoutOf({ type }: KnownPolicy): Layout {
  const layout: Layout | undefined = LAYOUT[type];
  if (layout === undefined) throw new TypeError(`There is no policy "${type}".`);
  return layout;
}

function checkUnknown(code: number): void {
  checkWhole(code, 0xffff_ffff, 'policy type');
  const known = BY_CODE.get(code)?.type;
  if (known !== undefined) throw new RangeError(`The policy type ${code} is known: "${known}".`);
  if (RESERVED_CODES.includes(code)) throw new RangeError(`The policy type ${code} is reserved.`);
}
