/** A registrar whose own addresses change: peers learn of it soon, and nobody takes it for another one. */

import { expect, test } from 'vitest';
import { ENRP_PORT, Scope } from './support.ts';

const options = { peerHeartbeatCycleMs: 30_000, peerHeartbeatJitter: 0 };

test('peers are told new addresses within a second, long before the next heartbeat', () => {
  const [scope, one] = Scope.whole(2, options);
  const heard = scope.listen();
  one?.driver.input({ type: 'localAddressesChanged', addresses: ['10.0.0.1', '10.9.0.1'] });
  scope.run(1);
  const presences = heard.filter(
    ({ from, message }) => from === 1 && message.type === 'ENRP_PRESENCE',
  );
  expect(presences.at(-1)).toMatchObject({
    message: { serverInformation: { transport: { addresses: ['10.0.0.1', '10.9.0.1'] } } },
  });
});

test('a presence of its own with an earlier address is not taken for one of another registrar', () => {
  const scope = new Scope();
  const one = scope.start({ id: 1, announces: true, options });
  scope.run(1);
  const [earlier] = one.told('announcePresence');
  one.driver.input({ type: 'localAddressesChanged', addresses: ['10.9.0.1'] });
  one.driver.input({
    type: 'presenceHeard',
    source: { address: '10.0.0.1', port: ENRP_PORT },
    payload: earlier?.payload as Uint8Array,
  });
  expect(one.told('duplicateId')).toEqual([]);
});
