/**
 * Whatever is handed in, nothing crashes and nothing happens: wrong types, numbers that are none, memory that
 * is gone, and all of it after `close`. Through the facade, and past it on the addon's own functions, both
 * the hand-bound ones and the others.
 */

import { describe, expect, test } from 'vitest';
import { ClosedError, ConfigError, HandlespaceError } from '../../src/errors.ts';
import { Handlespace } from '../../src/handlespace/handlespace.ts';
import type { HandlespaceOptions } from '../../src/handlespace/options.ts';
import { type Arena, addon, createArena, FAILURE, type NativeSettings } from '../../src/native.ts';
import { refusalOf } from '../support/handlespace-errors.ts';
import { registration } from '../support/registrations.ts';

/** What no whole number from 0 to 2^53 is. */
const NO_NUMBERS: readonly unknown[] = [
  ...[Number.NaN, -1, -0.5, 1.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 60],
  ...[undefined, null, '1', true, 1n, {}, [], Symbol('1'), () => 1, new Uint8Array(4)],
];

const SETTINGS: NativeSettings = {
  ...{ seed: 1n, intervalMs: 5_000, timeoutMs: 5_000, jitter: 0.5, maxIncrement: 0 },
  ...{ maxPools: 100, maxElements: 100, maxPoolHandleBytes: 32 },
};

/** A handlespace with one element, EchoPool/1, which must be there and unharmed in the end. */
function populated(): Handlespace {
  const handlespace = new Handlespace({ seed: 1n });
  handlespace.register(0, registration({}));
  return handlespace;
}

function expectUnharmed(handlespace: Handlespace): void {
  handlespace.verify();
  expect(handlespace.find('EchoPool', 1)).toMatchObject({
    ...{ isWatched: false, unreachableReports: 0, association: 0 },
  });
  expect(handlespace.stats().poolElements).toBe(1);
}

/** Every method, with one argument at a time left to the caller. */
const METHODS: [string, (handlespace: Handlespace, value: never) => unknown][] = [
  ['register(now)', (it, value) => it.register(value, registration({}))],
  ['deregister(id)', (it, value) => it.deregister('EchoPool', value)],
  ['resolve(items)', (it, value) => it.resolve('EchoPool', { items: value })],
  ['resolveInto(items)', (it, value) => it.resolveInto('EchoPool', value, new Uint8Array(999), 0)],
  ['resolveInto(offset)', (it, value) => it.resolveInto('EchoPool', 1, new Uint8Array(999), value)],
  ['resolveInPlace(offset)', (it, value) => it.resolveInPlace(value, 8, 1)],
  ['resolveInPlace(length)', (it, value) => it.resolveInPlace(0, value, 1)],
  ['resolveInPlace(items)', (it, value) => it.resolveInPlace(0, 8, value)],
  ['find(id)', (it, value) => it.find('EchoPool', value)],
  ['acknowledge(now)', (it, value) => it.acknowledge(value, 'EchoPool', 1)],
  ['acknowledge(id)', (it, value) => it.acknowledge(0, 'EchoPool', value)],
  ['acknowledge(association)', (it, value) => it.acknowledge(0, 'EchoPool', 1, value)],
  ['probe(now)', (it, value) => it.probe(value, 'EchoPool', 1)],
  ['probe(id)', (it, value) => it.probe(0, 'EchoPool', value)],
  ['reportUnreachable(id)', (it, value) => it.reportUnreachable('EchoPool', value)],
  ['expire(now)', (it, value) => it.expire(value)],
  ['expire(limit)', (it, value) => it.expire(0, value)],
  ['removeAssociation(association)', (it, value) => it.removeAssociation(value)],
  ['elementsOf(association)', (it, value) => it.elementsOf(value)],
  ['purge(home)', (it, value) => it.purge(value)],
  ['adopt(from)', (it, value) => it.adopt(value, 1)],
  ['adopt(to)', (it, value) => it.adopt(1, value)],
  ['walk(limit)', (it, value) => it.walk({ limit: value })],
  ['pools(limit)', (it, value) => it.pools({ limit: value })],
  ['checksum(home)', (it, value) => it.checksum(value)],
  ['ownedBy(home)', (it, value) => it.ownedBy(value)],
];

/** Where `undefined` means what the documentation says. */
const OPTIONAL = ['resolve(items)', 'acknowledge(association)', 'expire(limit)'];

