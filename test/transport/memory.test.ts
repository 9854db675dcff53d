/** The `memory` backend: virtual time, links that delay, lose and break, crashes, announces. */

import { describe, expect, test } from 'vitest';
import { ClosedError, ConfigError } from '../../src/errors.ts';
import type { Arena } from '../../src/native.ts';
import { MemoryNetwork } from '../../src/transport/memory.ts';
import type { MemoryStack } from '../../src/transport/memory-stack.ts';
import type { AssociationId } from '../../src/types.ts';
import { ASAP, host, pair, sendNumbers, text } from './memory-hosts.ts';
import { Recorder } from './recorder.ts';

describe('trouble on a memory network', () => {
  test('a partition delays what is sent until it heals', () => {
    const { network, server, client, association } = pair();
    network.partition([client.stack], [server.stack]);
    const sent = sendNumbers(client.endpoint, association, 3);
    network.advance(2_000);
    expect(server.heard.texts).toEqual([]);
    network.heal();
    network.settle();
    expect(server.heard.texts).toEqual(sent);
    expect(client.heard.types).toEqual(['up']);
  });

  test('a partition without end loses the association on both sides (RFC 9260 §8.1)', () => {
    const { network, server, client, association } = pair();
    network.isolate(client.stack);
    sendNumbers(client.endpoint, association, 1);
    network.advance(200_000);
    expect(client.heard.of('down')).toMatchObject([{ association, why: 'lost' }]);
    expect(server.heard.of('down')).toMatchObject([{ why: 'lost' }]);
    expect(client.endpoint.send(association, ASAP, text('late'))).toBe('gone');
  });

  test('a cut in one direction loses it too, because nothing is acknowledged', () => {
    const { network, server, client, association } = pair();
    network.cutOneWay(server.stack, client.stack);
    sendNumbers(client.endpoint, association, 1);
    network.advance(200_000);
    expect(server.heard.texts).toEqual(['message 0']);
    expect(client.heard.of('down')).toMatchObject([{ why: 'lost' }]);
  });

  test('a crashed peer is noticed by unanswered heartbeats, and the crashed stack hears nothing', () => {
    const { network, server, client } = pair();
    network.crash(server.stack);
    network.advance(10_000);
    expect(client.heard.types).toEqual(['up']);
    network.advance(200_000);
    expect(client.heard.of('down')).toMatchObject([{ why: 'lost' }]);
    expect(server.heard.types).toEqual(['up']);
  });

  test('a peer that crashed and came back answers with an abort (RFC 9260 §8.4)', () => {
    const { network, server, client, association } = pair();
    network.crash(server.stack);
    host(network, '10.0.0.1');
    sendNumbers(client.endpoint, association, 1);
    network.settle();
    expect(client.heard.of('down')).toMatchObject([
      { why: 'abort', detail: 'no such association' },
    ]);
  });

  test('a peer that restarts and calls again restarts the association (RFC 9260 §5.2.2)', () => {
    const network = new MemoryNetwork({ seed: 1 });
    const server = host(network, '10.0.0.1');
    const before = host(network, '10.0.0.2', { port: 5_000 });
    before.endpoint.connect([{ address: '10.0.0.1', port: 3863 }]);
    network.settle();
    network.crash(before.stack);
    const after = host(network, '10.0.0.2', { port: 5_000 });
    const again = after.endpoint.connect([{ address: '10.0.0.1', port: 3863 }]);
    after.endpoint.send(again, ASAP, text('I am back'));
    network.settle();
    expect(server.heard.types).toEqual(['up', 'restart', 'message']);
    const [up, restart] = [server.heard.of('up')[0], server.heard.of('restart')[0]];
    expect(restart?.association).toBe(up?.association);
    server.endpoint.send(up?.association as AssociationId, ASAP, text('welcome'));
    network.settle();
    expect(after.heard.texts).toEqual(['welcome']);
  });

  test('nobody answers: the attempt is lost, not refused', () => {
    const network = new MemoryNetwork({ seed: 1 });
    const client = host(network, '10.0.0.2');
    client.endpoint.connect([{ address: '10.0.0.1', port: 3863 }]);
    expect(network.settle(600_000)).toBe(true);
    expect(client.heard.of('down')).toMatchObject([{ why: 'lost' }]);
  });

  test('a full send buffer says so, and says when it takes messages again', () => {
    const limits = { maxMessageBytes: 1_000, sendBufferBytes: 2_000 };
    const { network, server, client, association } = pair({}, limits);
    const payload = new Uint8Array(900);
    expect(client.endpoint.send(association, ASAP, payload)).toBe('queued');
    expect(client.endpoint.send(association, ASAP, payload)).toBe('queued');
    expect(client.endpoint.send(association, ASAP, payload)).toBe('full');
    network.settle();
    expect(client.heard.of('writable')).toEqual([{ type: 'writable', association }]);
    expect(client.endpoint.send(association, ASAP, payload)).toBe('queued');
    network.settle();
    expect(server.heard.of('message')).toHaveLength(3);
    expect(client.heard.of('writable')).toHaveLength(1);
  });
});

