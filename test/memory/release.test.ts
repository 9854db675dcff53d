/**
 * What `close()` gives back at once, what V8 is told of native memory, and that use after `close()` reaches no
 * memory that was given back.
 */

import process from 'node:process';
import { afterEach, describe, expect, test } from 'vitest';
import { ClosedError } from '../../src/errors.ts';
import { Handlespace } from '../../src/handlespace/handlespace.ts';
import { addon, createArena, releaseArena } from '../../src/native.ts';
import { NativeStack } from '../../src/transport/native-stack.ts';
import { loopback } from '../support/loopback.ts';
import { Recorder } from '../transport/recorder.ts';
import { closeStacks, openStack, placeOf } from '../transport/udp-support.ts';

const MIB = 1 << 20;
/** At least what an I/O thread is reported with. */
const THREAD_BYTES = 100 << 10;

afterEach(closeStacks);

function fill(handlespace: Handlespace, elements: number): void {
  for (let id = 1; id <= elements; id++) {
    handlespace.register(0, {
      ...{ poolHandle: 'EchoPool', id, homeRegistrarId: 1, lifeMs: 1_000 },
      policy: { type: 'roundRobin' },
      userTransport: { protocol: 'tcp', port: 7, transportUse: 0, addresses: ['192.0.2.1'] },
    });
  }
}

const arenaBytes = () => process.memoryUsage().external;

describe('a handlespace', () => {
  test('reports its tables to V8 as they grow and takes the report back when it is closed', () => {
    const handlespace = new Handlespace({ seed: 1n });
    const empty = addon().externalMemory();
    const emptyBytes = handlespace.stats().memoryBytes;
    fill(handlespace, 20_000);
    const { memoryBytes } = handlespace.stats();
    const full = addon().externalMemory();
    expect(full - empty).toBeGreaterThan(0.9 * (memoryBytes - emptyBytes));
    expect(memoryBytes).toBeGreaterThan(2 * MIB);
    handlespace.close();
    expect(full - addon().externalMemory()).toBeGreaterThan(0.9 * memoryBytes);
  });

  test('empties the views of its arenas when it is closed, and refuses to resolve', () => {
    const handlespace = new Handlespace({ seed: 1n });
    fill(handlespace, 3);
    const { request, response } = handlespace.arenas();
    request.bytes.set(Buffer.from('EchoPool'));
    expect(handlespace.resolveInPlace(0, 8, 3)).toBeGreaterThan(0);
    handlespace.close();
    for (const view of [request.bytes, request.order, response.bytes, response.position]) {
      expect(view.length).toBe(0);
      view[0] = 1;
      expect(view[0]).toBeUndefined();
    }
    expect(() => handlespace.resolveInPlace(0, 8, 3)).toThrow(ClosedError);
    expect(() => handlespace.arenas()).toThrow(ClosedError);
    expect(() => handlespace.useArenas(createArena(64), createArena(64))).toThrow(ClosedError);
  });

  test('leaves arenas alone that it was given, and refuses to resolve when they are released', () => {
    const handlespace = new Handlespace({ seed: 1n });
    fill(handlespace, 3);
    const [request, response] = [createArena(1_024), createArena(1_024)];
    handlespace.useArenas(request, response);
    request.bytes.set(Buffer.from('EchoPool'));
    releaseArena(response);
    releaseArena(response);
    expect(() => handlespace.resolveInPlace(0, 8, 3)).not.toThrow(); // -1: the answer does not fit
    releaseArena(request);
    expect(() => handlespace.resolveInPlace(0, 8, 3)).toThrow(ClosedError);
    const given = createArena(64);
    handlespace.useArenas(given, createArena(64));
    handlespace.close();
    expect(given.bytes).toHaveLength(64);
  });
});