describe('numbers that are none', () => {
  test.each(METHODS)('are TypeError or RangeError to %s, and nothing happens', (name, call) => {
    const handlespace = populated();
    handlespace.arenas().request.bytes.set(Buffer.from('EchoPool'));
    for (const value of NO_NUMBERS) {
      if (value === undefined && OPTIONAL.includes(name)) continue;
      const error = refusalOf(() => call(handlespace, value as never));
      const isTyped = error instanceof TypeError || error instanceof RangeError;
      expect(isTyped, `${name} with ${String(value)}: ${String(error)}`).toBe(true);
    }
    expectUnharmed(handlespace);
  });

  test.each([0, 0x1_0000_0000, 2 ** 53])('identifiers of %i are nobody or out of range', (id) => {
    const handlespace = populated();
    const calls = [
      () => handlespace.find('EchoPool', id),
      () => handlespace.deregister('EchoPool', id),
      () => handlespace.reportUnreachable('EchoPool', id),
    ];
    for (const call of calls) {
      if (id === 0) expect(call()).toBeFalsy();
      else expect(call).toThrow(RangeError);
    }
    expectUnharmed(handlespace);
  });

  test('walk tokens from nowhere lead to the end', () => {
    const handlespace = populated();
    for (const after of [1, 2, 0x7fff_ffff, 0xffff_ffff] as never[]) {
      expect(handlespace.walk({ after, limit: 10 })).toEqual({ elements: [], next: undefined });
      expect(handlespace.walk({ after, limit: 10, homeRegistrarId: 1 }).elements).toEqual([]);
      expect(handlespace.walk({ after, limit: 10, association: 1 }).elements).toEqual([]);
      expect(handlespace.pools({ after, limit: 10 }).next).toBeUndefined();
    }
    expectUnharmed(handlespace);
  });

  test('times far away are no trouble', () => {
    const handlespace = new Handlespace({ seed: 1n });
    const far = 2 ** 53;
    handlespace.register(far, registration({ lifeMs: 1_000, isWatched: true }));
    expect(handlespace.expire(far)).toEqual([]);
    handlespace.register(far, registration({ expiresInMs: far }));
    expect(handlespace.nextDeadline()).toBeGreaterThanOrEqual(far);
    handlespace.verify();
  });
});

describe('pool handles that no message can carry', () => {
  const calls: [string, (handlespace: Handlespace, poolHandle: never) => unknown][] = [
    ['deregister', (it, handle) => it.deregister(handle, 1)],
    ['resolve', (it, handle) => it.resolve(handle)],
    ['resolveInto', (it, handle) => it.resolveInto(handle, 1, new Uint8Array(999), 0)],
    ['find', (it, handle) => it.find(handle, 1)],
    ['peek', (it, handle) => it.peek(handle)],
    ['acknowledge', (it, handle) => it.acknowledge(0, handle, 1)],
    ['probe', (it, handle) => it.probe(0, handle, 1)],
    ['reportUnreachable', (it, handle) => it.reportUnreachable(handle, 1)],
  ];

  test.each(calls)('of 0 and 65 600 bytes are HandlespaceError to %s', (_, call) => {
    const handlespace = populated();
    for (const handle of ['', 'x'.repeat(65_600), new Uint8Array(0), new Uint8Array(65_600)]) {
      const error = refusalOf(() => call(handlespace, handle as never));
      expect(error).toBeInstanceOf(HandlespaceError);
      expect(error).toMatchObject({ reason: 'POOL_HANDLE_LENGTH', causeCode: 3 });
    }
    expect(call(handlespace, 'x'.repeat(65_531) as never)).toBeFalsy();
    expectUnharmed(handlespace);
  });

  test.each(calls)('of another type are TypeError to %s', (_, call) => {
    const handlespace = populated();
    for (const handle of [
      undefined,
      null,
      7,
      {},
      [69],
      new Uint16Array(8),
      new DataView(new ArrayBuffer(8)),
    ]) {
      expect(() => call(handlespace, handle as never)).toThrow(TypeError);
    }
    expectUnharmed(handlespace);
  });
});

