/**
 * Registrars of both kinds whose network interface is deleted and created again with the same name and address.
 * `scenarios/interfaces.sh`.
 */

import { expect, test } from 'vitest';
import { describeScenario, TRANSPORTS_OF_THIS_RUN } from './lab.ts';

const scenario = { script: 'interfaces.sh', limitS: 240, transports: TRANSPORTS_OF_THIS_RUN };
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

  test('a registrar with the addresses of its host logs those that come and go, and refuses none', () => {
    const log = seen.text('roaming.txt');
    expect(log).toMatch(/local addresses found .*fd00:20::5/);
    expect(log).toMatch(/local addresses lost .*10\.20\.0\.6/);
    expect(log).not.toContain('refused');
  });

  test('peers that start later learn the addresses that it has, not those that it had', () => {
    const addressesIn = (log: string) => /peer .*up .*0x44444444.*/.exec(seen.text(log))?.[0];
    expect(addressesIn('late.txt')).toContain('10.20.0.6');
    expect(addressesIn('later.txt')).toContain('10.20.0.5');
    expect(addressesIn('later.txt')).not.toContain('10.20.0.6');
  });

  test('a registrar that starts afterwards is found by multicast, and finds ours', () => {
    expect(seen.text('one.txt')).toMatch(/peer .*up.*0x33333333/);
    expect(seen.text('late.txt')).toMatch(/peer .*up.*0x11111111/);
  });
});
