/**
 * Registrations at a registrar with three peers, and at one without any. Peers are registrars, which share the
 * processors with it, or keep nothing, as if they had processors of their own.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { setTimeout } from 'node:timers/promises';
import { loadProgram, type Measurement, perSecond, runLoad } from '../load.js';
import type { Round } from '../measure.js';
import { onOwnProcess } from '../own-process.js';
import { addressOf, carriedBytes, changeAddress, RegistrarProcess } from './registrar-process.js';

/** With peers beside without. */
export interface Rates {
  readonly perSecond: readonly Round[];
  /** Of the registrar's process. */
  readonly cpuUs: readonly Round[];
  readonly bytes: Round;
  /** With peers that keep nothing beside without. */
  readonly perSecondElsewhere: readonly Round[];
}

interface Run {
  readonly measurement: Measurement;
  readonly bytes: number;
}

const PEERS = [2, 3, 4];
const LOAD = 9;
const ROUNDS = 5;
const SECONDS = 2;
/** Until all know each other. */
const MEETING_MS = 7_000;
/** An open loop, which needs no rate that anybody can bear: seconds with the warm-up, and those before. */
const SLOW = { perSecond: 2_000, seconds: 2, withWarmUp: 2.5, first: 100 };

async function rates(): Promise<Rates> {
  for (const number of [1, ...PEERS, LOAD]) changeAddress('add', number);
  const rounds: { alone: Run; among: Run; elsewhere: Run }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({
      alone: await runWith([]),
      among: await runWith(PEERS),
      elsewhere: await runWithForgetful(PEERS),
    });
  }
  const each = (numberOf: (run: Run) => number) =>
    rounds.map(({ alone, among }) => ({ value: numberOf(among), reference: numberOf(alone) }));
  const [first] = each(({ bytes }) => bytes);
  return {
    perSecond: each(({ measurement }) => perSecond(measurement)),
    cpuUs: each(({ measurement }) => cpuUsOf(measurement)),
    bytes: first as Round,
    perSecondElsewhere: rounds.map(({ alone, elsewhere }) => ({
      value: perSecond(elsewhere.measurement),
      reference: perSecond(alone.measurement),
    })),
  };
}

async function runWith(peers: readonly number[]): Promise<Run> {
  const others: RegistrarProcess[] = [];
  for (const peer of peers) others.push(await RegistrarProcess.start(peer, [1]));
  const registrar = await RegistrarProcess.start(1, peers);
  await setTimeout(peers.length === 0 ? 0 : MEETING_MS);
  const run = measured(registrar);
  for (const one of [registrar, ...others]) await one.end('SIGKILL');
  return run;
}

async function runWithForgetful(peers: readonly number[]): Promise<Run> {
  const registrar = await RegistrarProcess.start(1, []);
  const others = peers.map((peer) => forgetfulPeer(peer));
  await setTimeout(MEETING_MS);
  if (registrar.peers !== peers.length) throw new Error('the peers have not been heard');
  const run = measured(registrar);
  await registrar.end('SIGKILL');
  for (const one of others) {
    one.kill('SIGKILL');
    await once(one, 'exit');
  }
  return run;
}

function forgetfulPeer(number: number): ChildProcess {
  const place = ['--registrar', addressOf(1), '--source', addressOf(number), '--sctp-port', '9901'];
  return spawn(loadProgram(), ['peer', ...place], { stdio: 'inherit' });
}

function measured(registrar: RegistrarProcess): Run {
  const before = carriedBytes();
  const { perSecond: rate, seconds, withWarmUp, first } = SLOW;
  load(registrar, first, ['--rate', String(rate), '--seconds', String(seconds)]);
  const bytes = (carriedBytes() - before) / (rate * withWarmUp + first);
  const closed = ['--outstanding', '8', '--seconds', String(SECONDS)];
  return { measurement: load(registrar, 10_000, closed), bytes };
}

function load({ pid }: RegistrarProcess, elements: number, options: string[]): Measurement {
  return runLoad([
    ...['--registrar', addressOf(1), '--source', addressOf(LOAD), '--json'],
    ...['--register', String(elements), '--pools', '100', '--associations', '100'],
    ...['--measure', 'registrations', '--cpu-of', String(pid), ...options],
  ]);
}

function cpuUsOf({ answers, cpuSeconds = { user: 0, system: 0 } }: Measurement): number {
  return ((cpuSeconds.user + cpuSeconds.system) / answers) * 1e6;
}

await onOwnProcess(import.meta.url, rates);
