/** A pool element leaves at a registrar that is not its home (RFC 5352 §3.2, decision 36): both halves of each. */

import { expect, test } from 'vitest';
import { completeEnrpOptions } from '../../../src/protocol/enrp/options.ts';
import { SILENT } from '../../../src/protocol/logger.ts';
import { completeRegistrarOptions } from '../../../src/protocol/registrar/options.ts';
import { RegistrarHalves } from '../../../src/runtime/registrar-halves.ts';
import { MemoryNetwork } from '../../../src/transport/memory.ts';
import { PAYLOAD_PROTOCOL, registrarId } from '../../../src/types.ts';
import { encodeAsap } from '../../../src/wire/asap.ts';
import type { AsapMessage } from '../../../src/wire/asap-messages.ts';
import { deregistration, PE, registration, tcp } from '../registrar/support.ts';
import { addressOf, ENRP_PORT } from './support.ts';

const ASAP_PORT = 3863;
const ELEMENT = '10.9.0.1';

function aRegistrarOf(network: MemoryNetwork, id: number, peer: number): RegistrarHalves {
  let seed = BigInt(id) * 100n;
  const localAddresses = [addressOf(id)];
  const halves = new RegistrarHalves({
    ...{ id: registrarId(id), port: ASAP_PORT, clock: network, log: SILENT, seed: () => seed++ },
    options: completeRegistrarOptions({ serverAnnounceCycleMs: 0 }, localAddresses),
    enrp: {
      ...{ options: completeEnrpOptions({}), port: ENRP_PORT, announces: false },
      peers: [[{ address: addressOf(peer), port: ENRP_PORT }]],
    },
    stack: network.stack({ localAddresses }),
    ...{ announce: () => {}, announcePresence: () => {}, tell: () => {} },
  });
  halves.start();
  return halves;
}

/** A process that says what it is told to, and answers nothing. */
function aProcess(network: MemoryNetwork) {
  const stack = network.stack({ localAddresses: [ELEMENT] });
  const endpoint = stack.open(
    { port: 5_000, accepts: true },
    {
      ...{ onUp: () => {}, onRestart: () => {}, onPath: () => {} },
      ...{ onWritable: () => {}, onDown: () => {}, onMessage: () => {} },
    },
  );
  return (registrar: number, message: AsapMessage) => {
    const association = endpoint.connect([{ address: addressOf(registrar), port: ASAP_PORT }]);
    network.settle();
    endpoint.send(association, PAYLOAD_PROTOCOL.ASAP, encodeAsap(message, { profile: 'rsplib' }));
    endpoint.flush();
    network.settle();
  };
}

test('a pool element that leaves at another registrar is gone at its home as well, and stays so', () => {
  const network = new MemoryNetwork({ seed: 1 });
  const home = aRegistrarOf(network, 1, 2);
  const other = aRegistrarOf(network, 2, 1);
  const homes = () =>
    [home, other].map(({ handlespace }) =>
      handlespace.walk({ limit: 10 }).elements.map(({ homeRegistrarId }) => homeRegistrarId),
    );
  network.advance(10_000);
  const says = aProcess(network);
  says(1, registration({ id: PE, userTransport: tcp(ELEMENT) }));
  network.advance(100);
  expect(homes()).toEqual([[1], [1]]);
  says(2, deregistration(PE));
  network.advance(100);
  expect(homes()).toEqual([[], []]);
  network.advance(10_000); // several audits
  expect(homes()).toEqual([[], []]);
});
