/**
 * Hostile datagrams at an open port: mutations of a live association's own packets, sent from its own
 * address and from another. What the layer makes of each is tested in `native/sctp`; here they meet the
 * whole stack, and a live association must not notice.
 */

import { afterEach, describe, expect, test } from 'vitest';
import { ASAP, closeStacks, echo, openHost, openRelay, openUdpSocket } from './udp-support.ts';

const PACKETS = 6_000;
const SEED = 1;

afterEach(closeStacks);

describe('an open port under hostile datagrams', () => {
  test('leaves a live association alone and makes no new one', async () => {
    const server = openHost('127.0.0.1');
    echo(server);
    const client = openHost('127.0.0.2', { accepts: false });
    const seen: Buffer[] = [];
    const relay = await openRelay(client.stack, server.stack, (packet, send) => {
      if (seen.length < 200) seen.push(Buffer.from(packet));
      send();
    });
    const association = client.endpoint.connect(
      [{ address: '127.0.0.3', port: server.endpoint.port }],
      {
        udpPort: relay.address().port,
      },
    );
    const exchange = async (count: number) => {
      const before = client.heard.of('message').length;
      for (let index = 0; index < count; index++) {
        client.endpoint.send(association, ASAP, Buffer.from(`message ${before + index}`));
      }
      const done = before + count;
      await client.heard.until('echoes', (heard) => heard.of('message').length === done);
    };
    await exchange(50);

    const stranger = await openUdpSocket('127.0.0.4');
    const random = randomSource(SEED);
    for (let sent = 0; sent < PACKETS; sent++) {
      const packet = mutate(seen[random() % seen.length] as Buffer, random);
      const from = sent % 2 === 0 ? relay : stranger;
      from.send(packet, server.stack.udpPort, '127.0.0.1');
      // The receive buffer is finite, and what it drops tests nothing.
      if (sent % 200 === 199) await exchange(1);
    }
    await exchange(50);

    expect(client.heard.texts).toEqual(
      client.heard.texts.map((_text, index) => `message ${index}`),
    );
    expect(client.heard.types.filter((type) => type !== 'message')).toEqual(['up']);
    expect(server.heard.types.filter((type) => type !== 'message')).toEqual(['up']);
    const stats = server.stack.stats();
    expect(stats.associations).toBe(1);
    const refused = Object.values(stats.refused).reduce((sum, count) => sum + count, 0);
    expect(refused).toBeGreaterThan(PACKETS / 3);
  }, 60_000);
});

/**
 * A packet that must change nothing: damaged under its old checksum, or with a right one but a wrong
 * verification tag, or no SCTP at all. (Right checksum and right tag together would be the peer itself.)
 */
function mutate(original: Buffer, random: () => number): Buffer {
  const packet = Buffer.from(original);
  for (let count = 1 + (random() % 4); count > 0; count--) {
    packet[random() % packet.length] = random() & 255;
  }
  const kind = random() % 4;
  if (kind === 0) return packet;
  if (kind === 1) return packet.subarray(0, random() % packet.length);
  if (kind === 2) return Buffer.from(packet.map(() => random() & 255));
  const isInit = original[12] === 1;
  const longer = Buffer.concat([packet, packet.subarray(12, 12 + (random() % 64))]);
  const whole = random() % 2 === 0 ? packet : longer;
  original.copy(whole, 0, 0, 4); // the ports, so that it gets as far as possible
  whole.writeUInt32BE(isInit ? 0 : (random() | 1) >>> 0, 4);
  whole.writeUInt32LE(0, 8);
  whole.writeUInt32LE(crc32c(whole), 8);
  return whole;
}

/** xorshift32. */
function randomSource(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** RFC 9260 appendix A, bit by bit. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}
