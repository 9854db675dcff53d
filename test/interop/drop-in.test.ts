/**
 * Our `rspregistrar` in the place of rsplib's: the same command line, the same unmodified server and terminal,
 * who find it by its announces. `scenarios/drop-in.sh`.
 */

import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { describeScenario, expectWellFormed } from './lab.ts';
import { ASAP, type Host } from './wire-log.ts';

const REGISTRAR: Host = ['10.20.0.1'];
const SERVER: Host = ['10.20.0.11'];

const scenario = { script: 'drop-in.sh', limitS: 150, transports: ['kernel'] as const };
describeScenario("our rspregistrar in the place of rsplib's", scenario, (seen) => {
  test.each(['theirs', 'ours'])("serves rsplib's programs that were told nothing: %s", (whose) => {
    expect(seen.text(`${whose}-terminal.txt`)).toMatch(/from PE .*> line-/);
    expect(seen.observations[`${whose}Status`]).toBe(0);
  });

  test('prints what it does where it should, and nothing else', () => {
    expect(seen.text('ours-errors.txt')).toBe('');
    expect(seen.text('ours.txt')).toMatch(/^rspregistrar .*registrar 0x11111111\n/);
    expect(seen.text('ours.txt')).toMatch(/\nStopped\.\n$/);
    expect(seen.text('ours.log')).toMatch(/Note: started .*\n(.*\n)*.*Note: ended /);
  });

  test("announces its ASAP port to rsplib's group, as far as -announcettl says (RFC 5352 §3.6)", async () => {
    const fields = ['ip.src', 'udp.srcport', 'udp.dstport', 'ip.ttl'].flatMap((name) => [
      '-e',
      name,
    ]);
    const { stdout } = await promisify(execFile)('tshark', [
      ...['-r', path.join(seen.folder, 'registrar.pcapng'), '-Y', 'ip.dst == 239.0.0.50'],
      ...['-T', 'fields', ...fields],
    ]);
    const announces = stdout.trim().split('\n');
    const [, port = ''] = /ASAP addresses +10\.20\.0\.1:(\d+)\n/.exec(seen.text('ours.txt')) ?? [];
    // The server found it by one, the terminal, which came later, by another.
    expect(announces.length).toBeGreaterThan(1);
    expect(new Set(announces)).toEqual(new Set([`10.20.0.1\t${port}\t3863\t7`]));
  });

  test('registers the server and lets it go', () => {
    const wire = seen.wire('registrar');
    const answers = wire.sent(REGISTRAR, SERVER);
    for (const type of [ASAP.registrationResponse, ASAP.deregistrationResponse]) {
      const [first] = answers.withMessage(type);
      expect(first).toMatchObject({ flags: [0], poolElementIds: [0xcb00_0001] });
    }
    expectWellFormed(wire, seen.transport);
  });
});
