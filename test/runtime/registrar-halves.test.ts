/** Both halves of a registrar together: what the start of one means for the other. */

import { describe, expect, test } from 'vitest';
import { completeEnrpOptions } from '../../src/protocol/enrp/options.ts';
import { SILENT } from '../../src/protocol/logger.ts';
import { completeRegistrarOptions } from '../../src/protocol/registrar/options.ts';
import { RegistrarHalves } from '../../src/runtime/registrar-halves.ts';
import { MemoryNetwork } from '../../src/transport/memory.ts';
import { PAYLOAD_PROTOCOL, registrarId } from '../../src/types.ts';
import { decodeAsap, encodeAsap } from '../../src/wire/asap.ts';
import type { AsapMessage } from '../../src/wire/asap-messages.ts';
import { registration } from '../protocol/registrar/support.ts';

const ADDRESS = '10.0.0.1';
const PORT = 3863;

/** One that may be found by multicast, or by nobody; `announced` has the times of its announces. */
function started(announces: boolean) {
  const network = new MemoryNetwork({ seed: 1 });
  const announced: number[] = [];
  let seed = 1n;
  const halves = new RegistrarHalves({
    ...{ id: registrarId(1), port: PORT, clock: network, log: SILENT, seed: () => seed++ },
    options: completeRegistrarOptions({ serverAnnounceCycleMs: 500 }, [ADDRESS]),
    enrp: { options: completeEnrpOptions({}), port: 9901, announces, peers: [] },
    stack: network.stack({ localAddresses: [ADDRESS] }),
    announce: () => announced.push(network.now()),
    ...{ announcePresence: () => {}, tell: () => {} },
  });
  halves.start();
  return { network, halves, announced };
}

/** What it answers to somebody who has just come. */
function answerTo(network: MemoryNetwork, message: AsapMessage): AsapMessage | undefined {
  const answers: AsapMessage[] = [];
  const stack = network.stack({ localAddresses: ['10.1.2.3'] });
  const endpoint = stack.open(
    { port: 0, accepts: true },
    {
      ...{ onUp: () => {}, onRestart: () => {}, onPath: () => {} },
      ...{ onWritable: () => {}, onDown: () => {} },
      onMessage: (_association, _protocol, _stream, bytes, offset, length) =>
        answers.push(decodeAsap(bytes.slice(offset, offset + length))),
    },
  );
  const association = endpoint.connect([{ address: ADDRESS, port: PORT }]);
  network.settle();
  endpoint.send(association, PAYLOAD_PROTOCOL.ASAP, encodeAsap(message));
  endpoint.flush();
  network.settle();
  return answers[0];
}

describe('a registrar that starts', () => {
  test('where nobody can be found announces itself at once', () => {
    const { network, announced } = started(false);
    network.advance(1);
    expect(announced).toHaveLength(1);
  });

  test('with multicast serves at once, and announces itself when it has looked for a mentor', () => {
    const { network, halves, announced } = started(true);
    expect(answerTo(network, registration())).toMatchObject({
      ...{ type: 'ASAP_REGISTRATION_RESPONSE', isRejected: false },
    });
    expect(halves.enrp?.isInService).toBe(false);
    network.advance(4_900 - network.now());
    expect(announced).toEqual([]);
    network.advance(200);
    expect(announced.length).toBeGreaterThan(0);
  });
});
