/**
 * An independent reader: tshark (Wireshark) dissects what we write, every type of message in both profiles,
 * and finds nothing malformed. Skipped where it is not installed.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PAYLOAD_PROTOCOL } from '../../src/types.ts';
import type { AsapMessage } from '../../src/wire/asap-messages.ts';
import type { EnrpMessage } from '../../src/wire/enrp-messages.ts';
import { sctpFrame, writePcapng } from '../support/capture-writer.ts';
import { asapMessages, enrpMessages, sensibleCause } from './generators.ts';
import { ASAP, bytesOf, ENRP } from './round-trip.ts';

const MESSAGES_PER_TYPE = 40;
const MALFORMED = '_ws.malformed || _ws.expert.severity == "Error"';

type Protocol = 'asap' | 'enrp';
const PAYLOAD_PROTOCOLS = { asap: PAYLOAD_PROTOCOL.ASAP, enrp: PAYLOAD_PROTOCOL.ENRP };

/** A line for each frame that the filter lets through: its number and its message type. */
function dissect(protocol: Protocol, payloads: readonly Uint8Array[], filter: string): string[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'rserpool-'));
  const file = path.join(folder, 'messages.pcapng');
  const payloadProtocol = PAYLOAD_PROTOCOLS[protocol];
  const frames = payloads.map((payload, tsn) => sctpFrame([{ tsn, payloadProtocol, payload }]));
  writeFileSync(file, writePcapng(frames));
  const fields = `-T fields -E occurrence=f -e frame.number -e ${protocol}.message_type`.split(' ');
  const options = ['-n', '-r', file, '-Y', filter, ...fields];
  const { status, stdout } = spawnSync('tshark', options, { encoding: 'utf8', timeout: 250_000 });
  rmSync(folder, { recursive: true });
  expect(status).toBe(0);
  return stdout.split('\n').filter((line) => line !== '');
}

function samples<Message>(generators: Record<string, fc.Arbitrary<Message>>): Message[] {
  const options = { seed: 1, numRuns: MESSAGES_PER_TYPE };
  return Object.values(generators).flatMap((generator) => fc.sample(generator, options));
}

function expectNoFault(protocol: Protocol, payloads: readonly Uint8Array[]): void {
  const types = payloads.map((payload, index) => `${index + 1}\t${payload[0]}`);
  expect(dissect(protocol, payloads, protocol)).toEqual(types);
  expect(dissect(protocol, payloads, MALFORMED)).toEqual([]);
}

const isInstalled = spawnSync('tshark', ['--version']).status === 0;
const isRequired = process.env.RSERPOOL_REQUIRE_INTEROP === '1';
const reason = isInstalled ? '' : ' (tshark is not installed)';

describe.skipIf(!isInstalled && !isRequired)(`tshark${reason}`, () => {
  test.each(['rsplib', 'rfc'] as const)('finds no fault with what we write: %s', (profile) => {
    const asap = samples<AsapMessage>(asapMessages(profile, sensibleCause));
    const enrp = samples<EnrpMessage>(enrpMessages(profile, sensibleCause));
    expectNoFault(
      'asap',
      asap.map((message) => ASAP.encode(message, { profile })),
    );
    expectNoFault(
      'enrp',
      enrp.map((message) => ENRP.encode(message, { profile })),
    );
  });

  test('finds fault with what is malformed', () => {
    const malformed = bytesOf('0500000c 000900ff 61626364');
    const fine = bytesOf('0500000c 00090008 61626364');
    expect(dissect('asap', [fine, malformed], MALFORMED)).toEqual(['2\t5']);
  });
});
