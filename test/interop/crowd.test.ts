/**
 * 2 000 registrations over one association and 500 pool elements at once, at a registrar that serves rsplib.
 * `scenarios/crowd.sh`.
 */

import { expect, test } from 'vitest';
import { describeScenario, expectWellFormed, TRANSPORTS_OF_THIS_RUN } from './lab.ts';
import { ASAP, CHUNK, type Host, unanswered } from './wire-log.ts';

const REGISTRAR: Host = ['10.20.0.1'];
const SERVER = { id: 0xd000_0001, host: ['10.20.0.11'] };
const TERMINAL: Host = ['10.20.0.21'];
const CROWD: Host = ['10.20.0.31'];

const scenario = { script: 'crowd.sh', limitS: 120, transports: TRANSPORTS_OF_THIS_RUN };
describeScenario('a crowd of pool elements', scenario, (seen) => {
  const wire = () => seen.wire('registrar');
  const steps = () => seen.jsonLines('crowd.txt');
  const toldOfCrowd = (event: string) =>
    seen
      .jsonLines('registrar.txt')
      .filter((line) => line.event === event && Number(line.id) <= 2_500);

  test('2 000 over one association and 500 with one each register and are accepted', () => {
    expect(seen.text('crowd-errors.txt')).toBe('');
    expect(steps()[0]).toMatchObject({ registered: 2_500, refused: 0 });
    expect(toldOfCrowd('registered')).toHaveLength(2_500);
  });

  test('each of them is kept alive (RFC 5352 §3.4)', () => {
    expect(steps()[1]).toMatchObject({ keptAlive: 2_500, refused: 0 });
  });

  test('a resolution of the 2 000 gives 128 different ones (decision 15)', () => {
    expect(new Set(steps()[2]?.ids as number[]).size).toBe(128);
  });

  test('the 500 deregister, the 2 000 go with their association, and no association was lost before', () => {
    expect(steps()[3]).toMatchObject({ left: 500, refused: 0 });
    expect(steps()[4]).toEqual({ step: 'end', isAnyDown: false });
    const reasons = toldOfCrowd('removed').map(
      ({ id, reason }) => `${Number(id) > 2_000} ${reason}`,
    );
    expect(reasons).toHaveLength(2_500);
    expect(new Set(reasons)).toEqual(new Set(['true deregistered', 'false associationLost']));
  });

  test("rsplib's server and terminal are served meanwhile, and lose nothing", () => {
    const { crowdFromS = 0, crowdToS = 0 } = seen.observations;
    const fromServer = wire().sent(SERVER.host, REGISTRAR);
    const toServer = wire().sent(REGISTRAR, SERVER.host);
    const keepAlives = toServer.between(crowdFromS, crowdToS).withMessage(ASAP.keepAlive);
    expect(keepAlives.length).toBeGreaterThanOrEqual(1);
    expect(unanswered(keepAlives, fromServer.withMessage(ASAP.keepAliveAck))).toEqual([]);
    expect(seen.toldOf(SERVER.id)).toEqual(['registered', 'removed: deregistered']);
    expect(
      wire()
        .sent(REGISTRAR, [...SERVER.host, ...TERMINAL])
        .withChunk(CHUNK.abort),
    ).toEqual([]);
    expect(seen.observations.echoes).toBeGreaterThanOrEqual(8);
  });

  test('the registrar ends cleanly, and what it sends is well-formed', () => {
    expect(seen.observations.registrarStatus).toBe(0);
    expect(seen.text('registrar-errors.txt')).toBe('');
    const everybody = [...CROWD, ...SERVER.host, ...TERMINAL];
    expectWellFormed(wire().sent(REGISTRAR, everybody), seen.transport);
  });
});
