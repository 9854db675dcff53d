/**
 * rsplib's pool elements (`rspserver -echo`) with our registrar: they come over IPv4, over IPv6 and two-homed,
 * register anew, and go in every way there is. `scenarios/servers.sh`, judged by what was seen on the
 * registrar's wire and on both sides.
 */

import { expect, test } from 'vitest';
import { describeScenario, expectWellFormed, TRANSPORTS } from './lab.ts';
import { ASAP, CHUNK, type Host, unanswered } from './wire-log.ts';

const REGISTRAR: Host = ['10.20.0.1', '10.30.0.1', 'fd00:20::1'];
const CLIENT: Host = ['10.20.0.2'];
const SERVERS = {
  plain: { id: 0xca00_0011, host: ['10.20.0.11'] },
  six: { id: 0xca00_0012, host: ['fd00:20::12'] },
  two: { id: 0xca00_0013, host: ['10.20.0.13', '10.30.0.13'] },
  frozen: { id: 0xca00_0014, host: ['10.20.0.14'] },
  severed: { id: 0xca00_0015, host: ['10.20.0.15'] },
} as const;
type Server = keyof typeof SERVERS;
const EVERY_SERVER = Object.keys(SERVERS) as Server[];

const scenario = { script: 'servers.sh', limitS: 240, transports: TRANSPORTS };
describeScenario("rsplib's pool elements with our registrar", scenario, (seen) => {
  const wire = () => seen.wire('registrar');
  const from = (server: Server) => wire().sent(SERVERS[server].host, REGISTRAR);
  const to = (server: Server) => wire().sent(REGISTRAR, SERVERS[server].host);
  /** While all of them live. */
  const beforeTheFrost = () => [0, seen.observations.frozenAtS ?? 0] as const;

  test.each(EVERY_SERVER)('%s registers and is accepted each time (RFC 5352 §3.1)', (server) => {
    const requests = from(server).withMessage(ASAP.registration);
    const answers = to(server).withMessage(ASAP.registrationResponse);
    expect(answers.length).toBeGreaterThanOrEqual(2);
    // What it sent while it was cut off never reached this wire.
    expect(unanswered(requests, answers)).toEqual([]);
    for (const { flags, causes, poolElementIds } of answers) {
      expect(new Set(flags)).toEqual(new Set([0]));
      expect(causes).toEqual([]);
      expect(poolElementIds).toContain(SERVERS[server].id);
    }
  });

  test.each(EVERY_SERVER)('%s acknowledges every keep-alive (RFC 5352 §3.4)', (server) => {
    const keepAlives = to(server)
      .between(...beforeTheFrost())
      .withMessage(ASAP.keepAlive);
    const acknowledgements = from(server).withMessage(ASAP.keepAliveAck);
    expect(keepAlives.length).toBeGreaterThanOrEqual(1);
    expect(unanswered(keepAlives, acknowledgements)).toEqual([]);
    for (const { registrarIds, poolElementIds } of keepAlives) {
      expect(new Set(registrarIds)).toEqual(new Set([0x1111_1111]));
      expect(new Set(poolElementIds)).toEqual(new Set([SERVERS[server].id]));
    }
  });

  test('pool users are told every address that a server registered', () => {
    const [first] = wire().sent(REGISTRAR, CLIENT).withMessage(ASAP.resolutionResponse);
    const known = [SERVERS.plain, SERVERS.six, SERVERS.two];
    expect(first?.selectedIds).toEqual(known.map(({ id }) => id));
    const addresses = known.flatMap(({ host }) => host);
    expect(new Set(first?.addresses)).toEqual(new Set(addresses));
    expect(seen.jsonLines('all-there.txt')).toMatchObject([
      { id: '0xca000011', transport: expect.stringMatching(/^sctp 10\.20\.0\.11:\d+$/) },
      { id: '0xca000012', transport: expect.stringMatching(/^sctp \[fd00:20::12\]:\d+$/) },
      { id: '0xca000013', transport: expect.stringMatching(/^sctp 10\.20\.0\.13:\d+ \+1$/) },
    ]);
  });

  test('a frozen server is removed after the keep-alive time-out, and its association aborted', () => {
    const { frozenAtS = 0, thawedAtS = 0 } = seen.observations;
    const whileFrozen = [frozenAtS, thawedAtS] as const;
    expect(
      to('frozen')
        .between(...whileFrozen)
        .withMessage(ASAP.keepAlive),
    ).not.toEqual([]);
    expect(
      to('frozen')
        .between(...whileFrozen)
        .withChunk(CHUNK.abort),
    ).toHaveLength(1);
    expect(seen.toldOf(SERVERS.frozen.id)[1]).toBe('removed: keepAliveTimeout');
  });

  test('a server whose cable was pulled is removed after the keep-alive time-out', () => {
    const { cutAtS = 0, healedAtS = 0 } = seen.observations;
    // The kernel may have taken a packet for sent that was still on its way.
    expect(from('severed').between(cutAtS + 0.5, healedAtS).frames).toEqual([]);
    expect(seen.toldOf(SERVERS.severed.id)[1]).toBe('removed: keepAliveTimeout');
  });

  test.each(['frozen', 'severed'] as const)('%s comes back and is registered again', (server) => {
    const { thawedAtS = 0, healedAtS = 0 } = seen.observations;
    const backAtS = server === 'frozen' ? thawedAtS : healedAtS;
    const answers = to(server).between(backAtS, Number.POSITIVE_INFINITY);
    expect(answers.withMessage(ASAP.registrationResponse)).not.toEqual([]);
    expect(seen.toldOf(SERVERS[server].id)[2]).toBe('registered');
  });

  test.each(['plain', 'six'] as const)('%s deregisters when it is told to end', (server) => {
    const answers = to(server).withMessage(ASAP.deregistrationResponse);
    expect(from(server).withMessage(ASAP.deregistration)).toHaveLength(1);
    expect(answers.map(({ causes }) => causes)).toEqual([[]]);
    expect(seen.toldOf(SERVERS[server].id)).toEqual(['registered', 'removed: deregistered']);
  });

  test('a killed server is removed with its association, which its kernel shuts down', () => {
    expect(from('two').withChunk(CHUNK.shutdown)).not.toEqual([]);
    expect(from('two').withMessage(ASAP.deregistration)).toEqual([]);
    expect(seen.toldOf(SERVERS.two.id)).toEqual(['registered', 'removed: associationLost']);
  });

  test('those that are left are what pool users get', () => {
    const ids = seen.jsonLines('two-left.txt').map(({ id }) => id);
    expect(ids.sort()).toEqual(['0xca000014', '0xca000015']);
  });

  test('the registrar aborts nobody who lives, and ends cleanly', () => {
    for (const server of ['plain', 'six', 'two'] as const) {
      expect(to(server).withChunk(CHUNK.abort)).toEqual([]);
    }
    expect(seen.observations.registrarStatus).toBe(0);
    expect(seen.logged('registrar-errors.txt')).toEqual([
      'warn: association aborted: keepAliveTimeout',
    ]);
  });

  test('every packet is well-formed', () => expectWellFormed(wire(), seen.transport));
});
