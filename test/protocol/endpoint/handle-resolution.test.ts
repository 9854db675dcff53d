/** Handle resolution by a pool user (RFC 5352 §3.3): cache, T1, change of registrar, answers. */

import { describe, expect, test } from 'vitest';
import { poolElementId } from '../../../src/types.ts';
import type { Policy, PoolElementParameter } from '../../../src/wire/parameters.ts';
import {
  aPoolUser,
  asapError,
  elements,
  found,
  notFound,
  OTHER_POOL,
  POOL,
  type PoolUserScene,
} from './support.ts';

const resolve = (request: number, { poolHandle = POOL, items = 128 } = {}) =>
  ({ type: 'resolve', request, poolHandle, items }) as const;

/** Leaves the number of elements to the registrar. */
const resolveAny = (request: number) =>
  ({ type: 'resolve', request, poolHandle: POOL, items: undefined }) as const;

const fresh = (request: number) => ({ ...resolve(request), isFresh: true }) as const;

const resolved = (request: number, poolElements: readonly PoolElementParameter[] | undefined) => ({
  ...{ type: 'resolved', request, poolElements },
});

const failed = (
  request: number,
  why: string,
  causeCodes: readonly number[] = [],
  reason?: string,
) => ({ type: 'resolutionFailed', request, why, causeCodes, reason });

type Element = PoolElementParameter;

const report = (scene: PoolUserScene, id: number) =>
  scene.input({ type: 'reportUnreachable', poolHandle: POOL, poolElementId: poolElementId(id) });

/** A pool user that has asked host 1 for the pool, over association 1. */
function asking(setUp: Parameters<typeof aPoolUser>[0] = {}): PoolUserScene {
  const scene = aPoolUser(setUp);
  scene.input(resolve(1));
  scene.takesCall(1);
  expect(scene.sentTypes(1)).toEqual(['ASAP_HANDLE_RESOLUTION']);
  return scene;
}

