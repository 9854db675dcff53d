/**
 * Both machines under anything that a network and an application may do to them, in any order: nothing
 * throws, nothing grows, no request is forgotten, and the same run twice gives the same bytes.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PAYLOAD_PROTOCOL, poolElementId } from '../../../src/types.ts';
import { encodeAsap } from '../../../src/wire/asap.ts';
import type { AsapMessage } from '../../../src/wire/asap-messages.ts';
import { asapMessage } from '../../wire/generators.ts';
import { asapLookalike } from '../../wire/hostile-input.ts';
import {
  accepted,
  aLog,
  announce,
  aPoolElement,
  aPoolUser,
  asapError,
  deregistered,
  elements,
  found,
  idOf,
  keepAlive,
  notFound,
  OTHER_POOL,
  POOL,
  type PoolElementScene,
  type PoolUserScene,
  rejected,
  type Scene,
  up,
} from './support.ts';

/** What the network does. `which` chooses among calls or associations that there are. */
type Step =
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'take' | 'refuse' | 'lose' | 'restart'; readonly which: number }
  | { readonly do: 'call' | 'announce'; readonly host: number }
  | { readonly do: 'say'; readonly which: number; readonly payload: Uint8Array }
  | { readonly do: 'command'; readonly which: number };

const which = fc.nat(7);
const host = fc.integer({ min: 1, max: 5 });

/** Messages that mean something to our two, and some that do not. */
const payload: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc
    .constantFrom<AsapMessage>(
      ...[accepted(), accepted([3]), rejected(5), rejected(0xf007), deregistered(), asapError(0)],
      ...[keepAlive(1), keepAlive(2, { wantsToBeHome: true }), keepAlive(1, { poolElementId: 9 })],
      ...[found(elements([1, 2, 3])), found(elements([1]), { poolHandle: OTHER_POOL })],
      ...[notFound(), notFound([6], OTHER_POOL)],
    )
    .map((message) => encodeAsap(message)),
  asapMessage('rsplib').map((message) => encodeAsap(message)),
  asapLookalike,
  fc.uint8Array({ maxLength: 64 }),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('advance' as const), ms: fc.nat(6_000) }),
  fc.record({ do: fc.constantFrom('take', 'take', 'refuse', 'lose', 'restart'), which }),
  fc.record({ do: fc.constantFrom('call' as const, 'announce' as const), host }),
  fc.record({ do: fc.constant('say' as const), which, payload }),
  fc.record({ do: fc.constant('say' as const), which, payload }),
  fc.record({ do: fc.constant('command' as const), which }),
);
const steps = fc.array(step, { maxLength: 60 });

type AnyScene = PoolElementScene | PoolUserScene;

/** Plays steps; `command` is what the application does. Checks what must hold after each. */
function play<S extends AnyScene>(scene: S, script: readonly Step[], command: (n: number) => void) {
  const network = scene as unknown as Scene<{ type: string }, { type: string }>;
  const associations: number[] = [];
  let lastAssociation = 0;
  for (const one of script) {
    const call = one.do === 'take' || one.do === 'refuse' ? pick(scene.calling, one.which) : 0;
    const association = 'which' in one ? pick(associations, one.which) : undefined;
    if (one.do === 'advance') scene.advance(one.ms);
    else if (one.do === 'command') command(one.which);
    else if (one.do === 'announce') network.input(announce(one.host));
    else if (one.do === 'take' && call) {
      associations.push(++lastAssociation);
      scene.takesCall(call, lastAssociation);
    } else if (one.do === 'refuse' && call) scene.refusesCall(call);
    else if (one.do === 'call') {
      associations.push(++lastAssociation);
      network.input(up(lastAssociation, [{ address: `10.0.0.${one.host}`, port: 3863 }]));
    } else if (association === undefined) continue;
    else if (one.do === 'say') scene.says(association, one.payload);
    else if (one.do === 'restart') scene.restarts(association);
    else if (one.do === 'lose') {
      associations.splice(associations.indexOf(association), 1);
      scene.down(association);
    }
    expect(scene.calling.length).toBeLessThanOrEqual(3);
    expect(scene.machine.nextDeadline()).not.toBeNaN();
  }
}

function playPoolElement(script: readonly Step[]): PoolElementScene {
  const scene = aPoolElement({ registrars: [1, 2, 3] });
  scene.input({ type: 'start' });
  let load = 0;
  play(scene, script, (choice) => {
    if (choice === 0) scene.input({ type: 'start' });
    else if (choice === 1) scene.input({ type: 'stop' });
    else {
      scene.input({ type: 'updatePolicy', policy: { type: 'leastUsed', load: load++ } });
    }
  });
  return scene;
}

function playPoolUser(script: readonly Step[]) {
  const scene = aPoolUser({ registrars: [1, 2, 3] });
  const cancelled = new Set<number>();
  let requests = 0;
  play(scene, script, (choice) => {
    const poolHandle = choice % 2 === 0 ? POOL : OTHER_POOL;
    if (choice === 0) {
      cancelled.add(requests);
      scene.input({ type: 'cancel', request: requests });
    } else if (choice === 1) {
      scene.input({ type: 'reportUnreachable', poolHandle, poolElementId: poolElementId(1) });
    } else {
      const request = ++requests;
      scene.input({ type: 'resolve', request, poolHandle, isFresh: choice > 4 });
    }
  });
  return { scene, requests, cancelled };
}

