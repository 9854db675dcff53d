/** Hosts of the `memory` backend that stand still with their SCTP. */

import { describe, expect, test } from 'vitest';
import { MemoryNetwork } from '../../src/transport/memory.ts';
import { ASAP, host, pair, sendNumbers, text } from './memory-hosts.ts';

const SECOND = 1_000;

describe('a host that stands still', () => {
  test('is silent, and reads afterwards what its socket held', () => {
    const { network, server, client, association } = pair();
    const { packetsSent } = server.stack.stats();
    server.stack.freeze();
    const sent = sendNumbers(client.endpoint, association, 5);
    network.advance(10 * SECOND);
    expect(server.stack.stats()).toMatchObject({ packetsSent, messagesReceived: 0 });
    expect(server.heard.types).toEqual(['up']);

    server.stack.thaw();
    expect(server.heard.types).toEqual(['up']); // not from within a call
    network.settle();
    expect(server.heard.texts).toEqual(sent);
    expect(client.heard.types).toEqual(['up']);
  });

  test('is lost if it does so for longer than an association lasts (RFC 9260 §8.1)', () => {
    const { network, server, client, association } = pair();
    server.stack.freeze();
    sendNumbers(client.endpoint, association, 1);
    network.advance(25 * SECOND);
    expect(client.heard.of('down')).toEqual([]);
    network.advance(25 * SECOND);
    expect(client.heard.of('down')).toMatchObject([{ association, why: 'lost' }]);

    server.stack.thaw();
    network.advance(200 * SECOND);
    expect(server.heard.texts).toEqual(['message 0']); // it was in the socket
    expect(server.heard.of('down')).toMatchObject([{ why: 'abort' }]); // nobody knows it there
  });

  test('has timers run out late, and once each, after it has read', () => {
    const { network, server, client, association, accepted } = pair({ link: { delayMs: 10 } });
    client.endpoint.send(association, ASAP, text('question'));
    server.endpoint.send(accepted, ASAP, text('answer'));
    const { packetsSent } = server.stack.stats();
    server.stack.freeze();
    network.advance(20 * SECOND);
    // The client has acknowledged the answer: the server does not repeat it, but says what it has heard.
    server.stack.thaw();
    network.advance(9 * SECOND);
    expect([server.heard.texts, client.heard.texts]).toEqual([['question'], ['answer']]);
    const questions = Number(server.stack.stats().packetsSent) - Number(packetsSent);
    expect(client.heard.of('down')).toEqual([]);
    // One acknowledgement for each time that the question came, answers to two heartbeats, and one of its own.
    expect(questions).toBeLessThan(12);
  });

  test('loses what its socket has no room for; it comes again', () => {
    const { network, server, client, association } = pair({}, { socketBufferBytes: 70_000 });
    server.stack.freeze();
    const payload = new Uint8Array(30_000);
    for (let count = 0; count < 4; count++) client.endpoint.send(association, ASAP, payload);
    network.advance(100);
    server.stack.thaw();
    network.advance(10);
    expect(server.heard.of('message')).toHaveLength(2);
    network.settle();
    expect(server.heard.of('message')).toHaveLength(4);
  });

  test('sends what it is given meanwhile when it goes on', () => {
    const { network, server, client, association } = pair();
    client.stack.freeze();
    const sent = sendNumbers(client.endpoint, association, 2);
    network.advance(20 * SECOND);
    expect(server.heard.texts).toEqual([]);
    client.stack.thaw();
    network.settle();
    expect(server.heard.texts).toEqual(sent);
  });

  test('stays as it is when it stops again before it could go on', () => {
    const { network, server, client, association } = pair();
    server.stack.freeze();
    sendNumbers(client.endpoint, association, 1);
    network.advance(SECOND);
    server.stack.thaw();
    server.stack.freeze();
    network.advance(SECOND);
    expect(server.heard.texts).toEqual([]);
    server.stack.thaw();
    network.advance(SECOND);
    expect(server.heard.texts).toEqual(['message 0']);
  });

  test('is heard of no more when it crashes meanwhile', () => {
    const { network, server, client, association } = pair();
    client.stack.freeze();
    sendNumbers(client.endpoint, association, 1);
    network.crash(client.stack);
    client.stack.thaw();
    network.advance(SECOND);
    expect(server.heard.types).toEqual(['up']);
  });
});

test('pauses and standstills run the same way twice with one seed, and another way with another', () => {
  const transcript = (seed: number) => {
    const link = { delayMs: 2, jitterMs: 9, loss: 0.1, duplication: 0.05, reordering: 0.05 };
    const network = new MemoryNetwork({ seed, link });
    const lines: string[] = [];
    network.observe(({ at, from, isLost, packet }) =>
      lines.push(`${at} ${from} ${isLost} ${JSON.stringify(packet)}`),
    );
    const limits = { maxMessageBytes: 1_000, receiveBufferBytes: 4_000, sendBufferBytes: 8_000 };
    const server = host(network, '10.0.0.1', limits);
    const client = host(network, '10.0.0.2', limits);
    const association = client.endpoint.connect([{ address: '10.0.0.1', port: 3863 }]);
    network.settle();
    for (let round = 0; round < 20; round++) {
      if (round % 2 === 0) server.stack.pauseReading();
      else server.stack.freeze();
      for (let count = 0; count < 10; count++) {
        client.endpoint.send(association, ASAP, new Uint8Array(900));
      }
      network.advance(SECOND);
      server.stack.thaw();
      server.stack.resumeReading();
      network.advance(SECOND);
    }
    return lines.join('\n');
  };
  const first = transcript(3);
  expect(first.split('\n').length).toBeGreaterThan(400);
  expect(transcript(3)).toBe(first);
  expect(transcript(4)).not.toBe(first);
});
