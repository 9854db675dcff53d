/**
 * rsplib's pool users with our registrar: `rspterminal` and `calcappclient` resolve pools and use what they
 * get, ask for a pool that does not exist, and report a server that they cannot reach.
 * `scenarios/pool-users.sh`, judged by what was seen on the registrar's wire and on both sides.
 */

import { expect, test } from 'vitest';
import { describeScenario, expectWellFormed, TRANSPORTS } from './lab.ts';
import { ASAP, CAUSE, CHUNK, type Host, unanswered, type WireFrame } from './wire-log.ts';

const REGISTRAR: Host = ['10.20.0.1'];
const ECHO = { id: 0xcb00_0001, host: ['10.20.0.11'] };
const CALC = { id: 0xcb00_0002, host: ['10.20.0.12'] };
const HIDDEN = { id: 0xcb00_0003, host: ['10.20.0.13'] };
const BUSY = { id: 0xcb00_0004, host: ['10.20.0.14'] };
const TERMINAL: Host = ['10.20.0.21'];
const LOST: Host = ['10.20.0.22'];
const CALC_USER: Host = ['10.20.0.23'];
const BUSY_USER: Host = ['10.20.0.25'];
const CLIENT: Host = ['10.20.0.2'];
const WALLED: Host = ['10.20.0.24'];
const EVERYBODY = [
  ECHO.host,
  CALC.host,
  HIDDEN.host,
  TERMINAL,
  LOST,
  CALC_USER,
  BUSY_USER,
  WALLED,
].flat();
const MAX_BAD_PE_REPORTS = 3;

