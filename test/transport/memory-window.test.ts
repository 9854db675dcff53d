/** The `memory` backend when a process does not read: receive windows, full send buffers, and what comes after. */

import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { MemoryNetwork, type MemoryNetworkOptions } from '../../src/transport/memory.ts';
import type { Chunk } from '../../src/transport/memory-packet.ts';
import type { SctpEndpoint } from '../../src/transport/transport.ts';
import type { AssociationId } from '../../src/types.ts';
import { ASAP, type Host, host, pair, text } from './memory-hosts.ts';

const MESSAGE_BYTES = 1_000;
const LIMITS = { maxMessageBytes: 4_000, receiveBufferBytes: 10_000, sendBufferBytes: 20_000 };
const MINUTE = 60_000;

const pausable = (link: MemoryNetworkOptions['link'] = {}, options = {}) =>
  pair({ link }, { ...LIMITS, ...options });

/** Sends messages until there is no room, and says their numbers. */
function fill(endpoint: SctpEndpoint, association: AssociationId, from = 0): string[] {
  const sent: string[] = [];
  for (;;) {
    const payload = new Uint8Array(MESSAGE_BYTES);
    const number = String(from + sent.length).padStart(4, '0');
    payload.set(text(number));
    if (endpoint.send(association, ASAP, payload) === 'full') return sent;
    sent.push(number);
  }
}

const numbers = ({ heard }: Host) => heard.texts.map((one) => one.slice(0, 4));

/** What the host sends from now on. */
function chunksOf(network: MemoryNetwork, { stack }: Host): Chunk[] {
  const chunks: Chunk[] = [];
  network.observe(({ from, packet }) => {
    if (from === stack.address) chunks.push(packet.chunk);
  });
  return chunks;
}

