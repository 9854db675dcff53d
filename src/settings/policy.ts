/**
 * Policies as applications write them, with loads as fractions, and as the wire has them, with loads as 32-bit numbers.
 * Which values a policy has is said by `wire/policies.ts`.
 */

import type { Policy as WirePolicy } from '../wire/parameters.ts';
import { POLICY_VALUES, type PolicyValueName } from '../wire/policies.ts';
import { type Kind, number, oneOf, unusable } from './kind.ts';
import { loadFraction, loadOnWire } from './load.ts';
import { type Fields, join, record } from './record.ts';
import { isPlainObject } from './show.ts';
import { bytes, u32 } from './values.ts';

/**
 * A member selection policy with its values (RFC 5356). `load`, `loadDegradation`, `loadDpf` and `weightDpf` are fractions
 * from 0 to 1, of which 32 bits are kept: up to nine decimals come back as they were given. `weight` and `priority` are
 * whole numbers from 0 to 0xffffffff, `distanceMs` is whole milliseconds.
 */
export type Policy = WirePolicy;

/** The values of a policy that are to change; the others stay. */
export type PolicyValues = { readonly [Name in PolicyValueName]?: number | undefined };

const fraction = number(0, 1);

/** A fraction, read as the 32-bit number that it is on the wire. */
const load: Kind<number> = {
  expected: fraction.expected,
  read: (value, path) => loadOnWire(fraction.read(value, path)),
};

const VALUES: { readonly [Name in PolicyValueName]: Kind<number> } = {
  weight: u32,
  priority: u32,
  load,
  loadDegradation: load,
  weightDpf: load,
  loadDpf: load,
  distanceMs: u32,
};

type AnyFields = Record<string, Kind<unknown>>;

const KINDS = new Map(
  [...POLICY_VALUES].map(([type, names]) => {
    const values = names.map((name) => [name, VALUES[name as PolicyValueName]]);
    const fields: AnyFields = { type: oneOf(type), ...Object.fromEntries(values) };
    return [type, record<WirePolicy>(fields as unknown as Fields<WirePolicy>)] as const;
  }),
).set(
  'unknown',
  record<WirePolicy>({
    ...({ type: oneOf('unknown'), policyType: u32, bytes } as unknown as Fields<WirePolicy>),
  }),
);

const policyType = oneOf(...KINDS.keys());
const EXPECTED = 'a policy, such as { type: "leastUsed", load: 0.25 }';

/** Reads a policy as an application writes it; it returns what the wire has. */
export const policy: Kind<WirePolicy> = {
  expected: EXPECTED,
  read(value, path) {
    if (!isPlainObject(value)) throw unusable(path, value, EXPECTED);
    const given = Object.hasOwn(value, 'type') ? value.type : undefined;
    const type = policyType.read(given, join(path, 'type'));
    return (KINDS.get(type) as Kind<WirePolicy>).read(value, path);
  },
};

/**
 * Reads a change of a policy. With a type it is a whole policy; without one it names at least one value of `current`, and
 * the others stay.
 */
export function changedPolicy(current: WirePolicy, values: unknown, path: string): WirePolicy {
  if (!isPlainObject(values)) throw unusable(path, values, EXPECTED);
  const given = Object.fromEntries(
    Reflect.ownKeys(values)
      .map((name) => [name, values[name]] as const)
      .filter(([, value]) => value !== undefined),
  );
  if (Object.keys(given).length === 0) {
    const names = POLICY_VALUES.get(current.type) ?? [];
    const wanted =
      names.length === 0 ? EXPECTED : `at least one of its values: ${names.join(', ')}`;
    throw unusable(path, values, wanted);
  }
  if (Object.hasOwn(given, 'type')) return policy.read(given, path);
  return policy.read({ ...policyInFractions(current), ...given }, path);
}

/** The loads among the values of each policy. */
const LOADS = new Map(
  [...POLICY_VALUES].map(([type, names]) => [
    type,
    names.filter((name) => VALUES[name as PolicyValueName] === load),
  ]),
);

/** A policy from the wire as applications see it. */
export function policyInFractions(onWire: WirePolicy): Policy {
  const shown = { ...onWire } as Record<string, unknown>;
  for (const name of LOADS.get(onWire.type) ?? []) {
    shown[name] = loadFraction(shown[name] as number);
  }
  return shown as Policy;
}

/** Anything from the wire that has a policy, as applications see it. */
export function withFractions<Value extends { readonly policy: WirePolicy }>(value: Value): Value {
  return { ...value, policy: policyInFractions(value.policy) };
}
