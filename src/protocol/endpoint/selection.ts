/**
 * Selection on the pool user's side (RFC 5356): by which policy the native core selects among the elements of
 * an answer, and in which order they join it. The selection itself is `handlespace/`.
 */

import type { AsapHandleResolutionResponse } from '../../wire/asap-messages.ts';
import type { Policy, PoolElementParameter } from '../../wire/parameters.ts';
import { policyTypeCode } from '../../wire/policies.ts';

/** From this policy type on, policies depend on values that change while servers work (RFC 5356 §7.1). */
const FIRST_ADAPTIVE = 0x4000_0000;

const SELECTED_BY_THE_CORE: readonly Policy['type'][] = [
  ...(['roundRobin', 'weightedRoundRobin', 'random', 'weightedRandom', 'priority'] as const),
  ...(['leastUsed', 'leastUsedDegradation', 'priorityLeastUsed', 'randomizedLeastUsed'] as const),
];

/** A pool element with the policy by which it is selected. */
export interface Candidate {
  readonly element: PoolElementParameter;
  readonly policy: Policy;
}

type Answer = Pick<AsapHandleResolutionResponse, 'policy' | 'poolElements'>;

/** Returns whether the answer is about loads, which it gives as they were when it was made. */
export function isAdaptive({ policy, poolElements }: Answer): boolean {
  const policies = poolElements.map((element) => element.policy);
  return [...policies, policy ?? ROUND_ROBIN].some((one) => policyTypeCode(one) >= FIRST_ADAPTIVE);
}

/**
 * Returns the elements that can be selected by the pool's policy, in the order of the answer. An element with
 * another policy is not among them (decision 39), unless all have another one. For a policy that the core does
 * not know, the registrar's order counts as a priority.
 */
export function candidatesOf({ policy = ROUND_ROBIN, poolElements }: Answer): Candidate[] {
  if (!SELECTED_BY_THE_CORE.includes(policy.type)) {
    return poolElements.map((element, index) => ({
      element,
      policy: { type: 'priority', priority: poolElements.length - index },
    }));
  }
  const agreeing = poolElements.filter((element) => element.policy.type === policy.type);
  if (agreeing.length > 0) return agreeing.map((element) => ({ element, policy: element.policy }));
  return poolElements.map((element) => ({ element, policy: ROUND_ROBIN }));
}

/**
 * Returns the candidates in the order in which they join a pool of their own. A registrar's answers to several
 * pool users begin at neighbouring elements. If each of them went round from there, the elements in between
 * would get more than their share. So each begins a golden section of the pool further than the one before.
 */
export function spread(candidates: readonly Candidate[]): Candidate[] {
  const groups = new Map<number, Candidate[]>();
  for (const candidate of candidates) {
    const rank = rankOf(candidate.policy);
    groups.set(rank, [...(groups.get(rank) ?? []), candidate]);
  }
  return [...groups.values()].flatMap(fromOwnPlace);
}

/** Elements of equal value, of which the registrar names another one first with each answer. */
function fromOwnPlace(equals: readonly Candidate[]): readonly Candidate[] {
  const count = equals.length;
  const ids = equals.map(({ element }) => Number(element.id));
  const lowest = ids.indexOf(Math.min(...ids));
  // How far the registrar's first one is behind the lowest, which is a place that all pool users know.
  const turn = (count - lowest) % count;
  const place = (lowest + turn * stepOf(count) + 1) % count;
  // The registrar's first one is used first of all; its next turn comes when the others have had theirs.
  const [used, ...others] = equals;
  const rotated = [...equals.slice(place), ...equals.slice(0, place)];
  return used === undefined ? others : [...rotated.filter((one) => one !== used), used];
}

/** The golden section of a circle of `count`, without a common divisor so that every place is reached. */
function stepOf(count: number): number {
  let step = Math.max(1, Math.round(count * (Math.sqrt(1.25) - 0.5)));
  while (divisorOf(step, count) > 1) step += 1;
  return step;
}

function divisorOf(a: number, b: number): number {
  return b === 0 ? a : divisorOf(b, a % b);
}

function rankOf(policy: Policy): number {
  if ('weight' in policy) return policy.weight;
  return 'priority' in policy ? policy.priority : 0;
}

/** What a pool without a policy parameter has (RFC 5352 §2.2.6). */
const ROUND_ROBIN: Policy = { type: 'roundRobin' };
