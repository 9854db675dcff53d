/** Pools as objects, for command lines and dashboards. */

import type { Policy } from '../wire/parameters.ts';
import { policyTypeCode } from '../wire/policies.ts';
import { poolsOf } from './image.ts';

/** The nine policies of RFC 5356, the ones that the core selects by. */
export type SelectionPolicyType = (typeof SELECTION_POLICIES)[number];

const SELECTION_POLICIES = [
  'roundRobin',
  'weightedRoundRobin',
  'random',
  'weightedRandom',
  'priority',
  'leastUsed',
  'leastUsedDegradation',
  'priorityLeastUsed',
  'randomizedLeastUsed',
] as const satisfies readonly Policy['type'][];

const TYPE_BY_CODE = new Map(
  SELECTION_POLICIES.map((type) => [policyTypeCode({ type } as Policy), type] as const),
);

export interface PoolSummary {
  readonly poolHandle: Uint8Array;
  readonly policyType: SelectionPolicyType;
  readonly poolElementCount: number;
}

export function summariesOf(batch: Uint8Array): PoolSummary[] {
  return poolsOf(batch).map(({ poolHandle, policyType, poolElementCount }) => ({
    poolHandle,
    policyType: TYPE_BY_CODE.get(policyType) as SelectionPolicyType,
    poolElementCount,
  }));
}
