/**
 * Hosts with two addresses on two networks, one of which is cut under load and healed: nothing is lost, the
 * exchange goes on, and the change is told (RFC 9260 §6.4, §8.2, §8.3). `scenarios/multihoming.sh`.
 */

import { describe, expect, test } from 'vitest';
import { describeScenario, expectWellFormed, type LabTransport, type Sighting } from './lab.ts';
import { CHUNK } from './wire-log.ts';

const PEERS: Record<LabTransport, readonly string[]> = {
  udp: ['same', 'kernel'],
  kernel: ['same'],
};
const N: Record<string, number> = { same: 31, kernel: 41 };

const scenario = { script: 'multihoming.sh', limitS: 240, transports: ['udp', 'kernel'] as const };
describeScenario('an exchange between hosts on two networks', scenario, (seen) => {
  describe.each(PEERS[seen.transport])('with a peer of kind: %s', (peer) => {
    test('loses nothing, in order, when a network is cut and healed', () => {
      expect(told(seen, peer, 'outOfOrder')).toEqual([]);
      expect(told(seen, peer, 'down')).toEqual([]);
      const [end] = told(seen, peer, 'totalEchoed');
      expect(Number(end?.sent)).toBeGreaterThanOrEqual(900);
      expect(end?.totalEchoed).toBe(end?.sent);
    });

    test('tells that the address has failed, and that it is back', () => {
      const address = `10.20.0.${(N[peer] ?? 0) + 1}`;
      const changes = told(seen, peer, 'path').filter(({ path }) => path === address);
      const states = changes.map(({ state }) => state);
      expect(states).toContain('down');
      expect(states.indexOf('up', states.indexOf('down'))).toBeGreaterThan(0);
    });

    test('goes over the other network meanwhile, and over no unconfirmed address', () => {
      const wire = seen.wire(`caller-${peer}`);
      const [cutAtS = 0, healedAtS = 0] = [seen.observations.cutAtS, seen.observations.healedAtS];
      const onB = (log: typeof wire) => log.frames.filter(({ to }) => to.startsWith('10.30.'));
      const data = (log: typeof wire) =>
        onB(log).filter(({ chunks }) => chunks.includes(CHUNK.data));
      expect(data(wire.between(cutAtS, healedAtS)).length).toBeGreaterThan(100);
      const answer = onB(wire).find(({ chunks }) => chunks.includes(CHUNK.heartbeatAck));
      const first = data(wire)[0];
      expect(answer?.number).toBeLessThan(first?.number ?? 0);
      // What a kernel sends it leaves to a network card to cut into packets and to sum up.
      const peers = ['10.20.0', '10.30.0'].map((net) => `${net}.${(N[peer] ?? 0) + 1}`);
      const callers = ['10.20.0', '10.30.0'].map((net) => `${net}.${N[peer]}`);
      expectWellFormed(wire.sent(callers, peers), seen.transport);
    });
  });
});

function told(seen: Sighting, peer: string, event: string) {
  return seen.jsonLines(`caller-${peer}.txt`).filter((line) => event in line);
}
