/** Our own clean stop, and suggestions to take an element over (decision 41). */

import { describe, expect, test } from 'vitest';
import { UPDATE_ACTION } from '../../../src/wire/enrp-messages.ts';
import { Scope, type TestRegistrar } from './support.ts';

/** Which elements a registrar has been asked to take. */
function suggestedTo(registrar: TestRegistrar | undefined): number[] {
  return (registrar?.told('takeoverSuggested') ?? []).map(({ poolElement }) => poolElement.id);
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

describe('a registrar that stops', () => {
  test('hands each of its pool elements over to one of its peers, and ends when all have moved', () => {
    const [scope, one, two, three] = Scope.whole(3);
    for (const id of numbers(300)) one?.register(id);
    two?.register(1_000);
    scope.run(1);
    const heard = scope.listen();
    one?.stop();
    scope.run(0.5);
    expect([...suggestedTo(two), ...suggestedTo(three)].sort((a, b) => a - b)).toEqual(
      numbers(300),
    );
    expect(suggestedTo(two)).toHaveLength(150);
    expect(one?.told('stopped')).toEqual([]);
    for (const each of [two, three]) for (const id of suggestedTo(each)) each?.register(id);
    scope.run(0.1);
    expect(one?.told('stopped')).toHaveLength(1);
    expect(two?.view()).toHaveLength(301);
    expect(three?.view()).toEqual(two?.view());
    expect(heard.filter(({ message }) => isRemoval(message))).toEqual([]);
  });

  test('asks the next peer where nobody moves, and leaves the rest to themselves', () => {
    const [scope, one, two, three] = Scope.whole(3);
    for (const id of [1, 2]) one?.register(id);
    scope.run(1);
    const heard = scope.listen();
    one?.stop();
    scope.run(0.9);
    expect([suggestedTo(two), suggestedTo(three)]).toEqual([[1], [2]]);
    scope.run(1);
    expect([suggestedTo(two), suggestedTo(three)]).toEqual([
      [1, 2],
      [2, 1],
    ]);
    expect(one?.told('stopped')).toEqual([]);
    scope.run(1);
    expect(one?.told('stopped')).toHaveLength(1);
    expect(heard.filter(({ message }) => isRemoval(message))).toEqual([]);
    expect(two?.view()).toEqual(['EchoPool/1@1', 'EchoPool/2@1']);
  });

  test('offers the share of a peer that has died, which nobody had noticed, to the others', () => {
    const options = {
      ...{ peerHeartbeatCycleMs: 200, peerMaxTimeLastHeardMs: 1_000 },
      peerMaxTimeNoResponseMs: 1_000,
    };
    const [scope, one, two, three] = Scope.whole(3, options);
    for (const id of [1, 2]) one?.register(id);
    three?.crash();
    scope.run(0.5);
    one?.stop();
    scope.run(0.1);
    expect(suggestedTo(two)).toHaveLength(1);
    scope.run(1.5);
    expect(new Set(suggestedTo(two))).toEqual(new Set([1, 2]));
  });

  test('offers what registers meanwhile anew: who has it by now believes that it has gone back', () => {
    const [scope, one, two, three] = Scope.whole(3);
    one?.register(1);
    scope.run(1);
    one?.stop();
    scope.run(0.1);
    expect([suggestedTo(two), suggestedTo(three)]).toEqual([[1], []]);
    one?.register(1);
    scope.run(0.1);
    const offers = [...suggestedTo(two), ...suggestedTo(three)];
    expect(offers).toEqual([1, 1]);
    expect(one?.told('stopped')).toEqual([]);
    expect(two?.view()).toEqual(['EchoPool/1@1']);
    two?.register(1);
    scope.run(0.1);
    expect(one?.told('stopped')).toHaveLength(1);
    expect(three?.view()).toEqual(['EchoPool/1@2']);
  });

  test('does not say that an element is gone which ends its association: its new home tells of it', () => {
    const [scope, one] = Scope.whole(2);
    const poolElement = one?.register(1);
    one?.register(2);
    scope.run(1);
    const heard = scope.listen();
    one?.stop();
    one?.handlespace.deregister('EchoPool', 1);
    if (poolElement === undefined) throw new Error('nothing registered');
    one?.driver.input({ type: 'poolElementChanged', change: 'lost', poolElement });
    scope.run(0.1);
    expect(heard.filter(({ message }) => isRemoval(message))).toEqual([]);
  });

  test('says how many have moved: not those that have died or left meanwhile', () => {
    const [scope, one, two] = Scope.whole(2);
    for (const id of [1, 2, 3]) one?.register(id);
    scope.run(1);
    one?.stop();
    scope.run(0.1);
    two?.register(1);
    one?.deregister(2);
    scope.run(10);
    const text = 'pool elements handed over';
    expect(one?.logged.at(-1)).toEqual({ text, fields: { moved: 1, of: 3 } });
  });

  test('waits for no longer than it is told to', () => {
    const [scope, one] = Scope.whole(5, { departureTimeoutMs: 2_500 });
    one?.register(1);
    scope.run(1);
    one?.stop();
    scope.run(2.4);
    expect(one?.told('stopped')).toEqual([]);
    scope.run(0.2);
    expect(one?.told('stopped')).toHaveLength(1);
  });

  test.each([
    ['with no pool elements', 2, 0, {}],
    ['with no peers', 1, 3, {}],
    ['and gives nobody time', 2, 3, { departureTimeoutMs: 0 }],
  ])('%s ends at once', (_, registrars, elements, options) => {
    const [scope, one] = Scope.whole(registrars, options);
    for (const id of numbers(elements)) one?.register(id);
    one?.stop();
    expect(one?.told('stopped')).toHaveLength(1);
    scope.run(1);
  });

  test('goes on with its duties meanwhile', () => {
    const [scope, one, two] = Scope.whole(2);
    one?.register(1);
    scope.run(1);
    one?.stop();
    one?.register(2);
    scope.run(0.1);
    expect(two?.view()).toEqual(['EchoPool/1@1', 'EchoPool/2@1']);
  });
});

describe('a suggestion to take an element over', () => {
  test('goes to the peers whose identifier is farther from the element, where it is wanted (interop-rsplib B10)', () => {
    const [scope, one, two, three] = Scope.whole(3, { sendsTakeoverSuggestions: true });
    one?.register(0x8000_0001); // to 1: 0x8000_0000, to 2: ...3, to 3: ...2
    two?.register(0x0000_0001); // to 2: 3, to 1: 0, to 3: 2
    scope.run(1);
    expect([one, two, three].map(suggestedTo)).toEqual([[], [0x8000_0001], [0x8000_0001]]);
    one?.deregister(0x8000_0001);
    scope.run(1);
    expect(suggestedTo(two)).toHaveLength(1);
  });

  test('is none where it is not wanted', () => {
    const [scope, one, two] = Scope.whole(2);
    one?.register(1);
    scope.run(1);
    expect(suggestedTo(two)).toEqual([]);
  });

  test('is an update like any other to those who take none', () => {
    const [scope, one, two] = Scope.whole(2, { acceptsTakeoverSuggestions: false });
    one?.register(1);
    one?.stop();
    scope.run(1);
    expect(suggestedTo(two)).toEqual([]);
    expect(two?.view()).toEqual(['EchoPool/1@1']);
  });
});

function isRemoval(message: { type: string; action?: number }): boolean {
  return message.type === 'ENRP_HANDLE_UPDATE' && message.action === UPDATE_ACTION.DEL_PE;
}