describe('a memory network', () => {
  function transcript(seed: number): string {
    const network = new MemoryNetwork({ seed, link: { delayMs: 2, jitterMs: 9, loss: 0.1 } });
    const lines: string[] = [];
    network.observe(({ at, from, to, isLost, packet }) => {
      lines.push(`${at} ${from} ${to} ${packet.chunk.type} ${packet.tag} ${isLost}`);
    });
    const server = host(network, '10.0.0.1');
    server.heard.react = (event) => {
      if (event.type !== 'message') return;
      server.endpoint.send(event.association, ASAP, event.payload);
    };
    for (let index = 2; index < 12; index++) {
      const client = host(network, `10.0.0.${index}`);
      const association = client.endpoint.connect([{ address: '10.0.0.1', port: 3863 }]);
      sendNumbers(client.endpoint, association, 10);
    }
    network.advance(30_000);
    network.crash(server.stack);
    network.advance(120_000);
    return lines.join('\n');
  }

  test('runs the same way twice with one seed, and another way with another', () => {
    const first = transcript(7);
    expect(first.split('\n').length).toBeGreaterThan(500);
    expect(first).toContain('true');
    expect(transcript(7)).toBe(first);
    expect(transcript(8)).not.toBe(first);
  });

  test('moves time only when it is told to, and exactly as far', () => {
    const { network, client, server, association } = pair({ link: { delayMs: 10 } });
    const start = network.now();
    sendNumbers(client.endpoint, association, 1);
    network.advance(9);
    expect([network.now() - start, server.heard.texts.length]).toEqual([9, 0]);
    network.advance(1);
    expect([network.now() - start, server.heard.texts.length]).toEqual([10, 1]);
  });

  test('wakes at an instant after its packets have been read, unless it was told not to', () => {
    const { network, client, server, association } = pair({ link: { delayMs: 10 } });
    const seen: number[] = [];
    network.wakeAt(network.now() + 10, () => seen.push(server.heard.texts.length));
    const cancel = network.wakeAt(network.now() + 10, () => seen.push(-1));
    sendNumbers(client.endpoint, association, 1);
    cancel();
    network.advance(10);
    expect(seen).toEqual([1]);
  });

  test('treats one link apart from the others', () => {
    const { network, client, server, association } = pair();
    network.setLink(client.stack, server.stack, { delayMs: 500 });
    const start = network.now();
    sendNumbers(client.endpoint, association, 1);
    network.run(start + 499);
    expect(server.heard.texts).toEqual([]);
    network.run(start + 500);
    expect(server.heard.texts).toHaveLength(1);
  });

  test('treats all links alike from then on, also one that was apart', () => {
    const { network, client, server, association } = pair();
    network.setLink(client.stack, server.stack, { delayMs: 500 });
    network.setLinks({ delayMs: 20 });
    const start = network.now();
    sendNumbers(client.endpoint, association, 1);
    network.run(start + 19);
    expect(server.heard.texts).toEqual([]);
    network.run(start + 20);
    expect(server.heard.texts).toHaveLength(1);
  });

  test('overwrites a received message after the call, so that a kept view shows', () => {
    const { network, client, server, association } = pair();
    const kept: Uint8Array[] = [];
    const { heard } = server;
    const handler = Object.assign(new Recorder(), {
      onMessage: (_a: number, _p: number, _s: number, bytes: Uint8Array, at: number, n: number) =>
        kept.push(bytes.subarray(at, at + n)),
    });
    const other = server.stack.open({ port: 7, accepts: true }, handler);
    const second = client.endpoint.connect([{ address: '10.0.0.1', port: other.port }]);
    sendNumbers(client.endpoint, second, 1);
    network.settle();
    expect(kept[0]?.every((byte) => byte === 0xdd)).toBe(true);
    expect([heard.texts, association]).toEqual([[], association]);
  });

  test('sends and receives in arenas that are given to it', () => {
    const arena = () =>
      ({ bytes: new Uint8Array(70_000), position: new Uint32Array(1) }) as unknown as Arena;
    const arenas = { inbound: arena(), outbound: arena() };
    const network = new MemoryNetwork({ seed: 1 });
    const server = host(network, '10.0.0.1');
    const stack = network.stack({ localAddresses: ['10.0.0.2'], arenas });
    const heard = new Recorder();
    const places: [boolean, number][] = [];
    heard.onMessage = (_a, _p, _s, bytes, offset) =>
      void places.push([bytes === arenas.inbound.bytes, offset % 4]);
    const endpoint = stack.open({ port: 0, accepts: false }, heard);
    const association = endpoint.connect([{ address: '10.0.0.1', port: 3863 }]);
    server.heard.react = (event) => {
      if (event.type === 'message') server.endpoint.send(event.association, ASAP, event.payload);
    };
    for (const word of ['first', 'second']) {
      arenas.outbound.bytes.set(text(word), arenas.outbound.position[0]);
      expect(endpoint.sendInPlace(association, ASAP, word.length)).toBe('queued');
    }
    expect(arenas.outbound.position[0]).toBe(16);
    endpoint.flush();
    expect(arenas.outbound.position[0]).toBe(0);
    network.settle();
    expect(server.heard.texts).toEqual(['first', 'second']);
    expect(places).toEqual([
      [true, 0],
      [true, 0],
    ]);
  });

  test('carries announces to every listener of the group that can be reached', () => {
    const network = new MemoryNetwork({ seed: 1 });
    const [a, b, c] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) => host(network, address));
    const heard: string[] = [];
    for (const one of [b, c]) {
      network.announceListener(one?.stack as MemoryStack, 'asap', {
        onAnnounce: (payload, address, port) =>
          heard.push(`${one?.stack.address} ${Buffer.from(payload)} ${address}:${port}`),
      });
    }
    const sender = network.announceSender(a?.stack as MemoryStack, 'asap', 3863);
    sender.send(text('here'));
    network.advance(1);
    network.isolate('10.0.0.3');
    sender.send(text('again'));
    network.advance(1);
    expect(heard).toEqual([
      '10.0.0.2 here 10.0.0.1:3863',
      '10.0.0.3 here 10.0.0.1:3863',
      '10.0.0.2 again 10.0.0.1:3863',
    ]);
  });

  test('refuses what cannot be: a taken address, a taken port, no room, no address', () => {
    const network = new MemoryNetwork({ seed: 1 });
    const { stack, endpoint, heard } = host(network, '10.0.0.1', { maxAssociations: 1 });
    const key = (action: () => unknown) => {
      try {
        action();
      } catch (error) {
        return error instanceof ConfigError ? error.key : error;
      }
      return undefined;
    };
    expect(key(() => host(network, '10.0.0.1'))).toBe('localAddresses');
    expect(key(() => network.stack({ localAddresses: [] }))).toBe('localAddresses');
    expect(key(() => network.stack({ localAddresses: ['ten'] }))).toBe('localAddresses');
    expect(key(() => stack.open({ port: 3863, accepts: true }, heard))).toBe('port');
    endpoint.connect([{ address: '10.0.0.9', port: 1 }]);
    expect(key(() => endpoint.connect([{ address: '10.0.0.8', port: 1 }]))).toBe('maxAssociations');
    expect(key(() => endpoint.connect([]))).toBeInstanceOf(TypeError);
    expect(() => endpoint.send(1 as AssociationId, ASAP, new Uint8Array(0))).toThrow(RangeError);
  });

  test('closing a stack aborts its associations, tells its own handlers nothing, frees its address', async () => {
    const { network, server, client } = pair();
    await client.stack.close();
    network.settle();
    expect(server.heard.of('down')).toMatchObject([{ why: 'abort' }]);
    expect(client.heard.types).toEqual(['up']);
    expect(() => client.stack.open({ port: 0, accepts: false }, client.heard)).toThrow(ClosedError);
    expect(() => client.endpoint.connect([{ address: '10.0.0.1', port: 3863 }])).toThrow(
      ClosedError,
    );
    expect(host(network, '10.0.0.2').stack.localAddresses).toEqual(['10.0.0.2']);
  });
});