describe('a process that does not read', () => {
  test('is sent no more than its window takes, which is acknowledged (RFC 9260 §6.2)', () => {
    const { network, server, client, association } = pausable();
    server.stack.pauseReading();
    const chunks = chunksOf(network, server);
    const sent = fill(client.endpoint, association);
    network.advance(100);
    expect(sent).toHaveLength(20);
    expect(server.heard.of('message')).toEqual([]);
    expect(chunks.at(-1)).toEqual({ type: 'SACK', sequence: 10, window: 0 });
  });

  test('fills the send buffer of its peer, who is told once when there is room again', () => {
    const { network, server, client, association } = pausable();
    server.stack.pauseReading();
    const sent = fill(client.endpoint, association);
    network.advance(100);
    sent.push(...fill(client.endpoint, association, sent.length)); // what the window took
    network.advance(MINUTE);
    expect(sent).toHaveLength(30);
    expect(fill(client.endpoint, association)).toEqual([]);
    const before = client.heard.of('writable').length;

    server.stack.resumeReading();
    network.advance(100); // it tells its window, nobody has to find out
    expect(client.heard.of('writable')).toHaveLength(before + 1);
    expect(numbers(server)).toEqual(sent);
  });

  test('hears everything afterwards, in the order in which it happened, in one batch', () => {
    const { network, server, client, association, accepted } = pausable();
    const other = host(network, '10.0.0.3');
    server.heard.events.length = 0;
    server.stack.pauseReading();
    client.endpoint.send(association, ASAP, text('last words'));
    network.advance(10);
    client.endpoint.abort(association, 'enough');
    network.advance(10);
    other.endpoint.connect([{ address: '10.0.0.1', port: 3863 }]);
    network.advance(100);
    expect(server.heard.events).toEqual([]);
    expect(server.endpoint.send(accepted, ASAP, text('hello?'))).toBe('gone');

    server.stack.resumeReading();
    expect(server.heard.events).toEqual([]); // not from within a call
    network.settle();
    const happened = server.heard.events.map(({ type }) => type);
    expect(happened).toEqual(['message', 'down', 'up', 'batchEnd']);
  });

  test('keeps its association for as long as its SCTP answers (RFC 9260 §6.1, §8.1)', () => {
    const { network, server, client, association } = pausable(
      { delayMs: 5, loss: 0.1 },
      { heartbeatIntervalMs: 60 * MINUTE }, // no heartbeat says that all is well
    );
    server.stack.pauseReading();
    const chunks = chunksOf(network, client);
    const sent = fill(client.endpoint, association);
    network.advance(60 * MINUTE);
    expect([client.heard.of('down'), server.heard.of('down')]).toEqual([[], []]);
    const probes = chunks.filter(({ type }) => type === 'DATA').length - sent.length;
    expect(probes).toBeGreaterThan(500); // one for each of the longest time-outs, 5 s
    expect(probes).toBeLessThan(900);

    server.stack.resumeReading();
    network.settle();
    expect(numbers(server)).toEqual(sent);
  });

  test('is not given up for probes whose answers take long, where two in vain were enough', () => {
    const { network, server, client, association } = pausable(
      { delayMs: 1_000 },
      { maxRetransmissions: 1, rtoMs: { initial: 3_000, min: 700, max: 5_000 } },
    );
    server.stack.pauseReading();
    const sent = fill(client.endpoint, association);
    network.advance(10 * MINUTE);
    server.stack.resumeReading();
    network.settle();
    expect(numbers(server)).toEqual(sent);
  });

  test('is lost once its SCTP does not answer, though its window was closed', () => {
    const { network, server, client, association } = pausable();
    server.stack.pauseReading();
    fill(client.endpoint, association);
    network.advance(10 * MINUTE);
    network.isolate(server.stack);
    network.advance(MINUTE);
    expect(client.heard.of('down')).toMatchObject([{ association, why: 'lost' }]);
  });

  test('is found to read again although the packet that says so was lost', () => {
    const { network, server, client, association } = pausable();
    server.stack.pauseReading();
    const sent = fill(client.endpoint, association);
    network.advance(MINUTE);
    network.isolate(server.stack);
    server.stack.resumeReading();
    network.advance(1_000);
    expect(numbers(server)).toHaveLength(10);
    network.heal();
    network.advance(5_000 + 10); // the longest time-out
    expect(numbers(server)).toEqual(sent);
  });

  test.each([{ loss: 0.2 }, { duplication: 0.3 }, { reordering: 0.3 }])(
    'misses nothing and hears nothing twice over a link with %o',
    (trouble) => {
      const { network, server, client, association } = pausable({ delayMs: 3, ...trouble });
      const sent: string[] = [];
      for (let round = 0; round < 20; round++) {
        server.stack.pauseReading();
        sent.push(...fill(client.endpoint, association, sent.length));
        network.advance(3_000);
        sent.push(...fill(client.endpoint, association, sent.length));
        server.stack.resumeReading();
        network.advance(2_000);
      }
      network.settle(10 * MINUTE);
      expect(sent.length).toBeGreaterThan(300);
      expect(numbers(server)).toEqual(sent);
    },
  );

  test('is given what waits for it before the association ends gracefully (RFC 9260 §9.2)', () => {
    const { network, server, client, association } = pausable();
    server.stack.pauseReading();
    const sent = fill(client.endpoint, association);
    client.endpoint.shutdown(association);
    network.advance(10 * MINUTE);
    expect(client.heard.of('down')).toEqual([]); // it waits for room
    server.stack.resumeReading();
    expect(network.settle()).toBe(true);
    expect(numbers(server)).toEqual(sent);
    expect(server.heard.types.slice(-2)).toEqual(['message', 'down']);
    expect(client.heard.of('down')).toMatchObject([{ why: 'shutdown' }]);
  });

  test('never hears what came from before a restart of the peer', () => {
    const { network, server, client, association } = pausable();
    server.stack.pauseReading();
    fill(client.endpoint, association);
    network.advance(1_000);
    const { port } = client.endpoint;
    network.crash(client.stack);
    const again = host(network, '10.0.0.2', { ...LIMITS, port });
    const second = again.endpoint.connect([{ address: '10.0.0.1', port: 3863 }]);
    const sent = fill(again.endpoint, second, 100); // the window is as wide as at first
    network.advance(1_000);
    server.stack.resumeReading();
    network.settle();
    expect(server.heard.types.slice(0, 3)).toEqual(['up', 'restart', 'message']);
    expect(numbers(server)).toEqual(sent);
  });

  test('never hears what came over an association that it has aborted', () => {
    const { network, server, client, association, accepted } = pausable();
    server.stack.pauseReading();
    fill(client.endpoint, association);
    network.advance(1_000);
    server.heard.react = ({ type }) => {
      if (type === 'message') server.endpoint.abort(accepted, 'enough');
    };
    server.stack.resumeReading();
    network.settle();
    expect(server.heard.types).toEqual(['up', 'message', 'down']);
  });

  test('may stop reading after any message, and go on', () => {
    const { network, server, client, association } = pausable();
    server.heard.react = ({ type }) => {
      if (type === 'message') server.stack.pauseReading();
    };
    const sent = fill(client.endpoint, association);
    network.advance(1_000);
    for (const number of sent) {
      expect(numbers(server).at(-1)).toBe(number);
      server.stack.resumeReading();
      network.advance(10_000);
    }
    expect(numbers(server)).toEqual(sent);
  });

  test('keeps what came early until its turn', () => {
    const { network, server, client, association } = pausable({ delayMs: 5 });
    server.stack.pauseReading();
    const chunks = chunksOf(network, server);
    network.cutOneWay(client.stack, server.stack);
    client.endpoint.send(association, ASAP, text('0000'));
    network.heal();
    const sent = ['0000', ...fill(client.endpoint, association, 1)];
    network.advance(100);
    expect(chunks.at(-1)).toEqual({ type: 'SACK', sequence: 0, window: 10_000 });
    network.advance(MINUTE);
    server.stack.resumeReading();
    network.settle();
    expect(numbers(server)).toEqual(sent);
  });

  test('is sent a message again and again that is longer than its whole window', () => {
    const network = new MemoryNetwork({ seed: 1 });
    const server = host(network, '10.0.0.1', { maxMessageBytes: 500, receiveBufferBytes: 500 });
    const client = host(network, '10.0.0.2', LIMITS);
    const association = client.endpoint.connect([{ address: '10.0.0.1', port: 3863 }]);
    network.settle();
    server.stack.pauseReading();
    const sent = fill(client.endpoint, association).slice(0, 3);
    network.advance(MINUTE);
    server.stack.resumeReading();
    network.advance(MINUTE);
    expect(numbers(server).slice(0, 3)).toEqual(sent);
  });

  test('takes announces as long as its socket has room', () => {
    const { network, server, client } = pair({}, { socketBufferBytes: 256 });
    const heard: string[] = [];
    const onAnnounce = (payload: Uint8Array) => heard.push(Buffer.from(payload).toString());
    network.announceListener(server.stack, 'asap', { onAnnounce });
    const sender = network.announceSender(client.stack, 'asap', 3863);
    server.stack.pauseReading();
    for (const word of ['one', 'two', 'three']) sender.send(text(word.padEnd(100)));
    network.advance(10);
    server.stack.resumeReading();
    network.advance(10);
    sender.send(text('four'));
    network.advance(10);
    expect(heard.map((one) => one.trimEnd())).toEqual(['one', 'two', 'four']);
  });
});

test('a receive buffer holds the longest message at least', () => {
  const { network } = pair();
  const options = { localAddresses: ['10.0.0.9'], receiveBufferBytes: 65_535 };
  expect(() => network.stack(options)).toThrow(ConfigError);
});
