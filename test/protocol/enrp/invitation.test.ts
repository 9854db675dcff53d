/** Registrars that have only been heard of: an announce to the group calls nobody a peer, and nobody back to life. */

import { expect, test } from 'vitest';
import { encodeEnrp } from '../../../src/wire/enrp.ts';
import { ENRP_PORT, presence, Scope, type TestRegistrar } from './support.ts';

/** Somebody writes to the group in the name of registrar `id`. */
function announce(to: TestRegistrar, id: number, address: string): void {
  const payload = encodeEnrp(presence(id));
  to.driver.input({ type: 'presenceHeard', source: { address, port: 1 }, payload });
}

test('who announces itself and does not answer is no peer', () => {
  const [scope, one] = Scope.whole(1) as [Scope, TestRegistrar];
  announce(one, 66, '10.0.0.66');
  scope.run(5);
  expect(one.calls).toContain('10.0.0.66');
  expect(one.peerIds()).toEqual([]);
  expect(one.told('peerUp')).toEqual([]);
});

test('announces in the name of a dead peer do not keep it from being taken over', () => {
  const [scope, one, two] = Scope.whole(2) as [Scope, TestRegistrar, TestRegistrar];
  two.register(2);
  scope.run(1);
  two.crash();
  for (let seconds = 0; seconds < 20; seconds += 2) {
    announce(one, 2, '10.0.0.66');
    scope.run(2);
  }
  expect(one.view()).toEqual(['EchoPool/2@1']);
});

test('announces in the name of a peer do not change where it is called', () => {
  const [, one] = Scope.whole(2) as [Scope, TestRegistrar, TestRegistrar];
  announce(one, 2, '10.0.0.66');
  expect(one.enrp.peers).toMatchObject([{ id: 2, addresses: [{ address: '10.0.0.2' }] }]);
});

test('a lost peer that announces itself is called at once, whatever its turn (decision 40)', () => {
  const scope = new Scope();
  const one = scope.start({ id: 1, options: { peerHeartbeatCycleMs: 60_000 } });
  const two = scope.start({ id: 2, peers: [1] });
  scope.run(6);
  two.crash();
  scope.run(80);
  expect(one.peerIds()).toEqual([]);
  const again = scope.start({ id: 3, address: two.address });
  announce(one, 3, again.address);
  scope.run(1);
  expect(one.peerIds()).toEqual([3]);
});

test('our own announce calls nobody, from whatever address it comes back', () => {
  const scope = new Scope();
  const one = scope.start({ id: 1, announces: true });
  const payload = one.told('announcePresence')[0]?.payload ?? new Uint8Array();
  const source = { address: '192.168.7.7', port: ENRP_PORT };
  one.driver.input({ type: 'presenceHeard', source, payload });
  scope.run(1);
  expect(one.calls).toEqual([]);
  expect(one.told('duplicateId')).toEqual([]);
});
