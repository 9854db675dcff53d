/**
 * Registrars of both kinds whose network interface is deleted and created again with the same name and address.
 * `scenarios/interfaces.sh`.
 */

import { expect, test } from 'vitest';
import { describeScenario, TRANSPORTS } from './lab.ts';

const scenario = { script: 'interfaces.sh', limitS: 240, transports: TRANSPORTS };
describeScenario('replaced network interfaces', scenario, (seen) => {
  test.each(['before', 'after'])('announces of both registrars are received %s', (when) => {
    expect(seen.text(`${when}-ours.txt`)).toContain('from 10.20.0.1.');
    expect(seen.text(`${when}-theirs.txt`)).toContain('from 10.20.0.2.');
  });

  test('our registrar logs that its address is lost, then that it is found', () => {
    expect(seen.text('one.txt')).toMatch(
      /local addresses lost \(interface eth0, addresses 10\.20\.0\.1\).*local addresses found \(interface eth0, addresses 10\.20\.0\.1\)/s,
    );
  });

  test('a registrar that starts afterwards is found by multicast, and finds ours', () => {
    expect(seen.text('one.txt')).toMatch(/peer .*up.*0x33333333/);
    expect(seen.text('late.txt')).toMatch(/peer .*up.*0x11111111/);
  });
});