describe('pool handles that lie nowhere', () => {
  const arenaBytes = populated().arenas().request.bytes.length;
  test.each([
    ['behind the arena', arenaBytes, 8],
    ['across its end', arenaBytes - 4, 8],
    ['as far as can be', 0xffff_ffff, 0xffff_ffff],
    ['farther than that', 2 ** 32, 8],
  ])('%s are RangeError', (_, offset, length) => {
    const handlespace = populated();
    handlespace.arenas();
    expect(() => handlespace.resolveInPlace(offset, length, 1)).toThrow(RangeError);
    expectUnharmed(handlespace);
  });

  test('where nothing was ever written name no pool', () => {
    expect(populated().resolveInPlace(0, 8, 1)).toBe(0);
  });

  test('at a handle of no bytes name no pool', () => {
    const handlespace = populated();
    handlespace.arenas();
    expect(handlespace.resolveInPlace(0, 0, 1)).toBe(0);
  });
});

describe('outputs that are none', () => {
  test('are TypeError to resolveInto', () => {
    const handlespace = populated();
    const outputs = [undefined, null, 7, [], {}, new Uint16Array(99), new Int8Array(99), 'x'];
    for (const out of [...outputs, new Uint8ClampedArray(999), new DataView(new ArrayBuffer(99))]) {
      expect(() => handlespace.resolveInto('EchoPool', 1, out as never, 0)).toThrow(TypeError);
    }
    expectUnharmed(handlespace);
  });

  test('that are too small, detached or behind their end are refused', () => {
    const handlespace = populated();
    const detached = new Uint8Array(999);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    for (const out of [detached, new Uint8Array(0), new Uint8Array(15)]) {
      const error = refusalOf(() => handlespace.resolveInto('EchoPool', 1, out, 0));
      expect(error).toMatchObject({ reason: 'OUTPUT_TOO_SMALL' });
    }
    const behind = () => handlespace.resolveInto('EchoPool', 1, new Uint8Array(99), 100);
    expect(behind).toThrow(RangeError);
  });

  test('that lie over the handle, or in the response arena, work all the same', () => {
    const handlespace = populated();
    const expected = new Uint8Array(999);
    const length = handlespace.resolveInto('EchoPool', 1, expected, 0);
    const memory = new Uint8Array(999);
    memory.set(Buffer.from('EchoPool'), 3);
    expect(handlespace.resolveInto(memory.subarray(3, 11), 1, memory, 0)).toBe(length);
    expect(memory.subarray(0, length)).toEqual(expected.subarray(0, length));
    const { response } = handlespace.arenas();
    expect(handlespace.resolveInto('EchoPool', 1, response.bytes, 64)).toBe(length);
    expect(response.bytes.subarray(64, 64 + length)).toEqual(expected.subarray(0, length));
  });
});

describe('arenas', () => {
  test('outlive whatever is done to their ArrayBuffers', () => {
    const handlespace = populated();
    const { request, response } = handlespace.arenas();
    request.bytes.set(Buffer.from('EchoPool'));
    const length = handlespace.resolveInPlace(0, 8, 1);
    for (const { bytes } of [request, response]) {
      // Node refuses to transfer the memory of an addon; where it does not, the view is empty afterwards.
      try {
        structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] });
      } catch (error) {
        expect(error).toMatchObject({ name: 'DataCloneError' });
      }
    }
    for (let i = 0; i < 100; i++) expect(handlespace.resolveInPlace(0, 8, 1)).toBe(length);
    expectUnharmed(handlespace);
  });

  test('stay while the handlespace uses them, though nobody else does', () => {
    const handlespace = populated();
    const lengths = new Set<number>();
    for (let i = 0; i < 50; i++) {
      const request = createArena(1 << 12);
      request.bytes.set(Buffer.from('EchoPool'), i);
      handlespace.useArenas(request, createArena(1 << 12));
      globalThis.gc?.();
      lengths.add(handlespace.resolveInPlace(i, 8, 1));
    }
    expect(lengths.size).toBe(1);
    expect([...lengths][0]).toBeGreaterThan(0);
  });

  test('have 1 byte to 512 MiB', () => {
    expect(createArena(1).bytes.length).toBe(1);
    for (const length of [0, 2 ** 29 + 1, -1, Number.NaN, 2 ** 60]) {
      expect(refusalOf(() => createArena(length))).toMatchObject({ code: 'OUT_OF_RANGE' });
    }
    for (const length of ['1', undefined, null, {}]) {
      expect(() => createArena(length as never)).toThrow();
    }
  });

  test('are two, and real ones', () => {
    const handlespace = populated();
    const { request, response } = handlespace.arenas();
    expect(() => handlespace.useArenas(request, request)).toThrow(RangeError);
    const fakes = [
      {},
      { ...request, handle: {} },
      { ...request, handle: undefined },
      { handle: 7 },
    ];
    for (const fake of fakes) {
      expect(() => handlespace.useArenas(fake as unknown as Arena, response)).toThrow(TypeError);
    }
    expect(handlespace.arenas()).toEqual({ request, response });
    expect(Object.isFrozen(request)).toBe(true);
  });
});