describe('a native handlespace that was closed', () => {
  test('is opened again with nothing in it, out of reach of those who have closed it', () => {
    new Handlespace({ seed: 1n }).close(); // so that there is one that stays closed
    const before = new Handlespace({ seed: 1n });
    fill(before, 3);
    before.arenas();
    before.close();
    const after = new Handlespace({ seed: 2n });
    expect(after.stats()).toMatchObject({ pools: 0, poolElements: 0 });
    fill(after, 2);
    before.close();
    expect(() => fill(before, 1)).toThrow(ClosedError);
    expect(() => before.resolve('EchoPool')).toThrow(ClosedError);
    expect(() => before.deregister('EchoPool', 1)).toThrow(ClosedError);
    expect(() => before.stats()).toThrow(ClosedError);
    expect(() => before.nextDeadline()).toThrow(ClosedError);
    expect(after.resolve('EchoPool', { items: 9 })).toHaveLength(2);
    const { request } = after.arenas();
    request.bytes.set(Buffer.from('EchoPool'));
    expect(after.resolveInPlace(0, 8, 3)).toBeGreaterThan(0);
    after.close();
  });

  test('works like a new one, many at a time and in any order', () => {
    for (let round = 0; round < 3; round++) {
      const some = Array.from({ length: 40 }, (_, seed) => new Handlespace({ seed: BigInt(seed) }));
      for (const [index, one] of some.entries()) fill(one, index + 1);
      const sizes = some.map((one) => one.stats().poolElements);
      expect(sizes).toEqual(some.map((_, index) => index + 1));
      for (const one of round % 2 === 0 ? some : some.reverse()) one.close();
    }
  });
});

describe('an SCTP stack', () => {
  test('that was closed is opened again with arenas of its own', async () => {
    for (let round = 0; round < 3; round++) {
      const [one, other] = [openStack(loopback(1)), openStack(loopback(2))];
      const heard = new Recorder();
      const server = one.open({ port: 0, accepts: true }, heard);
      const client = other.open({ port: 0, accepts: false }, new Recorder());
      const association = client.connect(...placeOf({ stack: one, endpoint: server, heard }));
      const { outbound } = (other as NativeStack).arenas;
      await heard.until('an association', ({ types }) => types.includes('up'));
      expect(client.send(association, 11, Uint8Array.of(round))).toBe('queued');
      client.flush();
      await heard.until('a message', ({ types }) => types.includes('message'));
      await other.close();
      await one.close();
      expect(outbound.bytes).toHaveLength(0);
      expect(client.send(association, 11, Uint8Array.of(9))).toBe('gone');
    }
  });

  test('empties the views of its arenas when it is closed, and refuses every call', async () => {
    const stack = openStack(loopback(1)) as NativeStack;
    expect(stack).toBeInstanceOf(NativeStack);
    const endpoint = stack.open({ port: 0, accepts: true }, new Recorder());
    const { inbound, outbound } = stack.arenas;
    const association = endpoint.connect(...placeOf({ stack, endpoint, heard: new Recorder() }));
    const before = { arenas: arenaBytes(), all: addon().externalMemory() };
    await stack.close();
    expect(before.arenas - arenaBytes()).toBeGreaterThan(2 * MIB);
    expect(before.all - addon().externalMemory()).toBeGreaterThan(2 * MIB + THREAD_BYTES);
    for (const view of [inbound.bytes, outbound.bytes, outbound.position]) {
      expect(view).toHaveLength(0);
    }
    expect(stack.functions.drain()).toBeLessThan(0);
    expect(stack.functions.send(association, 11, 4)).toBeLessThan(0);
    expect(endpoint.send(association, 11, new Uint8Array(8))).toBe('gone');
    expect(endpoint.sendInPlace(association, 11, 8)).toBe('gone');
    expect(() => endpoint.connect([{ address: loopback(2), port: 3863 }])).toThrow(ClosedError);
    expect(() => stack.open({ port: 0, accepts: true }, new Recorder())).toThrow(ClosedError);
    expect(() => stack.stats()).toThrow(ClosedError);
    endpoint.flush();
    endpoint.close();
    await stack.close();
  });
});
