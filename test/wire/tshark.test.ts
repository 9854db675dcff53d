/**
 * An independent reader: tshark (Wireshark) dissects what we write, every type of message in both profiles,
 * and finds nothing malformed. Skipped where it is not installed.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { PAYLOAD_PROTOCOL } from '../../src/types.ts';
import { encodeAsap } from '../../src/wire/asap.ts';
import type { AsapMessage } from '../../src/wire/asap-messages.ts';
import { sctpFrame, writePcapng } from '../support/capture-writer.ts';
import { asapMessages, sensibleCause } from './generators.ts';
import { bytesOf } from './round-trip.ts';

const hasTshark = spawnSync('tshark', ['--version']).status === 0;
if (!hasTshark) console.log('test/wire/tshark.test.ts is skipped: tshark is not installed.');

const MESSAGES_PER_TYPE = 40;
const folder = mkdtempSync(path.join(tmpdir(), 'rserpool-tshark-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A line for each frame that the filter lets through: its number and its ASAP message type. */
function dissect(payloads: readonly Uint8Array[], filter: string): string[] {
  const file = path.join(folder, 'asap.pcapng');
  const payloadProtocol = PAYLOAD_PROTOCOL.ASAP;
  const frames = payloads.map((payload, tsn) => sctpFrame([{ tsn, payloadProtocol, payload }]));
  writeFileSync(file, writePcapng(frames));
  const fields = [
    '-T',
    'fields',
    '-E',
    'occurrence=f',
    '-e',
    'frame.number',
    '-e',
    'asap.message_type',
  ];
  const options = ['-n', '-r', file, '-Y', filter, ...fields];
  const { status, stdout } = spawnSync('tshark', options, { encoding: 'utf8', timeout: 50_000 });
  expect(status).toBe(0);
  return stdout.split('\n').filter((line) => line !== '');
}

const MALFORMED = '_ws.malformed || _ws.expert.severity == "Error"';

describe.runIf(hasTshark)('tshark', () => {
  test.each(['rsplib', 'rfc'] as const)('finds no fault with what we write: %s', (profile) => {
    const generators: fc.Arbitrary<AsapMessage>[] = Object.values(
      asapMessages(profile, sensibleCause),
    );
    const messages = generators.flatMap((generator) =>
      fc.sample(generator, { seed: 1, numRuns: MESSAGES_PER_TYPE }),
    );
    const payloads = messages.map((message) => encodeAsap(message, { profile }));
    const types = payloads.map((payload, index) => `${index + 1}\t${payload[0]}`);

    expect(dissect(payloads, 'asap')).toEqual(types);
    expect(dissect(payloads, MALFORMED)).toEqual([]);
  });

  test('finds fault with what is malformed', () => {
    const malformed = bytesOf('0500000c 000900ff 61626364');
    const fine = bytesOf('0500000c 00090008 61626364');
    expect(dissect([fine, malformed], MALFORMED)).toEqual(['2\t5']);
  });
});
