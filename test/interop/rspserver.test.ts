/**
 * rsplib's own pool element (`rspserver -echo`) and pool user (`rspterminal`) work with our registrar on the
 * embedded transport: their kernel speaks SCTP over UDP (RFC 6951). One run of `scenarios/rspserver.sh` in
 * the lab, judged here by what it observed on both sides and on the registrar's wire.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInLab, readJsonLines, runScenario } from './lab.ts';
import { dissect, type WireFrame } from './wire-log.ts';

interface Observations {
  readonly echoes: number;
  readonly resolveStatusWhileAlive: number;
  readonly killedAtS: number;
  readonly vainResolutionsAfterKill: number;
  readonly resolveStatusAfterKill: number;
  readonly registrarStatus: number;
}

const REGISTRAR = '10.20.0.1';
const SERVER = '10.20.0.11';
const TERMINAL = '10.20.0.21';
const REGISTRAR_ID = 0x1111_1111;
const SERVER_ID = 0xcafe;

/** ASAP message types and SCTP chunk types, as numbers: the dissector is not ours. */
const ASAP = {
  registration: 1,
  registrationResponse: 3,
  resolution: 5,
  resolutionResponse: 6,
  keepAlive: 7,
  keepAliveAck: 8,
};
const UNKNOWN_POOL_HANDLE = 9;
const CHUNK = { abort: 6, shutdownComplete: 14 };

