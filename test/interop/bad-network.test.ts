/**
 * Networks that lose 1, 5 and 20 % of the packets, and delay, reorder and duplicate them (netem, at both ends):
 * every message arrives once and in order, or the association is reported lost. `scenarios/bad-network.sh`.
 */

import { expect, test } from 'vitest';
import { describeScenario, expectWellFormed, TRANSPORTS_OF_THIS_RUN } from './lab.ts';
import { ASAP, CHUNK, type Host } from './wire-log.ts';

const REGISTRAR: Host = ['10.20.0.1'];
const SERVER = { id: 0xd100_0001, host: ['10.20.0.11'] };
const LOSSES = [1, 5, 20];

interface Exchange {
  readonly sent: number;
  readonly returned: number;
  readonly outOfOrder: number;
  readonly altered: number;
  readonly end: string | null;
}

const scenario = { script: 'bad-network.sh', limitS: 300, transports: TRANSPORTS_OF_THIS_RUN };
describeScenario('bad networks', scenario, (seen) => {
  const peers = seen.transport === 'kernel' ? ['ours'] : ['ours', 'kernel'];

  test.each(peers.flatMap((peer) => LOSSES.map((loss) => [peer, loss] as const)))(
    'with peer "%s" and %i %% loss everything comes back once and in order, or the association is lost',
    (peer, loss) => {
      expect(seen.observations[`${peer}-${loss}-status`]).toBe(0);
      const exchanges = seen.jsonLines(`${peer}-${loss}.txt`) as unknown as readonly Exchange[];
      expect(exchanges).toHaveLength(4);
      for (const { sent, returned, outOfOrder, altered, end } of exchanges) {
        expect({ outOfOrder, altered }).toEqual({ outOfOrder: 0, altered: 0 });
        if (end === null) expect(returned).toBe(sent);
        else expect(end).toBe('lost');
      }
    },
  );

  test.each(peers)('most associations survive, and "%s" gets everything in order', (peer) => {
    const exchanges = LOSSES.flatMap((loss) => seen.jsonLines(`${peer}-${loss}.txt`));
    expect(exchanges.filter(({ end }) => end === null).length).toBeGreaterThanOrEqual(8);
    const told = seen.jsonLines(`${peer}.txt`).find(({ event }) => event === 'end');
    expect(told).toMatchObject({ associations: 12, outOfOrder: 0, notSentBack: 0 });
  });

  test('packets were lost', () => {
    const [, dropped = '0'] = /dropped (\d+)/.exec(seen.text('netem.txt')) ?? [];
    expect(Number(dropped)).toBeGreaterThan(20);
  });

  test('at a loss of 5 % a server of rsplib is what pool users get, and comes back when it gives up an association', () => {
    const wire = seen.wire('registrar');
    // rsplib waits 3 s for an answer, then it aborts the association and begins anew; or ends, if it is to.
    const told = seen.toldOf(SERVER.id);
    expect(told.length % 2).toBe(0);
    for (const [i, what] of told.entries()) {
      const expected = i % 2 === 0 ? /^registered$/ : /^removed: (deregistered|associationLost)$/;
      expect(what).toMatch(expected);
    }
    for (const number of [1, 2, 3, 4, 5, 6, 7, 8]) {
      expect(seen.jsonLines(`resolved-${number}.txt`)).toMatchObject([{ id: '0xd1000001' }]);
    }
    expect(wire.sent(REGISTRAR, SERVER.host).withMessage(ASAP.registrationResponse)).not.toEqual(
      [],
    );
    expect(wire.sent(REGISTRAR, SERVER.host).withChunk(CHUNK.abort)).toEqual([]);
    expect(seen.observations.registrarStatus).toBe(0);
    expectWellFormed(wire, seen.transport);
  });
});
