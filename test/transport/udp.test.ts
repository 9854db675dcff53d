/**
 * The `udp` backend: SCTP over UDP (RFC 6951) between two stacks of one process on the loopback. With
 * RSERPOOL_TEST_TRANSPORT=kernel the same is expected of the kernel's SCTP, but for the few tests that are
 * about UDP.
 */

import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { ClosedError, ConfigError } from '../../src/errors.ts';
import { openSctpStack } from '../../src/transport/open.ts';
import type { AssociationId } from '../../src/types.ts';
import { Recorder } from './recorder.ts';
import {
  ASAP,
  block,
  closeStacks,
  ENRP,
  echo,
  isUdp,
  openHost,
  openPair,
  openRelay,
  openStack,
  openUdpSocket,
  placeOf,
  transport,
} from './udp-support.ts';

afterEach(closeStacks);

const text = (value: string) => new TextEncoder().encode(value);

const hasIpv6 = Object.values(networkInterfaces()).some((infos = []) =>
  infos.some(({ address }) => address === '::1'),
);

/** Bytes that differ from place to place, so that a piece in the wrong one shows. */
function pattern(length: number, seed: number): Buffer {
  return Buffer.from(
    Array.from({ length }, (_, index) => (index * 31 + seed * 7 + index / 256) & 255),
  );
}

