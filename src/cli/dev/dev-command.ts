/**
 * `rserpool dev`: the whole of RSerPool on one machine, to look at. Three registrars, a pool of three echo
 * servers, one pool user that sends a request a second; then one registrar is killed, and one echo server.
 */

import process from 'node:process';
import { Command } from 'commander';
import { createPoolUser } from '../../client/pool-user.ts';
import { ASAP_PORT, type Milliseconds } from '../../types.ts';
import { createOutput, type Output } from '../output.ts';
import { runUntilStopped } from '../until-stopped.ts';
import { type Cast, castAt, POOL, PROCESSES } from './cast.ts';
import { killEchoServer, killRegistrar } from './failures.ts';
import { freeLoopbackAddresses } from './loopback.ts';
import { NumberedRequests, type RequestCounters } from './numbered-requests.ts';
import { Scene } from './scene.ts';

const REQUESTS_BEFORE_FAILURES = 4;
/** A round, after which it is known whose turn is next. */
const REQUESTS_BETWEEN_FAILURES = 3;
const REQUESTS_AFTER_FAILURES = 3;

interface DevOptions {
  readonly once?: true;
  readonly json?: true;
}

interface Result extends RequestCounters {
  /** From the end of a registrar until its pool elements are at home with another one. */
  readonly takeoverMs: Milliseconds;
}

export function devCommand(): Command {
  return new Command('dev')
    .description('play the demonstration: registrars, echo servers, a pool user, two failures')
    .option('--once', 'play it once, print the result as JSON, and end')
    .option('--json', 'print one JSON object per line')
    .action(dev);
}

function dev(options: DevOptions): Promise<void> {
  return runUntilStopped(async (stopped) => {
    const output = createOutput(options.json === true);
    const result = await perform(output, stopped, options.once === true);
    output.json(result);
    if (result.lost > 0) process.exitCode = 1;
  });
}

async function perform(output: Output, stopped: AbortSignal, once: boolean): Promise<Result> {
  const scene = new Scene(output, stopped);
  try {
    return await play(scene, output, stopped, once);
  } finally {
    await scene.close();
  }
}

/** Resolves when it has been played `once`; else it goes on until it is stopped, and rejects then. */
async function play(
  scene: Scene,
  output: Output,
  stopped: AbortSignal,
  once: boolean,
): Promise<Result> {
  const cast = castAt(await freeLoopbackAddresses(PROCESSES));
  await enter(scene, cast, output);
  const user = await createPoolUser({
    registrars: cast.registrars.map(({ address }) => `${address}:${ASAP_PORT}`),
    transport: 'udp',
    // One that is dead keeps no request for long.
    options: { t1EnrpRequestMs: 1_000 },
  });
  try {
    const requests = new NumberedRequests(user, POOL, output, stopped);
    await requests.send(REQUESTS_BEFORE_FAILURES);
    const takeoverMs = await requests.sendUntil(killRegistrar(scene, output));
    await requests.send(REQUESTS_BETWEEN_FAILURES);
    const next = requests.nextOf(cast.echoServers.map(({ id }) => id)) ?? 0;
    await requests.sendUntil(killEchoServer(scene, next, output));
    await requests.send(once ? REQUESTS_AFTER_FAILURES : Number.POSITIVE_INFINITY);
    return { ...requests.counters, takeoverMs };
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