describeInLab("rsplib's rspserver and rspterminal work with our registrar", () => {
  let folder: string;
  const file = (name: string) => path.join(folder, name);
  const text = (name: string) => readFileSync(file(name), 'utf8');
  let seen: Observations;
  let wire: readonly WireFrame[];

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'rserpool-interop-'));
    const program = 'node dist/cli/rserpool.js';
    await runScenario(
      'rspserver.sh',
      [
        folder,
        `${program} registrar --address ${REGISTRAR} --id ${REGISTRAR_ID} --no-announce ` +
          '--transport udp --keep-alive-interval 1000 --keep-alive-timeout 5000 --json',
        `${program} resolve EchoPool --registrar ${REGISTRAR}:3863 --transport udp --json`,
      ],
      150,
    );
    seen = JSON.parse(text('observations.json'));
    wire = await dissect(file('wire.pcapng'), 9899);
  }, 240_000);
  afterAll(() => {
    if (process.env.RSERPOOL_KEEP_LAB !== '1') rmSync(folder, { recursive: true, force: true });
  });

  const messages = (from: string, to: string, type: number) =>
    wire.filter((frame) => frame.from === from && frame.to === to && frame.messages.includes(type));

  /** Without what may have met a server that was being killed. */
  const inTime = (frames: readonly WireFrame[]) =>
    frames.filter(({ atS }) => atS < seen.killedAtS - 1);
  const isAnswered = (request: WireFrame, answers: readonly WireFrame[]) =>
    answers.some(({ number, atS }) => number > request.number && atS < request.atS + 5);

  test('a registration and its repetition are accepted (RFC 5352 §3.1)', () => {
    const requests = messages(SERVER, REGISTRAR, ASAP.registration);
    const answers = messages(REGISTRAR, SERVER, ASAP.registrationResponse);
    expect(inTime(requests).length).toBeGreaterThanOrEqual(2);
    expect(inTime(requests).filter((request) => !isAnswered(request, answers))).toEqual([]);
    for (const { flags, causes, poolElementIds } of answers) {
      expect({ flags: new Set(flags), causes }).toEqual({ flags: new Set([0]), causes: [] });
      expect(new Set(poolElementIds)).toEqual(new Set([SERVER_ID]));
    }
  });

  test('every keep-alive is acknowledged (RFC 5352 §3.4)', () => {
    const keepAlives = messages(REGISTRAR, SERVER, ASAP.keepAlive);
    const acknowledgements = messages(SERVER, REGISTRAR, ASAP.keepAliveAck);
    expect(inTime(keepAlives).length).toBeGreaterThanOrEqual(3);
    expect(inTime(keepAlives).filter((one) => !isAnswered(one, acknowledgements))).toEqual([]);
    expect(acknowledgements.length).toBeGreaterThanOrEqual(inTime(keepAlives).length);
    for (const { registrarIds, poolElementIds } of keepAlives) {
      expect(registrarIds).toEqual([REGISTRAR_ID]);
      expect(new Set(poolElementIds)).toEqual(new Set([SERVER_ID]));
    }
  });

  test('the terminal resolves the pool and gets its lines echoed (RFC 5352 §3.3)', () => {
    const answers = messages(REGISTRAR, TERMINAL, ASAP.resolutionResponse);
    // The terminal may have asked before the server was there.
    const positive = answers.find(({ causes }) => causes.length === 0);
    expect(positive?.flags).toEqual([0]);
    expect(seen.echoes).toBeGreaterThanOrEqual(12);
  });

  test('our own pool user finds the server, as it registered', () => {
    expect(seen.resolveStatusWhileAlive).toBe(0);
    expect(readJsonLines(file('resolved-while-alive.txt'))).toEqual([
      expect.objectContaining({
        id: '0x0000cafe',
        transport: expect.stringMatching(/^sctp 10\.20\.0\.11:\d+$/),
        policy: 'roundRobin',
        home: '0x11111111',
      }),
    ]);
  });

  test('after kill -9 of the server the pool is empty (RFC 5352 §3.3, cause 9)', () => {
    // Its kernel ends the association for it. The registrar hears of that when the end is complete.
    const end = wire.find(
      ({ from, chunks }) => from === SERVER && chunks.includes(CHUNK.shutdownComplete),
    );
    expect(end?.atS).toBeGreaterThan(seen.killedAtS);
    const requests = messages(TERMINAL, REGISTRAR, ASAP.resolution).filter(
      ({ number }) => number > (end?.number ?? 0),
    );
    expect(requests.length).toBeGreaterThanOrEqual(2);
    const answers = messages(REGISTRAR, TERMINAL, ASAP.resolutionResponse).filter(
      ({ number }) => number > (requests[0]?.number ?? 0),
    );
    expect(answers.length).toBeGreaterThanOrEqual(2);
    for (const answer of answers) expect(answer.causes).toEqual([UNKNOWN_POOL_HANDLE]);
    expect(seen.vainResolutionsAfterKill).toBeGreaterThanOrEqual(2);
    expect(seen.resolveStatusAfterKill).toBe(1);
    expect(text('resolved-after-kill-errors.txt')).toContain('EchoPool');
  });

  test('the registrar says that the server came, and that it went with its association', () => {
    expect(readJsonLines(file('registrar.txt'))).toMatchObject([
      { event: 'ready' },
      { event: 'registered', pool: 'EchoPool', id: SERVER_ID },
      { event: 'removed', pool: 'EchoPool', id: SERVER_ID, reason: 'associationLost' },
      { event: 'closed' },
    ]);
  });

  test('all of it is SCTP over UDP port 9899, well-formed, with good checksums (RFC 6951)', () => {
    expect(wire.length).toBeGreaterThan(50);
    for (const frame of wire) {
      expect(frame, `frame ${frame.number}`).toMatchObject({
        isMalformed: false,
        isChecksumGood: true,
      });
      expect(frame.udpPorts, `frame ${frame.number}`).toContain(9899);
    }
  });

  test('the registrar aborts nobody and ends cleanly when told to', () => {
    const aborts = wire.filter(
      ({ from, to, chunks }) =>
        from === REGISTRAR && [SERVER, TERMINAL].includes(to) && chunks.includes(CHUNK.abort),
    );
    expect(aborts).toEqual([]);
    expect(seen.registrarStatus).toBe(0);
    expect(text('registrar-errors.txt')).toBe('');
  });
});