describe(`an association over ${transport}`, () => {
  test('is shut down by itself when there are no messages for as long as autoclose says', async () => {
    const { server, client, association } = await openPair({ autocloseMs: 200 });
    for (const { heard } of [server, client]) {
      await heard.until('the end', () => heard.of('down').length === 1);
      expect(heard.of('down')[0]).toMatchObject({ why: 'shutdown' });
    }
    expect(client.endpoint.send(association, ASAP, text('too late'))).toBe('gone');
  });

  test('comes up on both sides with the addresses and ports of both (RFC 9260 §5.1)', async () => {
    const { server, client, association } = await openPair();
    expect(client.heard.of('up')[0]).toMatchObject({
      association,
      info: {
        peerAddresses: [{ address: '127.0.0.1', port: server.endpoint.port }],
        localPort: client.endpoint.port,
      },
    });
    expect(server.heard.of('up')[0]?.info).toMatchObject({
      peerAddresses: [{ address: '127.0.0.2', port: client.endpoint.port }],
      localPort: server.endpoint.port,
    });
    expect(server.stack.stats().associations).toBe(1);
  });

  test('carries messages both ways, in order, with payload protocol and stream', async () => {
    const { server, client, association } = await openPair();
    echo(server);
    const sent = Array.from({ length: 500 }, (_, index) => `message ${index}`);
    for (const [index, one] of sent.entries()) {
      const protocol = index % 2 === 0 ? ASAP : ENRP;
      expect(client.endpoint.send(association, protocol, text(one))).toBe('queued');
    }
    await client.heard.until('all echoes', (heard) => heard.of('message').length === sent.length);
    expect(server.heard.texts).toEqual(sent);
    expect(client.heard.texts).toEqual(sent);
    const [first, second] = client.heard.of('message');
    expect(first).toMatchObject({ association, payloadProtocol: ASAP, stream: 0 });
    expect(second).toMatchObject({ association, payloadProtocol: ENRP, stream: 0 });
  });

  test.skipIf(!hasIpv6)('comes up over IPv6 (skipped where ::1 is missing)', async () => {
    const server = openHost('::1');
    const client = openHost('::1', { accepts: false });
    const association = client.endpoint.connect(...placeOf(server));
    client.endpoint.send(association, ASAP, text('six'));
    await server.heard.until('the message', (heard) => heard.of('message').length === 1);
    expect(server.heard.of('up')[0]?.info.peerAddresses).toEqual([
      { address: '::1', port: client.endpoint.port },
    ]);
  });

  test('takes messages before it is up', async () => {
    const server = openHost('127.0.0.1');
    const client = openHost('127.0.0.2', { accepts: false });
    const association = client.endpoint.connect(...placeOf(server));
    expect(client.endpoint.send(association, ASAP, text('early'))).toBe('queued');
    await server.heard.until('the message', (heard) => heard.of('message').length === 1);
    expect(server.heard.types).toEqual(['up', 'message']);
  });

  test('hands out messages 4-aligned in the inbound arena, and ends each batch', async () => {
    const { server, client, association } = await openPair();
    const inbound = server.stack.arenas?.inbound.bytes;
    const places: [boolean, number][] = [];
    const copy = server.heard.onMessage.bind(server.heard);
    server.heard.onMessage = (a, p, s, bytes, offset, length) => {
      places.push([bytes === inbound, offset % 4]);
      copy(a, p, s, bytes, offset, length);
    };
    for (const length of [1, 2, 3, 5]) client.endpoint.send(association, ASAP, pattern(length, 1));
    await server.heard.until('four messages', (heard) => heard.of('message').length === 4);
    await server.heard.until(
      'the end of the batch',
      (heard) => heard.events.at(-1)?.type === 'batchEnd',
    );
    expect(places).toEqual(Array.from({ length: 4 }, () => [true, 0]));
    expect(server.heard.of('message').map(({ payload }) => payload)).toEqual(
      [1, 2, 3, 5].map((length) => pattern(length, 1)),
    );
  });

  test('sends in place what was written into the outbound arena', async () => {
    const { server, client, association } = await openPair();
    const outbound = client.stack.arenas?.outbound;
    if (outbound === undefined) throw new Error('the udp backend has arenas');
    const sent: Buffer[] = [];
    for (let index = 0; index < 20; index++) {
      const payload = pattern(30 + index, index);
      const position = outbound.position[0] as number;
      outbound.bytes.set(payload, position);
      expect(client.endpoint.sendInPlace(association, ASAP, payload.length)).toBe('queued');
      expect((outbound.position[0] as number) % 4).toBe(0);
      sent.push(payload);
    }
    client.endpoint.flush();
    expect(outbound.position[0]).toBe(0);
    await server.heard.until('the messages', (heard) => heard.of('message').length === 20);
    expect(server.heard.of('message').map(({ payload }) => payload)).toEqual(sent);
  });

  test('carries messages of 60 000 bytes, in many packets each', async () => {
    const { server, client, association } = await openPair();
    echo(server);
    const sent = [1, 2, 3, 4].map((seed) => pattern(60_000, seed));
    for (const payload of sent) client.endpoint.send(association, ASAP, payload);
    await client.heard.until('the echoes', (heard) => heard.of('message').length === 4);
    for (const [index, { payload }] of client.heard.of('message').entries()) {
      expect(payload.equals(sent[index] as Buffer)).toBe(true);
    }
  });

  test('sends more than the outbound arena holds, flushing in between', async () => {
    const { server, client, association } = await openPair({ sendBufferBytes: 64 * 2 ** 20 });
    const size = client.stack.arenas?.outbound.bytes.length as number;
    const count = Math.ceil((size * 1.5) / 50_000);
    const checks = new Map<number, boolean>();
    server.heard.react = (event) => {
      if (event.type !== 'message') return;
      checks.set(checks.size, event.payload.equals(pattern(50_000, checks.size % 4)));
      event.payload = Buffer.alloc(0); // enough was seen
    };
    for (let index = 0; index < count; index++) {
      const payload = pattern(50_000, index % 4);
      expect(client.endpoint.send(association, ASAP, payload)).toBe('queued');
    }
    await server.heard.until('everything', () => checks.size === count);
    expect([...checks.values()].every((isRight) => isRight)).toBe(true);
  });

  test('ends gracefully after what was queued, on both sides (RFC 9260 §9.2)', async () => {
    const { server, client, association } = await openPair();
    for (let index = 0; index < 100; index++) client.endpoint.send(association, ASAP, text('x'));
    client.endpoint.shutdown(association);
    expect(client.endpoint.send(association, ASAP, text('late'))).toBe('gone');
    await client.heard.until('the end', (heard) => heard.of('down').length === 1);
    await server.heard.until('the end', (heard) => heard.of('down').length === 1);
    expect(server.heard.texts).toHaveLength(100);
    expect(server.heard.of('down')[0]).toMatchObject({ why: 'shutdown' });
    expect(client.heard.of('down')[0]).toMatchObject({ association, why: 'shutdown' });
    expect(server.stack.stats().associations).toBe(0);
  });

  test('ends at once by abort, on both sides, once each (RFC 9260 §9.1)', async () => {
    const { server, client, association } = await openPair();
    client.endpoint.abort(association, 'enough of this');
    expect(client.heard.of('down')).toEqual([]);
    expect(client.endpoint.send(association, ASAP, text('late'))).toBe('gone');
    await server.heard.until('the end', (heard) => heard.of('down').length === 1);
    await client.heard.until('the end', (heard) => heard.of('down').length === 1);
    expect(server.heard.of('down')[0]?.why).toBe('abort');
    expect(server.heard.of('down')[0]?.detail).toContain('enough of this');
    expect(client.heard.of('down')[0]).toMatchObject({ association, why: 'abort' });
  });

  test('is refused where no endpoint accepts (RFC 9260 §8.4)', async () => {
    const server = openHost('127.0.0.1', { accepts: false });
    const client = openHost('127.0.0.2', { accepts: false });
    const [[there], options] = placeOf(server);
    const toDeaf = client.endpoint.connect([there as never], options);
    const toNobody = client.endpoint.connect([{ address: '127.0.0.1', port: 7 }], options);
    await client.heard.until('two refusals', (heard) => heard.of('down').length === 2);
    const reasons = new Map(client.heard.of('down').map((event) => [event.association, event.why]));
    expect([reasons.get(toDeaf), reasons.get(toNobody)]).toEqual(['refused', 'refused']);
  });

  test.runIf(isUdp)('is lost where nobody answers', async () => {
    const client = openHost('127.0.0.2', { accepts: false });
    const udpPort = (await openUdpSocket('127.0.0.1')).address().port;
    const association = client.endpoint.connect([{ address: '127.0.0.1', port: 7 }], { udpPort });
    await client.heard.until('the loss', (heard) => heard.of('down').length === 1);
    expect(client.heard.of('down')[0]).toMatchObject({ association, why: 'lost' });
  });

  test.runIf(isUdp)(
    'becomes one association when both sides call at once (RFC 9260 §5.2.1)',
    async () => {
      const a = openHost('127.0.0.1', { port: 9901 });
      const b = openHost('127.0.0.2', { port: 9901 });
      const held: (() => void)[] = [];
      // Neither hears of the other's call before it has called.
      const relay = await openRelay(a.stack, b.stack, (_packet, send) => {
        if (held.push(send) === 2) for (const sendHeld of held) sendHeld();
        else if (held.length > 2) send();
      });
      const there = [{ address: '127.0.0.3', port: 9901 }];
      const udpPort = relay.address().port;
      const fromA = a.endpoint.connect(there, { udpPort });
      const fromB = b.endpoint.connect(there, { udpPort });
      await a.heard.until('one association', (heard) => heard.of('up').length === 1);
      await b.heard.until('one association', (heard) => heard.of('up').length === 1);
      a.endpoint.send(fromA, ENRP, text('to b'));
      b.endpoint.send(fromB, ENRP, text('to a'));
      await a.heard.until('a message', (heard) => heard.of('message').length === 1);
      await b.heard.until('a message', (heard) => heard.of('message').length === 1);
      expect([a.heard.types, b.heard.types]).toEqual([
        ['up', 'message'],
        ['up', 'message'],
      ]);
      expect([a.stack.stats().associations, b.stack.stats().associations]).toEqual([1, 1]);
    },
  );

  test('is refused beside another one on the same pair of ports, which stays', async () => {
    const { server, client, association } = await openPair();
    const second = client.endpoint.connect(...placeOf(server));
    await client.heard.until('the refusal', (heard) => heard.of('down').length === 1);
    expect(client.heard.of('down')[0]).toMatchObject({ association: second, why: 'refused' });
    expect(client.endpoint.send(association, ASAP, text('still here'))).toBe('queued');
    await server.heard.until('a message', (heard) => heard.of('message').length === 1);
    expect(server.heard.types).toEqual(['up', 'message']);
  });
});

