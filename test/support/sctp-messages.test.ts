import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sctpFrame, writePcapng } from './capture-writer.ts';
import { readSctpMessages, readSctpPackets, readUdpDatagrams } from './sctp-messages.ts';

const registration = readFileSync(
  new URL('../vectors/captures/01-registration.pcapng', import.meta.url),
);
const bytes = (text: string) => Buffer.from(text);
const text = (payload: Uint8Array) => Buffer.from(payload).toString();

describe('the reader of captures', () => {
  test('counts frames, times, addresses and ports as tshark does', () => {
    const [first] = readSctpMessages(registration);

    expect(first).toMatchObject({
      frame: 8,
      interface: 0,
      source: { address: '10.20.0.11' },
      destination: { address: '10.20.0.1', port: 3863 },
      payloadProtocol: 11,
      stream: 0,
    });
    expect(first?.atMs).toBeCloseTo(2737.885, 2);
    expect(first?.payload).toHaveLength(84);
  });

  test('shows how associations begin and end', () => {
    const packets = readSctpPackets(registration);
    const types = packets.flatMap(({ chunks }) => chunks.map(({ type }) => type));
    const inits = packets.flatMap(({ chunks }) => chunks.filter(({ type }) => type === 'INIT'));

    expect(types).toEqual(expect.arrayContaining(['INIT_ACK', 'COOKIE_ECHO', 'SHUTDOWN', 'SACK']));
    expect(inits[0]).toMatchObject({
      addresses: ['10.20.0.11', '10.30.0.11', 'fd00:20::11'],
    });
  });

  test('finds the announces among the datagrams', () => {
    const announces = readUdpDatagrams(registration).filter(
      ({ destination }) => destination.address === '239.0.0.50',
    );
    expect(announces).toHaveLength(8);
    expect(announces[0]).toMatchObject({ source: { port: 3863 }, destination: { port: 3863 } });
    expect(announces[0]?.payload).toHaveLength(8);
  });

  test('puts a message together whose chunks come out of order, across the end of the TSN space', () => {
    const file = writePcapng([
      sctpFrame([
        { tsn: 0xffff_ffff, payloadProtocol: 11, payload: bytes('one '), isEnding: false },
        { tsn: 1, payloadProtocol: 11, payload: bytes('three'), isBeginning: false },
      ]),
      sctpFrame([{ tsn: 2, payloadProtocol: 12, payload: bytes('whole') }]),
      sctpFrame([
        {
          tsn: 0,
          payloadProtocol: 11,
          payload: bytes('two '),
          isBeginning: false,
          isEnding: false,
        },
      ]),
    ]);
    const messages = readSctpMessages(file);

    expect(messages.map(({ frame, payload }) => [frame, text(payload)])).toEqual([
      [2, 'whole'],
      [3, 'one two three'],
    ]);
    expect(messages.map(({ atMs }) => atMs)).toEqual([1, 2]);
  });

  test('leaves retransmissions out', () => {
    const frame = sctpFrame([{ tsn: 7, payloadProtocol: 11, payload: bytes('once') }]);
    expect(readSctpMessages(writePcapng([frame, frame]))).toHaveLength(1);
  });
});
