/**
 * Our pool element (`rserpool serve echo`) and pool user (`rserpool resolve`, the library) with rsplib's
 * rspregistrar, by its address and by its announces. `scenarios/rsplib-registrar.sh`.
 */

import { expect, test } from 'vitest';
import { describeScenario, expectWellFormed, TRANSPORTS } from './lab.ts';
import { ASAP, CAUSE, CHUNK, type Host, unanswered } from './wire-log.ts';

const REGISTRAR: Host = ['10.20.0.1'];
const SERVER: Host = ['10.20.0.11'];
const CLIENT: Host = ['10.20.0.2'];
const TOLD = 0xce00_0001;
const REPORTED = 0xce00_0002;
const FOUND = 0xce00_0003;

const scenario = { script: 'rsplib-registrar.sh', limitS: 150, transports: TRANSPORTS };
describeScenario("our programs with rsplib's registrar", scenario, (seen) => {
  const wire = () => seen.wire('registrar');
  const fromServer = () => wire().sent(SERVER, REGISTRAR);
  const toServer = () => wire().sent(REGISTRAR, SERVER);
  const of = (id: number, type: number) =>
    fromServer()
      .withMessage(type)
      .filter(({ poolElementIds, selectedIds }) =>
        [...poolElementIds, ...selectedIds].includes(id),
      );

  test('the server registers and registers anew, and is accepted each time (RFC 5352 §3.1)', () => {
    expect(of(TOLD, ASAP.registration).length).toBeGreaterThanOrEqual(3);
    const answers = toServer().withMessage(ASAP.registrationResponse);
    const requests = fromServer().withMessage(ASAP.registration);
    expect(unanswered(requests, answers)).toEqual([]);
    for (const { flags, causes } of answers) expect([flags[0], causes]).toEqual([0, []]);
    expect(seen.text('told.txt')).toContain('Successfully registered EchoPool/$ce000001');
  });

  test('it acknowledges every keep-alive (RFC 5352 §3.4)', () => {
    const acknowledgements = fromServer().withMessage(ASAP.keepAliveAck);
    const keepAlives = toServer().withMessage(ASAP.keepAlive);
    expect(keepAlives.length).toBeGreaterThanOrEqual(2);
    const { restartedAtS = 0 } = seen.observations;
    // What rspregistrar asked when it was killed nobody could answer any more.
    const asked = keepAlives.filter(({ atS }) => atS < restartedAtS - 1 || atS > restartedAtS);
    expect(unanswered(asked, acknowledgements)).toEqual([]);
  });

  test('the pool user finds it as it registered, and nobody when it has left (RFC 5352 §3.2, §3.3)', () => {
    expect(seen.observations.resolvedStatus).toBe(0);
    expect(seen.jsonLines('resolved.txt')).toMatchObject([
      {
        id: '0xce000001',
        home: '0x22222222',
        transport: expect.stringMatching(/^tcp 10\.20\.0\.11:/),
      },
    ]);
    expect(seen.observations.serverStatus).toBe(0);
    expect(of(TOLD, ASAP.deregistration)).toHaveLength(1);
    expect(toServer().withMessage(ASAP.deregistrationResponse)[0]?.causes).toEqual([]);
    expect(seen.observations.afterItLeftStatus).toBe(1);
    expect(seen.text('afterItLeft-errors.txt')).toContain('No pool element is registered');
  });

  test('three reports remove a server that cannot be reached (RFC 5352 §3.5)', () => {
    const reports = wire().sent(CLIENT, REGISTRAR).withMessage(ASAP.unreachable);
    expect(reports.map(({ poolElementIds }) => poolElementIds)).toEqual(
      new Array(3).fill([REPORTED]),
    );
    const given = seen.jsonLines('reports.txt').map(({ id }) => id);
    expect(given).toEqual(['0xce000002', '0xce000002', '0xce000002', null]);
    const last = reports.at(-1)?.number ?? 0;
    const answers = wire().sent(REGISTRAR, CLIENT).withMessage(ASAP.resolutionResponse);
    const next = answers.find(({ number }) => number > last);
    expect(next?.causes).toEqual([CAUSE.unknownPoolHandle]);
    expect(seen.text('reported.txt')).toContain('limit reached, removing it');
  });

  test('by its announces they find it at random ports (RFC 5352 §3.6)', () => {
    expect(seen.observations.foundStatus).toBe(0);
    expect(seen.jsonLines('found.txt')).toMatchObject([{ id: '0xce000003', home: '0x44444444' }]);
    const [first] = of(FOUND, ASAP.registration);
    expect(first?.sctpPorts[1]).not.toBe(3863);
  });

  test('they find it again when it starts anew elsewhere', () => {
    const { restartedAtS = 0 } = seen.observations;
    const [before] = of(FOUND, ASAP.registration);
    const after = of(FOUND, ASAP.registration).find(({ atS }) => atS > restartedAtS);
    expect(after?.sctpPorts[1]).toBeDefined();
    expect(after?.sctpPorts[1]).not.toBe(before?.sctpPorts[1]);
    expect(seen.jsonLines('found-again.txt')).toMatchObject([
      { id: '0xce000003', home: '0x55555555' },
    ]);
    expect(seen.text('announced-anew.txt')).toContain(
      'Deregistration request for EchoPool/$ce000003',
    );
  });

  test('no association is aborted that is not being shut down, and nothing that we send is malformed', () => {
    const ours = [...SERVER, ...CLIENT];
    const sent = wire().sent(ours, REGISTRAR);
    const shutdowns = [...sent.withChunk(CHUNK.shutdown), ...sent.withChunk(CHUNK.shutdownAck)];
    for (const { number, sctpPorts } of sent.withChunk(CHUNK.abort)) {
      const isEnding = shutdowns.some(
        (one) => one.number < number && one.sctpPorts[0] === sctpPorts[0],
      );
      expect(isEnding, `frame ${number}`).toBe(true);
    }
    expect(wire().withMessage(ASAP.error)).toEqual([]);
    expectWellFormed(wire(), seen.transport);
  });
});
