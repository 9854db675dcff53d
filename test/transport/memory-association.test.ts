/** Associations of the `memory` backend, from their beginning to their end. */

import { describe, expect, test } from 'vitest';
import { MemoryNetwork } from '../../src/transport/memory.ts';
import { ASAP, host, pair, sendNumbers, text } from './memory-hosts.ts';

describe('an association of the memory backend', () => {
  test('comes up on both sides after four packets (RFC 9260 §5.1)', () => {
    const { network, server, client, association } = pair({ link: { delayMs: 5 } });
    expect(client.heard.of('up')).toEqual([
      {
        type: 'up',
        association,
        info: {
          peerAddresses: [{ address: '10.0.0.1', port: 3863 }],
          localPort: client.endpoint.port,
          outboundStreams: 1,
        },
      },
    ]);
    expect(server.heard.of('up')[0]?.info.peerAddresses).toEqual([
      { address: '10.0.0.2', port: client.endpoint.port },
    ]);
    expect(network.now()).toBe(20);
  });

  test('carries messages both ways, in order, with their payload protocol and stream 0', () => {
    const { network, server, client, association, accepted } = pair();
    const sent = sendNumbers(client.endpoint, association, 3);
    server.heard.react = (event) => {
      if (event.type === 'message') server.endpoint.send(accepted, 12, event.payload);
    };
    network.settle();
    expect(server.heard.texts).toEqual(sent);
    expect(client.heard.texts).toEqual(sent);
    expect(server.heard.of('message').map((event) => event.payloadProtocol)).toEqual([11, 11, 11]);
    expect(client.heard.of('message')[0]).toMatchObject({ payloadProtocol: 12, stream: 0 });
  });

  test('takes messages before it is up, and delivers them when it is', () => {
    const network = new MemoryNetwork({ seed: 1 });
    const server = host(network, '10.0.0.1');
    const client = host(network, '10.0.0.2');
    const association = client.endpoint.connect([{ address: '10.0.0.1', port: 3863 }]);
    const sent = sendNumbers(client.endpoint, association, 2);
    network.settle();
    expect(server.heard.types).toEqual(['up', 'message', 'message']);
    expect(server.heard.texts).toEqual(sent);
  });

  test('tells the end of a batch once, after everything of one instant', () => {
    const { network, server, client, association } = pair();
    server.heard.events.length = 0;
    sendNumbers(client.endpoint, association, 3);
    network.settle();
    expect(server.heard.events.map(({ type }) => type)).toEqual([
      ...['message', 'message', 'message', 'batchEnd'],
    ]);
  });

  test.each([
    { loss: 0.05 },
    { loss: 0.3 },
    { duplication: 0.3 },
    { reordering: 0.3 },
    { loss: 0.2, duplication: 0.2, reordering: 0.2 },
  ])('loses, doubles and reorders nothing over a link with %o', (link) => {
    const { network, server, client, association, accepted } = pair({
      link: { delayMs: 3, jitterMs: 20, ...link },
    });
    server.heard.react = (event) => {
      if (event.type === 'message') server.endpoint.send(accepted, ASAP, event.payload);
    };
    const sent: string[] = [];
    for (let round = 0; round < 50; round++) {
      sent.push(...sendNumbers(client.endpoint, association, 10));
      network.advance(100);
    }
    expect(network.settle(600_000)).toBe(true);
    expect(server.heard.texts).toEqual(sent);
    expect(client.heard.texts).toEqual(sent);
  });

  test('has its packets doubled and overtaken as often as the link says', () => {
    const link = { delayMs: 10, duplication: 0.5, reordering: 0.2 };
    const { network, server, client, association } = pair({ link });
    const { packetsReceived } = server.stack.stats();
    sendNumbers(client.endpoint, association, 1_000);
    network.advance(10); // nobody sends anything again yet
    expect(Number(server.stack.stats().packetsReceived) - Number(packetsReceived)).toBeLessThan(
      1_400,
    );
    network.advance(90);
    const received = Number(server.stack.stats().packetsReceived) - Number(packetsReceived);
    expect(received).toBeGreaterThan(1_400);
    expect(received).toBeLessThan(1_600);
  });

  test('ends gracefully on both sides, after what was queued (RFC 9260 §9.2)', () => {
    const { network, server, client, association } = pair({ link: { loss: 0.2 } });
    const sent = sendNumbers(client.endpoint, association, 20);
    client.endpoint.shutdown(association);
    expect(client.endpoint.send(association, ASAP, text('late'))).toBe('gone');
    expect(network.settle()).toBe(true);
    expect(server.heard.texts).toEqual(sent);
    expect(server.heard.of('down')).toMatchObject([{ why: 'shutdown' }]);
    expect(client.heard.of('down')).toMatchObject([{ association, why: 'shutdown' }]);
    expect([server.stack.stats().associations, client.stack.stats().associations]).toEqual([0, 0]);
  });

  test('ends gracefully when both sides want it at once', () => {
    const { network, server, client, association, accepted } = pair();
    client.endpoint.shutdown(association);
    server.endpoint.shutdown(accepted);
    expect(network.settle()).toBe(true);
    expect(server.heard.of('down')).toMatchObject([{ why: 'shutdown' }]);
    expect(client.heard.of('down')).toMatchObject([{ why: 'shutdown' }]);
  });

  test('ends at once by abort, with the reason, and once for each side (RFC 9260 §9.1)', () => {
    const { network, server, client, association } = pair();
    client.endpoint.abort(association, 'enough');
    expect(client.heard.of('down')).toEqual([]);
    network.settle();
    expect(client.heard.of('down')).toEqual([
      { type: 'down', association, why: 'abort', detail: 'enough' },
    ]);
    expect(server.heard.of('down')).toMatchObject([{ why: 'abort', detail: 'enough' }]);
  });

  test('delivers nothing more after a handler aborted it', () => {
    const { network, server, client, association, accepted } = pair();
    server.heard.react = (event) => {
      if (event.type === 'message') server.endpoint.abort(accepted, 'enough');
    };
    sendNumbers(client.endpoint, association, 5);
    network.settle();
    expect(server.heard.texts).toEqual(['message 0']);
    expect(client.heard.of('down')).toMatchObject([{ why: 'abort' }]);
  });

  test.each([
    ['no endpoint has the port', { port: 9999 }],
    ['the endpoint does not accept', { accepts: false }],
    ['there is no room', { maxAssociationsPerHost: 1 }],
  ])('is refused when %s', (_why, options) => {
    const network = new MemoryNetwork({ seed: 1 });
    host(network, '10.0.0.1', options);
    const client = host(network, '10.0.0.2', { port: 0 });
    const another = host(network, '10.0.0.3', { port: 0 });
    const first = client.endpoint.connect([{ address: '10.0.0.1', port: 3863 }]);
    network.settle();
    const second = client.stack
      .open({ port: 0, accepts: false }, another.heard)
      .connect([{ address: '10.0.0.1', port: 3863 }]);
    network.settle();
    if (!('maxAssociationsPerHost' in options)) {
      expect(client.heard.of('down')).toMatchObject([{ association: first, why: 'refused' }]);
    }
    expect(another.heard.types).toEqual(['down']);
    expect(another.heard.of('down')).toMatchObject([{ association: second, why: 'refused' }]);
  });

  test('is refused beside another one on the same pair of ports, which stays', () => {
    const { network, server, client, association } = pair();
    const second = client.endpoint.connect([{ address: '10.0.0.1', port: 3863 }]);
    network.settle();
    expect(client.heard.of('down')).toMatchObject([{ association: second, why: 'refused' }]);
    expect(client.endpoint.send(association, ASAP, text('still here'))).toBe('queued');
    network.settle();
    expect(server.heard.texts).toEqual(['still here']);
  });

  test('becomes one association when both sides call at once (RFC 9260 §5.2.1)', () => {
    const network = new MemoryNetwork({ seed: 1 });
    const a = host(network, '10.0.0.1', { port: 9901 });
    const b = host(network, '10.0.0.2', { port: 9901 });
    const fromA = a.endpoint.connect([{ address: '10.0.0.2', port: 9901 }]);
    const fromB = b.endpoint.connect([{ address: '10.0.0.1', port: 9901 }]);
    network.settle();
    expect(a.heard.of('up')).toMatchObject([{ association: fromA }]);
    expect(b.heard.of('up')).toMatchObject([{ association: fromB }]);
    a.endpoint.send(fromA, 12, text('to b'));
    b.endpoint.send(fromB, 12, text('to a'));
    network.settle();
    expect([a.heard.texts, b.heard.texts]).toEqual([['to a'], ['to b']]);
  });

  test('becomes one association also when one calls while the call of the other is almost done', () => {
    for (let calledAtMs = 1; calledAtMs < 60; calledAtMs++) {
      const network = new MemoryNetwork({ seed: 1, link: { delayMs: 10 } });
      const a = host(network, '10.0.0.1', { port: 9901 });
      const b = host(network, '10.0.0.2', { port: 9901 });
      const fromA = a.endpoint.connect([{ address: '10.0.0.2', port: 9901 }]);
      a.endpoint.send(fromA, 12, text('to b'));
      network.advance(calledAtMs);
      const fromB = b.endpoint.connect([{ address: '10.0.0.1', port: 9901 }]);
      b.endpoint.send(fromB, 12, text('to a'));
      network.settle();
      const accepted = b.heard.of('up')[0]?.association;
      const downs = b.heard.of('down').map(({ association }) => association);
      expect(a.heard.types, `called at ${calledAtMs}`).not.toContain('down');
      // A call on ports that have an association by then is refused, and that one stays.
      expect(downs).toEqual(accepted === fromB ? [] : [fromB]);
      expect(b.heard.texts).toEqual(['to b']);
      expect(a.heard.texts).toEqual(accepted === fromB ? ['to a'] : []);
    }
  });

  test('does not come up again when its cookie arrives once more after its end (RFC 9260 §5.3.1)', () => {
    const link = { delayMs: 10, duplication: 1, jitterMs: 20 };
    for (let seed = 1; seed < 20; seed++) {
      const network = new MemoryNetwork({ seed, link });
      const server = host(network, '10.0.0.1');
      const client = host(network, '10.0.0.2', { port: 0, accepts: false });
      server.heard.react = (event) => {
        if (event.type === 'up') server.endpoint.abort(event.association, 'not you');
      };
      client.endpoint.connect([{ address: '10.0.0.1', port: 3863 }]);
      network.settle();
      expect(server.heard.of('up'), `seed ${seed}`).toHaveLength(1);
    }
  });
});