const pick = <T>(values: readonly T[], choice: number): T | undefined =>
  values[choice % Math.max(values.length, 1)];

const RUNS = { numRuns: 400, seed: 42 };

describe('a pool element', () => {
  test('survives anything in any order, stops once, and then is silent', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const scene = playPoolElement(script);
        scene.input({ type: 'stop' });
        scene.advance(3_000); // T3
        const stops = scene.events().filter(({ type }) => type === 'stopped');
        expect(stops).toHaveLength(1);
        expect(scene.calling).toEqual([]);
        expect(scene.machine.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
      }),
      RUNS,
    );
  });

  test('does the same, byte for byte, when the same happens', () => {
    fc.assert(
      fc.property(steps, (script) => {
        expect(playPoolElement(script).everything()).toEqual(playPoolElement(script).everything());
      }),
      { ...RUNS, numRuns: 100 },
    );
  });

  test('registers in the end with a registrar that does its work, whatever came before', () => {
    fc.assert(
      fc.property(
        steps.map((script) => script.filter((one) => one.do !== 'command' || one.which > 1)),
        (script) => {
          const scene = playPoolElement(script);
          scene.input({ type: 'start' }); // it may have been refused
          scene.events();
          expect(registersWithin(scene, 300_000)).toBe(true);
        },
      ),
      RUNS,
    );
  });
});

/** Host 1 takes calls and accepts; what was there before does not answer any more. */
function registersWithin(scene: PoolElementScene, limitMs: number): boolean {
  const until = scene.now + limitMs;
  for (let association = 1_000; scene.now < until; scene.advance(500)) {
    if (!scene.calling.includes(1)) continue;
    scene.takesCall(1, ++association);
    scene.says(association, accepted());
    // A policy that came meanwhile.
    scene.says(association, accepted());
    if (scene.events().some(({ type }) => type === 'registered')) return true;
  }
  return false;
}

describe('a pool user', () => {
  test('answers every request once and in time, unless it was cancelled', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const { scene, requests, cancelled } = playPoolUser(script);
        scene.advance(30_000);
        const answered = scene
          .events()
          .flatMap((event) => ('request' in event ? [event.request] : []))
          .filter((request) => !cancelled.has(request))
          .sort((a, b) => a - b);
        const asked = Array.from({ length: requests }, (_, index) => index + 1);
        expect(answered).toEqual(asked.filter((request) => !cancelled.has(request)));
        expect(scene.calling).toEqual([]);
        expect(scene.machine.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
      }),
      RUNS,
    );
  });

  test('does the same, byte for byte, when the same happens', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const [one, other] = [playPoolUser(script), playPoolUser(script)];
        expect(one.scene.everything()).toEqual(other.scene.everything());
      }),
      { ...RUNS, numRuns: 100 },
    );
  });
});

describe('the log of a machine', () => {
  test('is told of refusals and unreadable messages as warnings, of changes as information', () => {
    const log = aLog();
    const element = aPoolElement({ log });
    element.input({ type: 'start' });
    element.takesCall(1);
    element.says(1, Uint8Array.of(3, 0, 0, 4));
    element.says(1, rejected(5));
    expect(log.lines).toEqual([
      ...['debug calling a registrar', 'warn message refused', 'warn registration rejected'],
    ]);
    const user = aPoolUser({ log });
    user.input({ type: 'resolve', request: 1, poolHandle: POOL });
    user.takesCall(1);
    user.advance(3_000);
    expect(log.lines).toContain('info leaving a registrar that does not answer');
  });
});

describe('a hostile registrar', () => {
  test('sends 20 000 messages that nobody asked for, and no memory is kept for them', () => {
    const element = aPoolElement();
    element.input({ type: 'start' });
    const user = aPoolUser();
    user.input({ type: 'resolve', request: 1, poolHandle: POOL });
    for (const scene of [element, user]) scene.takesCall(1);
    element.says(1, accepted());
    const messages = fc
      .sample(fc.oneof(asapMessage('rsplib'), asapLookalike), { numRuns: 2_000, seed: 7 })
      .map((one) => (one instanceof Uint8Array ? one : encodeAsap(one)));
    const flood = (times: number) => {
      for (let time = 0; time < times; time++) {
        for (const [index, message] of messages.entries()) {
          // Another pool every time: whoever keeps something keeps a lot.
          const named = { poolHandle: Buffer.from(`pool ${time} ${index}`) };
          for (const bytes of [message, encodeAsap(found(elements([index + 1]), named))]) {
            element.says(1, bytes);
            user.says(1, bytes);
          }
        }
        for (const scene of [element, user]) {
          scene.sent(1);
          scene.events();
        }
      }
    };
    flood(1);
    const before = usedHeapBytes();
    flood(4);
    expect(usedHeapBytes() - before).toBeLessThan(1_000_000);
    expect(element.machine.nextDeadline()).toBeLessThan(Number.POSITIVE_INFINITY);
  });

  test('is not heard by either over ENRP, nor over an association that is not there', () => {
    const element = aPoolElement();
    element.input({ type: 'start' });
    element.takesCall(1);
    element.says(1, accepted(), PAYLOAD_PROTOCOL.ENRP);
    element.input({
      ...{ type: 'message', association: idOf(99), payloadProtocol: PAYLOAD_PROTOCOL.ASAP },
      payload: encodeAsap(accepted()),
    });
    expect(element.events()).toEqual([]);
  });
});

function usedHeapBytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}