const scenario = { script: 'pool-users.sh', limitS: 200, transports: TRANSPORTS };
describeScenario("rsplib's pool users with our registrar", scenario, (seen) => {
  const wire = () => seen.wire('registrar');
  const answersTo = (user: Host) =>
    wire().sent(REGISTRAR, user).withMessage(ASAP.resolutionResponse);
  const requestsOf = (user: Host) => wire().sent(user, REGISTRAR).withMessage(ASAP.resolution);

  const isOfBusy = ({ selectedIds }: WireFrame) => selectedIds.includes(BUSY.id);

  test('every resolution is answered (RFC 5352 §3.3)', () => {
    for (const user of [TERMINAL, LOST, CALC_USER, WALLED]) {
      expect(requestsOf(user).length).toBeGreaterThanOrEqual(1);
      // Whoever is ended while it waits gets no answer any more.
      const ends = wire().sent(user, REGISTRAR).withChunk(CHUNK.shutdown);
      const requests = requestsOf(user).filter(
        ({ atS }) => !ends.some((end) => end.atS >= atS && end.atS < atS + 0.1),
      );
      expect(unanswered(requests, answersTo(user))).toEqual([]);
    }
  });

  test('the terminal gets its lines echoed by the server that it was given', () => {
    const positive = answersTo(TERMINAL).find(({ causes }) => causes.length === 0);
    expect(positive).toMatchObject({ flags: [0], selectedIds: [ECHO.id], addresses: ECHO.host });
    expect(seen.observations.echoes).toBeGreaterThanOrEqual(12);
  });

  test('our own pool user finds the server, as it registered', () => {
    expect(seen.observations.resolveStatusWhileAlive).toBe(0);
    expect(seen.jsonLines('resolved-while-alive.txt')).toMatchObject([
      {
        id: '0xcb000001',
        transport: expect.stringMatching(/^sctp 10\.20\.0\.11:\d+$/),
        policy: 'roundRobin',
        home: '0x11111111',
      },
    ]);
  });

  test('the calculation client has its job done', () => {
    expect(seen.text('calc.txt')).toMatch(/Job .* is complete/);
    expect(answersTo(CALC_USER)).not.toEqual([]);
    for (const { causes, selectedIds } of answersTo(CALC_USER)) {
      expect({ causes, selectedIds }).toEqual({ causes: [], selectedIds: [CALC.id] });
    }
  });

  test('its server tells its load while it works, and pool users are told (RFC 5356 §5.1)', () => {
    const registrations = wire().sent(BUSY.host, REGISTRAR).withMessage(ASAP.registration);
    expect(registrations.some(({ loads }) => loads.some((load) => load > 0))).toBe(true);
    const answers = [BUSY_USER, CLIENT].flatMap(answersTo).filter(isOfBusy);
    expect(answers.length).toBeGreaterThanOrEqual(2);
    for (const answer of answers) {
      const accepted = registrations.filter(({ number }) => number < answer.number).at(-1);
      expect(new Set(answer.loads), `frame ${answer.number}`).toEqual(new Set(accepted?.loads));
    }
  });

  test('a pool that does not exist is answered with cause 9 (RFC 5352 §3.3)', () => {
    expect(answersTo(LOST).length).toBeGreaterThanOrEqual(3);
    for (const { causes, poolHandles } of answersTo(LOST)) {
      expect(causes).toEqual([CAUSE.unknownPoolHandle]);
      expect(poolHandles[0]).toBe('NoSuchPool');
    }
  });

  test('after kill -9 of its only server a pool does not exist any more', () => {
    const { killedAtS = 0 } = seen.observations;
    const ends = wire().sent(ECHO.host, REGISTRAR).withChunk(CHUNK.shutdownComplete);
    const end = ends.find(({ atS }) => atS > killedAtS);
    expect(end).toBeDefined();
    const firstRequest = requestsOf(TERMINAL).find(({ number }) => number > (end?.number ?? 0));
    const answers = answersTo(TERMINAL).filter(
      ({ number }) => number > (firstRequest?.number ?? 0),
    );
    expect(answers.length).toBeGreaterThanOrEqual(2);
    for (const { causes } of answers) expect(causes).toEqual([CAUSE.unknownPoolHandle]);
    expect(seen.observations.vainResolutionsAfterKill).toBeGreaterThanOrEqual(3);
    expect(seen.observations.resolveStatusAfterKill).toBe(1);
    expect(seen.text('resolved-after-kill-errors.txt')).toContain('EchoPool');
    // On a loaded machine it may have changed its registrar's association before by itself.
    expect(seen.toldOf(ECHO.id).slice(-2)).toEqual(['registered', 'removed: associationLost']);
  });

  test('a server that cannot be reached is reported, probed, and removed at the configured count (RFC 5352 §3.5)', () => {
    const reports = wire().sent(WALLED, REGISTRAR).withMessage(ASAP.unreachable);
    expect(reports).toHaveLength(MAX_BAD_PE_REPORTS);
    // Its turn for a keep-alive would come after this scenario: these are the probes.
    const probes = wire().sent(REGISTRAR, HIDDEN.host).withMessage(ASAP.keepAlive);
    expect(probes).toHaveLength(MAX_BAD_PE_REPORTS - 1);
    for (const [i, probe] of probes.entries()) {
      expect(reports[i]?.poolElementIds).toEqual([HIDDEN.id]);
      expect(probe.number).toBeGreaterThan(reports[i]?.number ?? Number.POSITIVE_INFINITY);
      expect(probe.number).toBeLessThan(reports[i + 1]?.number ?? 0);
    }
    const last = reports.at(-1)?.number ?? 0;
    const given = answersTo(WALLED).filter(({ number }) => number < last);
    for (const { selectedIds } of given) expect(selectedIds).toEqual([HIDDEN.id]);
    expect(seen.toldOf(HIDDEN.id)).toEqual(['registered', 'removed: reportedUnreachable']);
  });

  test('the registrar aborts nobody and ends cleanly when told to', () => {
    const whileItRan = wire().between(0, seen.observations.stoppedAtS ?? 0);
    expect(whileItRan.sent(REGISTRAR, EVERYBODY).withChunk(CHUNK.abort)).toEqual([]);
    expect(seen.observations.registrarStatus).toBe(0);
    expect(seen.text('registrar-errors.txt')).toBe('');
  });

  test('every packet is well-formed', () => expectWellFormed(wire(), seen.transport));
});