describe('a stack under load', () => {
  test('says full, then writable, and delivers everything that it took', async () => {
    const { server, client, association } = await openPair({ sendBufferBytes: 100_000 });
    const payload = pattern(10_000, 3);
    let sent = 0;
    let wasFull = 0;
    const fill = () => {
      while (sent < 100) {
        const result = client.endpoint.send(association, ASAP, payload);
        if (result === 'full') {
          wasFull++;
          return;
        }
        expect(result).toBe('queued');
        sent++;
      }
    };
    client.heard.react = (event) => event.type === 'writable' && fill();
    fill();
    expect([wasFull, sent]).toEqual([1, 10]);
    await server.heard.until('everything', (heard) => heard.of('message').length === 100);
    expect(client.heard.of('writable').length).toBe(wasFull);
    expect(server.heard.of('message').every((event) => event.payload.equals(payload))).toBe(true);
  });

  test('keeps many associations apart', async () => {
    const server = openHost('127.0.0.1', { maxAssociationsPerHost: 500 });
    echo(server);
    const client = openHost('127.0.0.2', { accepts: false, maxAssociationsPerHost: 500 });
    const port = () => client.stack.open({ port: 0, accepts: false }, client.heard);
    const associations = Array.from({ length: 300 }, (_, index) => {
      const endpoint = port();
      const association = endpoint.connect(...placeOf(server));
      for (let round = 0; round < 3; round++) {
        endpoint.send(association, ASAP, text(`${index}.${round}`));
      }
      return association;
    });
    await client.heard.until('all echoes', (heard) => heard.of('message').length === 900);
    const heard = new Map<AssociationId, string[]>();
    for (const { association, payload } of client.heard.of('message')) {
      heard.set(association, [...(heard.get(association) ?? []), payload.toString()]);
    }
    for (const [index, association] of associations.entries()) {
      expect(heard.get(association)).toEqual([`${index}.0`, `${index}.1`, `${index}.2`]);
    }
    expect(server.stack.stats().associations).toBe(300);
  });

  test('refuses associations beyond its limits', async () => {
    const server = openHost('127.0.0.1', { maxAssociationsPerHost: 2 });
    const client = openHost('127.0.0.2', { accepts: false, maxAssociations: 3 });
    const connects = Array.from({ length: 5 }, () => {
      const endpoint = client.stack.open({ port: 0, accepts: false }, client.heard);
      return () => endpoint.connect(...placeOf(server));
    });
    for (const connect of connects.slice(0, 2)) connect();
    await client.heard.until('two associations', (heard) => heard.of('up').length === 2);
    connects[2]?.();
    await client.heard.until('a refusal', (heard) => heard.of('down').length === 1);
    // The kernel has accepted before we hear of it.
    expect(client.heard.of('down')[0]?.why).toBe(isUdp ? 'refused' : 'abort');
    // The refused one gave its place back; the next one takes it, and none is left.
    connects[3]?.();
    expect(connects[4]).toThrow(ConfigError);
  });

  test('loses nothing while the JavaScript thread is blocked for 300 ms', async () => {
    const { server, client, association } = await openPair({ sendBufferBytes: 16 * 2 ** 20 });
    const count = 5_000;
    for (let index = 0; index < count; index++) {
      expect(client.endpoint.send(association, ASAP, text(`message ${index}`))).toBe('queued');
    }
    client.endpoint.flush();
    block(300);
    await server.heard.until('everything', (heard) => heard.of('message').length === count);
    expect(server.heard.texts).toEqual(
      Array.from({ length: count }, (_, index) => `message ${index}`),
    );
    expect(client.heard.types).toEqual(['up']);
  });

  test('lets timers run while messages keep coming', async () => {
    const { server, client, association } = await openPair();
    let rallies = 0;
    let ticks = 0;
    const hit = (host: typeof server) => {
      host.heard.react = (event) => {
        if (event.type !== 'message') return;
        host.heard.events.length = 0;
        rallies++;
        host.endpoint.send(event.association, ASAP, event.payload);
      };
    };
    hit(server);
    hit(client);
    for (let index = 0; index < 64; index++) client.endpoint.send(association, ASAP, text('ball'));
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        ticks++;
        if (ticks < 20 || rallies < 1_000) return;
        clearInterval(timer);
        resolve();
      }, 1);
    });
    expect(client.heard.of('down')).toEqual([]);
  });
});