describe('a closed handlespace', () => {
  test.each([
    ...METHODS,
    ['peek', (it: Handlespace) => it.peek('EchoPool')] as const,
    ['nextDeadline', (it: Handlespace) => it.nextDeadline()] as const,
    ['stats', (it: Handlespace) => it.stats()] as const,
    ['verify', (it: Handlespace) => it.verify()] as const,
  ])('throws ClosedError from %s', (_, call) => {
    const handlespace = populated();
    handlespace.arenas().request.bytes.set(Buffer.from('EchoPool'));
    handlespace.close();
    handlespace.close();
    const error = refusalOf(() => call(handlespace, 1 as never));
    expect(error).toBeInstanceOf(ClosedError);
    expect(error).toMatchObject({ code: 'ERR_RSERPOOL_CLOSED' });
  });

  test('is what leaving a block with `using` leaves behind', () => {
    const handlespace = populated();
    handlespace[Symbol.dispose]();
    expect(() => handlespace.stats()).toThrow(ClosedError);
  });
});

describe('options of a handlespace', () => {
  test.each<[string, Partial<HandlespaceOptions>]>([
    ['no seed', { seed: undefined as never }],
    ['a number as seed', { seed: 1 as never }],
    ['a negative seed', { seed: -1n }],
    ['a seed of 65 bits', { seed: 1n << 64n }],
    ['an interval of 0', { keepAlive: { intervalMs: 0, timeoutMs: 1, jitter: 0 } }],
    ['a time-out of NaN', { keepAlive: { intervalMs: 1, timeoutMs: Number.NaN, jitter: 0 } }],
    ['a jitter above 1', { keepAlive: { intervalMs: 1, timeoutMs: 1, jitter: 1.1 } }],
    ['a jitter of NaN', { keepAlive: { intervalMs: 1, timeoutMs: 1, jitter: Number.NaN } }],
    ['no pools', { maxPools: 0 }],
    ['half an element', { maxPoolElements: 0.5 }],
    ['handles longer than any', { maxPoolHandleBytes: 65_532 }],
    ['a negative increment', { maxIncrement: -1 }],
  ])('%s: refused', (_, wrong) => {
    const error = refusalOf(() => new Handlespace({ seed: 1n, ...wrong }));
    expect(error).toBeInstanceOf(ConfigError);
  });
});

