/**
 * `rserpool dev`: the whole of RSerPool on one machine, to look at. Three registrars, a pool of three echo
 * servers, one pool user that sends a request a second; then one registrar is killed, and one echo server.
 */

import process from 'node:process';
import { Command } from 'commander';
import { createPoolUser } from '../../client/pool-user.ts';
import { UnreachableError } from '../../errors.ts';
import { ASAP_PORT, type Milliseconds } from '../../types.ts';
import { tellFailure } from '../failure.ts';
import { runService } from '../lifecycle/run-service.ts';
import { addLogOptions, type LogOptions, openCommandLog } from '../log/log-options.ts';
import type { ProgramLog } from '../log/text-log.ts';
import { integerBetween } from '../options.ts';
import { createOutput, type Output } from '../output.ts';
import { type Cast, castAt, POOL, PROCESSES } from './cast.ts';
import { killEchoServer, killRegistrar } from './failures.ts';
import { claimLoopbackAddresses } from './loopback.ts';
import { NumberedRequests, type RequestCounters } from './numbered-requests.ts';
import { Scene } from './scene.ts';

const REQUESTS_BEFORE_FAILURES = 4;
/** A round, after which it is known whose turn is next. */
const REQUESTS_BETWEEN_FAILURES = 3;
const REQUESTS_AFTER_FAILURES = 3;

interface DevOptions extends LogOptions {
  readonly once?: true;
  readonly json?: true;
  /** Seconds. */
  readonly limit: number;
}

/**
 * With it `--once` ends within 30 s, with all its processes: what is under way at the limit, an attempt of a request
 * and the end of an association, takes 2.5 s at most.
 */
const DEFAULT_LIMIT_S = 26;

const wholeSeconds = integerBetween(1, 3_600);

interface Result extends RequestCounters {
  /** From the end of a registrar until its pool elements are at home with another one. */
  takeoverMs?: Milliseconds;
}

export function devCommand(): Command {
  const command = new Command('dev')
    .description('play the demonstration: registrars, echo servers, a pool user, two failures')
    .option('--once', 'play it once, print the result as JSON, and end, within 30 s')
    .option('--limit <seconds>', 'give up --once after that time', wholeSeconds, DEFAULT_LIMIT_S)
    .option('--json', 'print one JSON object per line')
    .action(dev);
  // Its failures are wanted: a warning of each would be in the way.
  return addLogOptions(command, 'error');
}

async function dev(options: DevOptions): Promise<void> {
  const log = openCommandLog(options);
  const untilStopped = (stopped: AbortSignal) => demonstrate(options, log, stopped);
  await runService(log, untilStopped, { endsWithTerminal: true });
}

async function demonstrate(
  options: DevOptions,
  log: ProgramLog,
  stopped: AbortSignal,
): Promise<void> {
  const late = new AbortController();
  const limit = options.once ? setTimeout(() => late.abort(), options.limit * 1_000) : undefined;
  try {
    await perform(options, log, AbortSignal.any([stopped, late.signal]), late.signal);
  } catch (error) {
    if (!late.signal.aborted) throw error;
    throw new UnreachableError(
      `The demonstration did not finish within ${options.limit} s. The machine is too busy, or its loopback loses packets.`,
    );
  } finally {
    clearTimeout(limit);
  }
}

/** Prints the result also where it is stopped, as far as it has come. */
async function perform(
  options: DevOptions,
  log: ProgramLog,
  stopped: AbortSignal,
  late: AbortSignal,
): Promise<void> {
  const output = createOutput(options.json === true);
  const claimed = await claimLoopbackAddresses(PROCESSES);
  const cast = castAt(claimed.addresses);
  const scene = new Scene(output, stopped, logArguments(options));
  late.addEventListener('abort', () => scene.killAll());
  let result: Result | undefined;
  try {
    await play(cast, scene, output, log, stopped, options.once === true, (begun) => {
      result = begun;
    });
  } finally {
    await scene.close();
    claimed.release();
    if (result !== undefined) output.json(result);
    // Late, it is reported that the demonstration did not finish.
    if (result !== undefined && result.lost > 0 && !late.aborted) tellLost(result.lost);
  }
}

function tellLost(lost: number): void {
  tellFailure(new UnreachableError(`${lost} request${lost === 1 ? ' was' : 's were'} lost.`));
  process.exitCode = 1;
}

/** Resolves when it has been played `once`; else it goes on until it is stopped, and rejects then. */
async function play(
  cast: Cast,
  scene: Scene,
  output: Output,
  log: ProgramLog,
  stopped: AbortSignal,
  once: boolean,
  onBegun: (result: Result) => void,
): Promise<void> {
  await enter(scene, cast, output);
  const user = await createPoolUser({
    registrars: cast.registrars.map(({ address }) => `${address}:${ASAP_PORT}`),
    transport: 'udp',
    // One that is dead keeps no request for long.
    options: { t1EnrpRequestMs: 1_000 },
    log,
  });
  try {
    const requests = new NumberedRequests(user, POOL, output, stopped);
    const result: Result = requests.counters; // which counts on
    onBegun(result);
    await requests.send(REQUESTS_BEFORE_FAILURES);
    result.takeoverMs = await requests.sendUntil(killRegistrar(scene, output));
    await requests.send(REQUESTS_BETWEEN_FAILURES);
    const next = requests.nextOf(cast.echoServers.map(({ id }) => id)) ?? 0;
    await requests.sendUntil(killEchoServer(scene, next, output));
    await requests.send(once ? REQUESTS_AFTER_FAILURES : Number.POSITIVE_INFINITY);
  } finally {
    await user.close();
  }
}

/** Registrars first, until they keep one handlespace; then the pool. */
async function enter(scene: Scene, cast: Cast, output: Output): Promise<void> {
  for (const role of cast.registrars) scene.enter(role);
  await scene.until(() => scene.isWhole, 'The registrars have not found each other in time.');
  output.event('demonstration', 'scope', 'the registrars know each other', {}, 'bold');
  for (const role of cast.echoServers) scene.enter(role);
  await scene.until(
    () => cast.echoServers.every(({ id }) => scene.isAtHome(id)),
    'The echo servers could not register in time.',
  );
}

/** For the processes of the demonstration, which log as it does. */
function logArguments({ logLevel, logFile }: LogOptions): string[] {
  return ['--log-level', logLevel, ...(logFile === undefined ? [] : ['--log-file', logFile])];
}