describe('opening and closing', () => {
  function keyOf(action: () => unknown): string | undefined {
    try {
      action();
    } catch (error) {
      if (error instanceof ConfigError) return error.key;
      throw error;
    }
    return undefined;
  }

  test('says which setting cannot be used, and what to do', () => {
    const { stack, endpoint, heard } = openHost('127.0.0.1');
    const open = (options: object) => () => openStack('127.0.0.1', options);
    if (isUdp) {
      expect(keyOf(open({ udpPort: stack.udpPort }))).toBe('udpPort');
      expect(open({ udpPort: stack.udpPort })).toThrow(/in use/);
    }
    expect(keyOf(() => openStack('192.0.2.77'))).toBe('localAddresses');
    expect(() => openStack('192.0.2.77')).toThrow(/not an address of this machine/);
    expect(keyOf(() => openStack('localhost'))).toBe('localAddresses');
    expect(keyOf(open({ maxRetransmissions: 0 }))).toBe('maxRetransmissions');
    expect(keyOf(open({ heartbeatIntervalMs: 200 }))).toBe('heartbeatIntervalMs');
    expect(keyOf(() => stack.open({ port: endpoint.port, accepts: true }, heard))).toBe('port');
    expect(() => endpoint.connect([{ address: '::1', port: 1 }])).toThrow(ConfigError);
    expect(() => endpoint.connect([])).toThrow(TypeError);
  });

  test('refuses messages that no association could carry', async () => {
    const { client, association } = await openPair({ maxMessageBytes: 1_000 });
    const { endpoint } = client;
    expect(() => endpoint.send(association, ASAP, new Uint8Array(0))).toThrow(RangeError);
    expect(() => endpoint.send(association, ASAP, new Uint8Array(1_001))).toThrow(RangeError);
    expect(() => endpoint.sendInPlace(association, ASAP, 1_001)).toThrow(RangeError);
    expect(endpoint.send(12_345 as AssociationId, ASAP, new Uint8Array(1))).toBe('gone');
  });

  test('closing a stack aborts its live associations and tells its own handlers nothing', async () => {
    const { server, client, association } = await openPair();
    await client.stack.close();
    await server.heard.until('the end', (heard) => heard.of('down').length === 1);
    expect(server.heard.of('down')[0]?.why).toBe('abort');
    expect(client.heard.types).toEqual(['up']);
    expect(client.endpoint.send(association, ASAP, text('late'))).toBe('gone');
    expect(() => client.endpoint.connect(...placeOf(server))).toThrow(ClosedError);
    expect(() => client.stack.open({ port: 0, accepts: false }, client.heard)).toThrow(ClosedError);
    await client.stack.close();
  });

  test('closing an endpoint aborts its associations alone and frees its port', async () => {
    const { server, client } = await openPair();
    const second = client.stack.open({ port: 0, accepts: false }, client.heard);
    const kept = second.connect(...placeOf(server));
    await client.heard.until('the second association', (heard) => heard.of('up').length === 2);
    client.endpoint.close();
    await server.heard.until('the end of one', (heard) => heard.of('down').length === 1);
    expect(second.send(kept, ASAP, text('still here'))).toBe('queued');
    await server.heard.until('a message', (heard) => heard.of('message').length === 1);
    const { port } = client.endpoint;
    expect(client.stack.open({ port, accepts: false }, new Recorder()).port).toBe(port);
  });

  test.runIf(isUdp)('a UDP port is free again after closing', async () => {
    const first = openHost('127.0.0.1');
    const { udpPort } = first.stack;
    await first.stack.close();
    const stack = openSctpStack({ transport: 'udp', localAddresses: ['127.0.0.1'], udpPort });
    expect([stack.backend, stack.udpPort]).toEqual(['udp', udpPort]);
    await stack.close();
  });
});