describe('a handle resolution', () => {
  test('looks for a registrar when it is needed, not before (RFC 5352 §3.6)', () => {
    const scene = aPoolUser();
    scene.advance(100_000);
    expect(scene.everything()).toEqual([]);
    scene.input(resolve(1, { items: 2 }));
    scene.takesCall(1);
    expect(scene.sent(1)).toEqual([
      { type: 'ASAP_HANDLE_RESOLUTION', wantsUpdates: false, poolHandle: POOL, items: 128 },
    ]);
  });

  test.each([
    [1, 1],
    [5, 5],
    [0xffff_ffff, 5],
  ])('gives as many as are wanted: items %i', (items, count) => {
    const scene = aPoolUser();
    scene.input(resolve(1, { items }));
    scene.takesCall(1);
    scene.says(1, found(elements([1, 2, 3, 4, 5])));
    expect(scene.events()).toMatchObject([{ poolElements: { length: count } }]);
  });

  test('gives the pool elements in the order of the registrar (RFC 5352 §3.3)', () => {
    const scene = asking();
    scene.says(1, found(elements([3, 1, 2])));
    expect(scene.events()).toEqual([resolved(1, elements([3, 1, 2]))]);
  });

  test('of an unknown pool is undefined (RFC 5352 §3.3, cause 9)', () => {
    const scene = asking();
    scene.says(1, notFound());
    expect(scene.events()).toEqual([resolved(1, undefined)]);
  });

  test('is rejected with the causes of any other refusal', () => {
    const scene = asking();
    scene.says(1, notFound([6, 1]));
    expect(scene.events()).toEqual([
      failed(
        1,
        'rejected',
        [6, 1],
        'a limit of the registrar is reached (cause 6); the registrar does not recognize a parameter (cause 1)',
      ),
    ]);
  });

  test('is rejected by an ASAP_ERROR, which is about the oldest one (RFC 5352 §2.2.14)', () => {
    const scene = asking();
    scene.input(resolve(2, { poolHandle: OTHER_POOL }));
    scene.says(1, asapError(3));
    expect(scene.events()).toEqual([failed(1, 'rejected', [3], 'a value is invalid (cause 3)')]);
    scene.says(1, found(elements([4]), { poolHandle: OTHER_POOL }));
    expect(scene.events()).toEqual([resolved(2, elements([4]))]);
    scene.says(1, asapError(3)); // about nothing
    expect(scene.events()).toEqual([]);
  });

  test('shares the answer with the same question, each with an order of its own', () => {
    const scene = asking();
    scene.input(resolve(2));
    scene.input(resolve(3));
    expect(scene.sent(1)).toEqual([]);
    scene.says(1, found(elements([1, 2, 3])));
    expect(scene.events()).toEqual([
      resolved(1, elements([1, 2, 3])),
      resolved(2, elements([2, 3, 1])),
      resolved(3, elements([3, 1, 2])),
    ]);
  });

  test('shares the answer with a request for another number of elements, if it names enough', () => {
    const scene = asking();
    scene.input(resolve(2, { items: 1 }));
    expect(scene.sent(1)).toEqual([]);
    scene.input(resolve(3, { items: 200 }));
    expect(scene.sent(1)).toMatchObject([{ items: 200 }]);
    scene.says(1, found(elements([1, 2, 3])));
    expect(scene.events()).toEqual([resolved(1, elements([1, 2, 3])), resolved(2, elements([2]))]);
    scene.says(1, found(elements([2, 3, 1])));
    expect(scene.events()).toEqual([resolved(3, elements([2, 3, 1]))]);
  });

  test('ignores answers that nobody asked for, that are late, or that nobody can read', () => {
    const scene = asking();
    scene.says(1, found(elements([1]), { poolHandle: OTHER_POOL }));
    scene.says(1, Uint8Array.of(6, 0, 0, 4));
    scene.says(1, found(elements([1])), 12);
    scene.isCalledBy(9);
    scene.says(9, found(elements([9])));
    expect(scene.events()).toEqual([]);
    scene.says(1, found(elements([1])));
    scene.says(1, found(elements([2])));
    expect(scene.events()).toEqual([resolved(1, elements([1]))]);
  });

  test('that cannot be written is refused to the caller, and leaves nothing behind', () => {
    const scene = aPoolUser();
    const poolHandle = new Uint8Array(65_531);
    expect(() => scene.input(resolve(1, { poolHandle }))).toThrow(RangeError);
    expect(scene.everything()).toEqual([]);
    expect(scene.machine.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('the cache of a pool user (RFC 5352 §3.3)', () => {
  test('answers until it is stale, each time with the next order', () => {
    const scene = asking({ options: { staleCacheMs: 5_000 } });
    scene.says(1, found(elements([1, 2])));
    scene.events();
    scene.advance(4_999);
    scene.input(resolve(2));
    scene.input(resolve(3, { items: 1 }));
    expect(scene.sent(1)).toEqual([]);
    expect(scene.events()).toEqual([resolved(2, elements([2, 1])), resolved(3, elements([1]))]);
    scene.advance(1);
    scene.input(resolve(4));
    expect(scene.sentTypes(1)).toEqual(['ASAP_HANDLE_RESOLUTION']);
  });

  test('asks for as many elements as the option says, or as are wanted', () => {
    const scene = aPoolUser({ options: { cacheItems: 10 } });
    scene.input(resolve(1, { items: 2 }));
    scene.takesCall(1);
    scene.input(resolve(2, { items: 11, poolHandle: OTHER_POOL }));
    expect(scene.sent(1)).toMatchObject([{ items: 10 }, { items: 11 }]);
  });

  test('answers for as many elements as were asked for, also when there are fewer', () => {
    const scene = asking();
    scene.says(1, found(elements([1, 2, 3])));
    scene.events();
    scene.input(resolve(2, { items: 128 }));
    expect(scene.events()).toEqual([resolved(2, elements([2, 3, 1]))]);
    scene.input(resolve(3, { items: 129 }));
    expect(scene.sent(1)).toMatchObject([{ items: 129 }]);
  });

  test('goes on in its order when a new answer comes, without those that have gone', () => {
    const scene = asking({ options: { staleCacheMs: 5_000 } });
    scene.says(1, found(elements([1, 2, 3, 4])));
    scene.input(resolve(2, { items: 1 })); // 2
    scene.advance(5_000);
    scene.input(resolve(3));
    scene.says(1, found(elements([2, 4, 5, 1])));
    scene.events();
    scene.input(resolve(4, { items: 4 }));
    expect(scene.events()).toEqual([resolved(4, elements([4, 1, 5, 2]))]);
  });

  test('is passed by when a fresh answer is wanted, and takes in one that names the whole pool', () => {
    const scene = asking();
    scene.says(1, found(elements([1])));
    scene.events();
    scene.input(fresh(2));
    expect(scene.sent(1)).toMatchObject([{ items: 128 }]);
    scene.says(1, found(elements([2])));
    scene.input(resolve(3));
    expect(scene.events()).toEqual([resolved(2, elements([2])), resolved(3, elements([2]))]);
  });

  test('asks again after a fresh answer that may name a part of the pool', () => {
    const scene = asking();
    scene.says(1, found(elements([1, 2, 3, 4])));
    scene.input({ ...fresh(2), items: 2 });
    expect(scene.sent(1)).toMatchObject([{ items: 2 }]);
    scene.says(1, found(elements([2, 3])));
    scene.events();
    scene.input(resolve(3));
    expect(scene.sent(1)).toMatchObject([{ items: 128 }]);
  });

  test('answers from a part of the pool only while there is no registrar', () => {
    for (const request of [{ ...fresh(1), items: 2 }, resolveAny(1)]) {
      const scene = aPoolUser();
      scene.input(request);
      scene.takesCall(1);
      scene.says(1, found(elements([1, 2])));
      scene.sent(1);
      scene.input(resolve(2, { items: 1 }));
      expect(scene.sent(1)).toMatchObject([{ items: 128 }]);
      scene.down(1);
      scene.events();
      scene.input(resolve(3, { items: 1 }));
      expect(scene.events()).toMatchObject([{ request: 3, poolElements: [{ id: 2 }] }]);
    }
  });

  test('is not used at all with a stale time-out of 0: the registrar is asked for what is wanted', () => {
    const scene = asking({ options: { staleCacheMs: 0 } });
    scene.says(1, found(elements([1])));
    scene.input(resolve(2, { items: 2 }));
    scene.input(resolve(3, { items: 2 }));
    scene.input(resolveAny(4));
    expect(scene.sent(1)).toMatchObject([{ items: 2 }, { items: 2 }, { items: undefined }]);
  });

  test('forgets a pool that the registrar does not know any more, or refuses to speak of', () => {
    for (const cause of [9, 6]) {
      const scene = asking();
      scene.says(1, found(elements([1])));
      scene.input(fresh(2));
      scene.says(1, notFound([cause]));
      scene.sent(1);
      scene.input(resolve(3));
      expect(scene.sentTypes(1)).toEqual(['ASAP_HANDLE_RESOLUTION']);
    }
  });

  test('does not keep that there is no such pool', () => {
    const scene = asking();
    scene.input(resolve(2));
    scene.says(1, notFound());
    expect(scene.events()).toEqual([resolved(1, undefined), resolved(2, undefined)]);
    scene.input(resolve(3));
    expect(scene.sent(1)).toMatchObject([{ items: 128 }]);
  });

  test('is not changed by an answer without elements, which no request takes for one', () => {
    const scene = asking();
    scene.says(1, found(elements([1, 2])));
    scene.input(fresh(2));
    const poolHandle = [0, 9, 0, 12, ...POOL];
    scene.says(1, Uint8Array.from([6, 0, 0, 16, ...poolHandle]));
    scene.events();
    scene.input(resolve(3));
    expect(scene.events()).toEqual([resolved(3, elements([2, 1]))]);
  });

  test('answers without a registrar', () => {
    const scene = asking();
    scene.says(1, found(elements([1])));
    scene.down(1);
    scene.events();
    scene.input(resolve(2));
    expect(scene.events()).toEqual([resolved(2, elements([1]))]);
    expect(scene.calling).toEqual([]);
  });

  test('does not hand out an element again that could not be reached', () => {
    const scene = asking();
    scene.says(1, found(elements([1, 2, 3])));
    scene.events();
    report(scene, 2);
    scene.input(resolve(2));
    expect(scene.events()).toEqual([resolved(2, elements([3, 1]))]);
    report(scene, 3);
    report(scene, 1);
    scene.sent(1);
    scene.input(resolve(3));
    expect(scene.sentTypes(1)).toEqual(['ASAP_HANDLE_RESOLUTION']);
  });

  test('leaves out an element that was reported while the answer was on its way', () => {
    const scene = asking();
    report(scene, 2);
    scene.input(resolve(2));
    scene.says(1, found(elements([1, 2, 3])));
    scene.events();
    report(scene, 2); // the registrar has the first report
    expect(scene.sentTypes(1)).toEqual(['ASAP_ENDPOINT_UNREACHABLE']);
    scene.input(resolve(3));
    expect(scene.events()).toMatchObject([{ poolElements: [{ id: 1 }, { id: 3 }] }]);
  });

  test('selects among pool elements with handles, identifiers and transports of any kind', () => {
    const poolHandle = new Uint8Array(1_000).fill(7);
    const scene = aPoolUser();
    scene.input(resolve(1, { poolHandle }));
    scene.takesCall(1);
    const [one, two] = elements([0xffff_ffff, 5]) as [Element, Element];
    const sctp = { protocol: 'sctp', port: 9, transportUse: 1, addresses: ['10.0.0.9'] } as const;
    const mixed = [one, { ...two, userTransport: sctp }];
    scene.says(1, found(mixed, { poolHandle }));
    scene.events();
    scene.input(resolve(2, { poolHandle, items: 5 }));
    expect(scene.events()).toMatchObject([{ poolElements: [{ id: 5 }, { id: 0xffff_ffff }] }]);
  });
});

describe('a number of elements that is left to the registrar', () => {
  /** A registrar that gives two elements by itself. */
  function asked(options = {}): PoolUserScene {
    const scene = aPoolUser({ options: { staleCacheMs: 5_000, ...options } });
    scene.input(resolveAny(1));
    scene.takesCall(1);
    expect(scene.sent(1)).toMatchObject([{ items: undefined }]);
    scene.says(1, found(elements([1, 2])));
    expect(scene.events()).toEqual([resolved(1, elements([1, 2]))]);
    return scene;
  }

  test('is learned from its answer, and is the number of what the cache answers', () => {
    const scene = asked();
    scene.input(resolveAny(2));
    expect(scene.sent(1)).toMatchObject([{ items: 128 }]);
    scene.says(1, found(elements([3, 4, 1, 2])));
    for (const request of [3, 4]) scene.input(resolveAny(request));
    expect(scene.sent(1)).toEqual([]);
    expect(scene.events()).toMatchObject([
      { request: 2, poolElements: [{ id: 3 }, { id: 4 }] },
      { request: 3, poolElements: { length: 2 } },
      { request: 4, poolElements: { length: 2 } },
    ]);
  });

  test('is learned again when the answers are stale, which does not begin the order again', () => {
    const scene = asked();
    scene.input(resolveAny(2));
    scene.says(1, found(elements([1, 2, 3, 4])));
    scene.input(resolve(3, { items: 1 }));
    expect(scene.events().at(-1)).toMatchObject({ request: 3, poolElements: [{ id: 2 }] });
    scene.advance(5_000);
    scene.sent(1);
    scene.input(resolveAny(4));
    expect(scene.sent(1)).toMatchObject([{ items: undefined }]);
    scene.says(1, found(elements([2, 3, 4])));
    scene.input(resolveAny(5));
    scene.says(1, found(elements([3, 4, 1, 2])));
    scene.events();
    scene.input(resolveAny(6));
    expect(scene.events()).toEqual([resolved(6, elements([3, 4, 1]))]);
  });

  test('is not answered from what was asked for with a number', () => {
    const scene = asking();
    scene.says(1, found(elements([1, 2])));
    scene.events();
    scene.input(resolveAny(2));
    expect(scene.sent(1)).toMatchObject([{ items: undefined }]);
    scene.says(1, notFound());
    expect(scene.events()).toEqual([resolved(2, undefined)]);
  });

  test('is asked for once by all that wait, who then share an answer that is kept', () => {
    const scene = aPoolUser();
    for (const request of [1, 2, 3]) scene.input(resolveAny(request));
    scene.takesCall(1);
    expect(scene.sent(1)).toMatchObject([{ items: undefined }]);
    scene.says(1, found(elements([1, 2])));
    expect(scene.events()).toEqual([resolved(1, elements([1, 2]))]);
    expect(scene.sent(1)).toMatchObject([{ items: 128 }]);
    scene.says(1, found(elements([2, 3, 1])));
    expect(scene.events()).toMatchObject([
      { request: 2, poolElements: [{ id: 2 }, { id: 3 }] },
      { request: 3, poolElements: { length: 2 } },
    ]);
  });
});

describe('a pool with an adaptive policy (decision 57)', () => {
  const idle = elements([1, 2, 3], { type: 'leastUsed', load: 0 });

  test('is resolved at the registrar each time, which is asked for what is wanted', () => {
    const scene = asking();
    scene.says(1, found(idle));
    scene.events();
    scene.input(resolveAny(2));
    scene.input(resolve(3, { items: 2 }));
    expect(scene.sent(1)).toMatchObject([{ items: undefined }, { items: 2 }]);
    scene.says(1, found([idle[1] as Element]));
    scene.says(1, found([idle[2] as Element]));
    expect(scene.events()).toMatchObject([
      { request: 2, poolElements: [{ id: 2 }] },
      { request: 3, poolElements: [{ id: 3 }] },
    ]);
  });

  test('is resolved for each of several requests that wait for the first answer', () => {
    const scene = asking();
    scene.input(resolve(2));
    scene.input(resolve(3, { items: 1 }));
    scene.says(1, found(idle));
    expect(scene.events()).toEqual([resolved(1, idle)]);
    expect(scene.sent(1)).toMatchObject([{ items: 128 }, { items: 1 }]);
    scene.advance(8_999);
    expect(scene.events()).toEqual([]);
    scene.advance(1); // the requests are as old as the first one
    expect(scene.events()).toEqual([failed(2, 'unreachable'), failed(3, 'unreachable')]);
  });

  test('is adaptive by its number, and if any policy in the answer is', () => {
    const unknown: Policy = { type: 'unknown', policyType: 0x4000_0005, bytes: new Uint8Array() };
    const dpf: Policy = { type: 'weightedRandomDpf', weight: 1, weightDpf: 0, distanceMs: 0 };
    const rank: Policy = { type: 'priorityLeastUsed', load: 1, loadDegradation: 1 };
    const mixed = [...elements([1, 2]), ...elements([3], rank)];
    for (const answer of [
      found(elements([1, 2], unknown)),
      found(elements([1, 2], dpf)),
      found(mixed),
      found(elements([1, 2]), { policy: rank }),
    ]) {
      const scene = asking();
      scene.says(1, answer);
      scene.events();
      scene.input(resolve(2, { items: 2 }));
      expect(scene.sent(1)).toMatchObject([{ items: 2 }]);
    }
  });

  test('is kept for as long as an age says that is set, and selected from by its policy', () => {
    for (const options of [{ staleCacheMs: 5_000 }, { staleAdaptiveCacheMs: 5_000 }]) {
      const scene = asking({ options });
      scene.says(1, found(idle));
      scene.events();
      scene.input(resolve(2, { items: 1 }));
      scene.input(resolve(3, { items: 1 }));
      expect(scene.events()).toMatchObject([
        { poolElements: [{ id: 2 }] },
        { poolElements: [{ id: 3 }] },
      ]);
      scene.advance(5_000);
      scene.input(resolve(4));
      expect(scene.sent(1)).toMatchObject([{ items: 128 }]);
    }
  });

  test('is cached again once its policy is not adaptive any longer', () => {
    const scene = asking();
    scene.says(1, found(idle));
    scene.input({ ...resolve(2), items: 1 });
    scene.says(1, found(elements([1])));
    scene.sent(1);
    scene.input(resolve(3, { items: 1 }));
    expect(scene.sent(1)).toMatchObject([{ items: 128 }]);
    scene.says(1, found(elements([1, 2, 3])));
    for (const request of [4, 5, 6, 7, 8]) scene.input(resolve(request));
    expect(scene.sent(1)).toEqual([]);
  });

  test('is not cached any longer once its policy is adaptive', () => {
    const scene = asking({ options: { staleAdaptiveCacheMs: 0 } });
    scene.says(1, found(elements([1, 2, 3])));
    scene.input(fresh(2));
    scene.says(1, found([idle[0] as Element]));
    scene.sent(1);
    scene.input(resolve(3, { items: 1 }));
    expect(scene.sent(1)).toMatchObject([{ items: 1 }]);
  });
});

describe('a handle resolution that is not answered', () => {
  test('is asked of another registrar after T1-ENRPrequest (RFC 5352 §3.3)', () => {
    const scene = asking({ registrars: [1, 2], options: { t1EnrpRequestMs: 3_000 } });
    scene.advance(2_999);
    expect(scene.ended()).toEqual([]);
    scene.advance(1);
    expect(scene.ended()).toEqual(['abort 1']);
    expect(scene.calling).toEqual([2]);
    scene.takesCall(2);
    expect(scene.sentTypes(2)).toEqual(['ASAP_HANDLE_RESOLUTION']);
    scene.says(1, found(elements([9]))); // too late, and from a registrar that was left
    scene.says(2, found(elements([2])));
    expect(scene.events()).toEqual([resolved(1, elements([2]))]);
  });

  test('ends after MAX-REQUEST-RETRANSMIT tries more (RFC 5352 §3.3)', () => {
    const options = { t1EnrpRequestMs: 3_000, maxRequestRetransmissions: 2 };
    const scene = asking({ registrars: [1, 2, 3], options });
    scene.advance(3_000);
    scene.takesCall(2);
    scene.advance(3_000);
    scene.advance(500); // the pause of the hunt
    scene.takesCall(3);
    scene.advance(2_499);
    expect(scene.events()).toEqual([]);
    scene.advance(1); // three times T1 in all
    expect(scene.events()).toEqual([failed(1, 'unreachable')]);
    scene.advance(500);
    expect(scene.ended()).toEqual(['abort 1', 'abort 2', 'abort 3']);
    expect(scene.calling).toEqual([]);
  });

  test('goes on when the registrar is lost in the middle, as often as it may be tried', () => {
    const scene = asking({ registrars: [1, 2], options: { maxRequestRetransmissions: 2 } });
    scene.down(1);
    scene.takesCall(2);
    expect(scene.sentTypes(2)).toEqual(['ASAP_HANDLE_RESOLUTION']);
    scene.down(2, 'abort'); // a request that no registrar survives must end some day
    while (scene.calling.length === 0) scene.advance(500);
    scene.takesCall(1, 3);
    scene.down(3, 'abort');
    expect(scene.events()).toEqual([failed(1, 'unreachable')]);
    expect(scene.calling).toEqual([]);
  });

  test('does not leave its late answer to the next one', () => {
    const scene = aPoolUser({ options: { t1EnrpRequestMs: 3_000, maxRequestRetransmissions: 1 } });
    scene.input(resolve(1));
    scene.advance(4_000);
    scene.takesCall(1);
    scene.advance(2_000); // twice T1 in all, while this T1 still runs
    expect(scene.events()).toEqual([failed(1, 'unreachable')]);
    scene.input(resolve(2));
    scene.says(1, asapError(3)); // about the first
    expect(scene.events()).toEqual([]);
    scene.says(1, found(elements([1])));
    expect(scene.events()).toEqual([resolved(2, elements([1]))]);
  });

  test('is asked again when the registrar restarts, as often as it may be tried', () => {
    const scene = asking({ options: { maxRequestRetransmissions: 2 } });
    scene.restarts(1);
    scene.restarts(1);
    expect(scene.sent(1)).toHaveLength(2);
    scene.restarts(1);
    expect(scene.sent(1)).toEqual([]);
    expect(scene.events()).toEqual([failed(1, 'unreachable')]);
  });

  test('survives a registrar that is away for a moment, and ends when all refuse again and again', () => {
    const scene = asking({ options: { refusedPauseMs: 500, maxRequestRetransmissions: 2 } });
    scene.down(1);
    scene.refusesCall(1);
    expect(scene.events()).toEqual([]);
    scene.advance(500);
    scene.refusesCall(1);
    expect(scene.events()).toEqual([failed(1, 'unreachable')]);
    expect(scene.machine.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test('ends when nobody takes a call for as long as all tries may last', () => {
    const scene = aPoolUser({ options: { t1EnrpRequestMs: 3_000, maxRequestRetransmissions: 2 } });
    scene.input(resolve(1));
    scene.advance(8_999);
    expect(scene.events()).toEqual([]);
    scene.advance(1);
    expect(scene.events()).toEqual([failed(1, 'unreachable')]);
    expect(scene.calling).toEqual([]);
    expect(scene.machine.nextDeadline()).toBe(Number.POSITIVE_INFINITY);

    scene.input(resolve(2)); // the next one looks again
    scene.takesCall(1);
    expect(scene.sentTypes(1)).toEqual(['ASAP_HANDLE_RESOLUTION']);
  });

  test('takes all that wait for the same registrar with it to the next, in order', () => {
    const scene = asking({ registrars: [1, 2] });
    scene.advance(1_000);
    scene.input(resolve(2, { poolHandle: OTHER_POOL }));
    scene.advance(2_000);
    scene.takesCall(2);
    expect(scene.sent(2)).toMatchObject([{ poolHandle: POOL }, { poolHandle: OTHER_POOL }]);
    expect(scene.machine.nextDeadline() - scene.now).toBe(3_000);
  });

  test('is no reason to look for a registrar when one is lost that nobody waits for', () => {
    const scene = asking();
    scene.says(1, found(elements([1])));
    scene.down(1);
    expect(scene.calling).toEqual([]);
  });
});

describe('a handle resolution that is cancelled', () => {
  test('is not answered', () => {
    const scene = asking();
    scene.input(resolve(2));
    scene.input({ type: 'cancel', request: 1 });
    scene.says(1, found(elements([1])));
    expect(scene.events()).toEqual([resolved(2, elements([1]))]);
  });

  test('still gets its answer, which is not taken for the next one', () => {
    const scene = asking();
    scene.input({ type: 'cancel', request: 1 });
    scene.input(resolve(2, { items: 1 }));
    scene.says(1, found(elements([8, 9])));
    expect(scene.events()).toEqual([]);
    scene.says(1, found(elements([1])));
    expect(scene.events()).toEqual([resolved(2, elements([1]))]);
  });

  test('is not asked again of another registrar', () => {
    const scene = asking({ registrars: [1, 2] });
    scene.input({ type: 'cancel', request: 1 });
    scene.advance(3_000);
    expect(scene.ended()).toEqual(['abort 1']); // it is silent all the same
    expect(scene.calling).toEqual([]);
    expect(scene.events()).toEqual([]);
  });

  test('ends the hunt that was for it alone', () => {
    const scene = aPoolUser();
    scene.input(resolve(1));
    scene.input(resolve(2, { poolHandle: OTHER_POOL }));
    scene.input({ type: 'cancel', request: 1 });
    expect(scene.calling).toEqual([1]);
    scene.input({ type: 'cancel', request: 2 });
    expect(scene.calling).toEqual([]);
    expect(scene.machine.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });
});
