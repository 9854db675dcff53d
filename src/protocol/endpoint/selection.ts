/**
 * Selection on the pool user's side (RFC 5356 §4, §5: the paragraphs on pool users): the registrar's answer is
 * used several times, each time in an order that suits the policy.
 */

import type { Policy, PoolElementParameter } from '../../wire/parameters.ts';
import { shuffled } from '../random.ts';

/**
 * `elements` in the order in which to use them.
 *
 * @param uses how often they have been used before
 */
export function select(
  policy: Policy['type'],
  elements: readonly PoolElementParameter[],
  uses: number,
  random: () => number,
): readonly PoolElementParameter[] {
  switch (policy) {
    case 'roundRobin':
    case 'weightedRoundRobin':
      return rotated(elements, uses);
    case 'random':
      return shuffled(elements, random);
    case 'weightedRandom':
    case 'randomizedLeastUsed':
      return drawn(elements, random);
    default:
      // Priority and the least used family: the first is the best, the others are its backups.
      return elements;
  }
}

/** "uses the list ... in a round robin fashion" (RFC 5356 §4.1.3) */
function rotated<T>(elements: readonly T[], by: number): readonly T[] {
  const first = elements.length === 0 ? 0 : by % elements.length;
  return [...elements.slice(first), ...elements.slice(0, first)];
}

/** Draws without putting back, each element with a probability in proportion to its weight. */
function drawn(
  elements: readonly PoolElementParameter[],
  random: () => number,
): readonly PoolElementParameter[] {
  const left = [...elements];
  const order: PoolElementParameter[] = [];
  while (left.length > 0) {
    const weights = left.map(({ policy }) => weightOf(policy));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    if (sum === 0) return [...order, ...shuffled(left, random)]; // all alike
    const mark = random() * sum;
    let passed = 0;
    const found = weights.findIndex((weight) => {
      passed += weight;
      return mark < passed;
    });
    order.push(...left.splice(found, 1));
  }
  return order;
}

function weightOf(policy: Policy): number {
  if (policy.type === 'weightedRandom') return policy.weight;
  // "the higher the load, the lower the probability" (RFC 5356 §5.4); fully loaded keeps a tiny chance
  return policy.type === 'randomizedLeastUsed' ? Math.max(0xffff_ffff - policy.load, 1) : 1;
}