describe("the addon's own functions, past the facade", () => {
  const HOT = [
    ...['resolveInto', 'register', 'deregister', 'find', 'peek', 'acknowledge'],
    ...['probe', 'reportUnreachable', 'elementsOf'],
  ] as const;
  const RARE = [
    ...['resolve', 'expire', 'removeAssociation', 'purge', 'adopt', 'walk', 'walkAssociation'],
    ...['pools', 'checksum'],
  ] as const;
  type AnyFunctions = Record<string, (...values: unknown[]) => unknown>;

  test('hand-bound: return a failure for whatever is no argument of theirs', () => {
    const native = new (addon().NativeHandlespace)(SETTINGS, createArena(4_096).handle);
    const functions = native.bind() as unknown as AnyFunctions;
    const failures: unknown[] = Object.values(FAILURE);
    for (const name of HOT) {
      const call = functions[name] as (...values: unknown[]) => unknown;
      expect(failures).toContain(call());
      for (const value of NO_NUMBERS) {
        expect(failures, name).toContain(call(value, value, value, value, value, value));
      }
    }
    expect(native.stats().elements).toBe(0);
    native.close();
    for (const name of [...HOT, 'nextDeadline']) {
      const out = new Uint8Array(99);
      const values = name === 'resolveInto' ? [1, 1, out, 0] : [1, 1, 1, 1];
      const failure = functions[name]?.(...values);
      // With garbage on the desk there is nothing to register.
      expect(failure, name).toBe(name === 'register' ? FAILURE.OUT_OF_RANGE : FAILURE.CLOSED);
    }
  });

  test('resolveInPlace: leaves a failure where the outcome belongs, nothing without arenas', () => {
    const native = new (addon().NativeHandlespace)(SETTINGS, createArena(64).handle);
    const { resolveInPlace } = native.bind();
    const request = createArena(64);
    const outcomeOf = (...order: number[]) => {
      request.order.set([...order, 77]);
      expect(resolveInPlace()).toBeUndefined();
      return request.order[3];
    };
    expect(outcomeOf(0, 8, 1)).toBe(77);
    native.useArenas(request.handle, createArena(64).handle);
    expect(outcomeOf(0, 8, 1)).toBe(0);
    for (const place of [
      [60, 8],
      [-1, 8],
      [0, -1],
      [-1, -1],
      [2 ** 31 - 1, 2 ** 31 - 1],
    ]) {
      expect(outcomeOf(...place, 1)).toBe(FAILURE.OUT_OF_RANGE);
    }
    native.close();
    expect(outcomeOf(0, 8, 1)).toBe(FAILURE.CLOSED);
  });

  test('reopen: makes a closed one into a new one without arenas, and refuses an open one', () => {
    const native = new (addon().NativeHandlespace)(SETTINGS, createArena(64).handle);
    const { resolveInPlace, nextDeadline } = native.bind();
    expect(() => native.reopen(SETTINGS)).toThrow(/IN_USE/);
    const request = createArena(64);
    native.useArenas(request.handle, createArena(64).handle);
    native.close();
    expect(() => native.reopen({ ...SETTINGS, jitter: NaN })).toThrow(/OUT_OF_RANGE/);
    expect(nextDeadline()).toBe(FAILURE.CLOSED);
    native.reopen(SETTINGS);
    expect(nextDeadline()).toBe(Number.POSITIVE_INFINITY);
    request.order.set([0, 8, 1, 77]);
    resolveInPlace();
    expect(request.order[3]).toBe(77);
  });

  test('register: checks every length that it finds on the desk', () => {
    const desk = createArena(4_096);
    const native = new (addon().NativeHandlespace)(SETTINGS, desk.handle);
    const { register } = native.bind();
    const words = new Uint32Array(desk.bytes.buffer, desk.bytes.byteOffset, 16);
    for (const lengths of [10, 11, 12, 13, 14, 15]) {
      for (const value of [0, 1, 7, 8, 9, 0xffff, desk.bytes.length, 0xffff_ffff]) {
        words.fill(0);
        words.set([1, 1, 0, 1], 0);
        words.set([16, 8, 64], 10);
        words[lengths] = value;
        const outcome = register(0);
        expect([0, 1, FAILURE.OUT_OF_RANGE, FAILURE.REFUSED]).toContain(outcome);
      }
    }
    expect(native.verify()).toBeNull();
  });

  test('the others: throw for whatever is no argument of theirs, and when closed', () => {
    const native = new (addon().NativeHandlespace)(SETTINGS, createArena(4_096).handle);
    const methods = native as unknown as AnyFunctions;
    for (const name of RARE) {
      expect(() => methods[name]?.(), name).toThrow();
      for (const value of NO_NUMBERS) {
        expect(() => methods[name]?.(value, value, value, value), name).toThrow();
      }
    }
    native.close();
    for (const name of RARE) {
      const error = refusalOf(() => methods[name]?.(1, 1, 1, 1));
      expect(error, name).toMatchObject({ code: 'CLOSED' });
    }
  });

  test('a desk bounds what is read from it', () => {
    const native = new (addon().NativeHandlespace)(SETTINGS, createArena(40).handle);
    const { register, find, peek } = native.bind();
    expect(register(0)).toBe(FAILURE.OUT_OF_RANGE);
    expect(find(41, 1)).toBe(FAILURE.OUT_OF_RANGE);
    expect(peek(2 ** 53)).toBe(FAILURE.OUT_OF_RANGE);
    expect(find(40, 1)).toBe(0);
  });

  test('cannot be made in other ways than theirs', () => {
    const { NativeHandlespace } = addon();
    const { handle } = createArena(64);
    expect(() => NativeHandlespace.prototype.stats.call({} as never)).toThrow();
    for (const settings of [
      undefined,
      {},
      { ...SETTINGS, seed: 1 },
      { ...SETTINGS, jitter: NaN },
    ]) {
      expect(() => new NativeHandlespace(settings as never, handle)).toThrow();
    }
    for (const desk of [undefined, null, {}, 7, new Uint8Array(64)]) {
      expect(() => new NativeHandlespace(SETTINGS, desk as never)).toThrow();
    }
  });
});
