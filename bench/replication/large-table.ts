/**
 * A registrar that starts beside one with many pool elements, reads its table, takes it over when it is killed, and
 * loses what does not answer: how long that takes, and how long nothing else could happen meanwhile.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { createRegistrar } from 'rserpool';
import { loadProgram } from '../load.js';
import { onOwnProcess } from '../own-process.js';
import { addressOf, changeAddress, RegistrarProcess } from './registrar-process.js';

export interface LargeTable {
  /** From its start until it has the whole table. */
  readonly startMs: number;
  /** From the kill until all pool elements are its own. */
  readonly takeoverMs: number;
  /** The part of it from when the other is believed dead. */
  readonly adoptionMs: number;
  /** The longest that its event loop was held. */
  readonly pauseMs: number;
}

const POLL_MS = 100;
const LIMIT_MS = 120_000;

async function largeTable([poolElements = '']: readonly string[]): Promise<LargeTable> {
  for (const number of [1, 2, 9]) changeAddress('add', number);
  const other = await RegistrarProcess.start(1, [2]);
  await setTimeout(6_000); // until it looks for a mentor no more
  const load = await register(poolElements);
  const pauses = monitorEventLoopDelay({ resolution: 1 });
  pauses.enable();
  const begin = performance.now();
  const registrar = await createRegistrar({
    asap: { addresses: [addressOf(2)], announce: false },
    enrp: { peers: [[{ address: addressOf(1), port: 9901 }]], announce: false },
    transport: 'udp',
  });
  await once(registrar, 'inService');
  const startMs = performance.now() - begin;
  if (registrar.stats().poolElements !== Number(poolElements)) throw new Error('a part is missing');
  const killed = performance.now();
  await other.end('SIGKILL');
  await once(registrar, 'peerDown');
  const believed = performance.now();
  await once(registrar, 'takeover');
  const takeoverMs = performance.now() - killed;
  const adoptionMs = performance.now() - believed;
  // The load program is nobody that could be called.
  for (let waited = 0; registrar.stats().poolElements > 0; waited += POLL_MS) {
    if (waited > LIMIT_MS) throw new Error('the dead are not removed');
    await setTimeout(POLL_MS);
  }
  pauses.disable();
  await registrar.close();
  load.kill();
  return { startMs, takeoverMs, adoptionMs, pauseMs: pauses.max / 1e6 };
}

/** Registers them with the other registrar, and stays so that they do. */
async function register(poolElements: string): Promise<ChildProcess> {
  const place = ['--registrar', addressOf(1), '--source', addressOf(9), '--json'];
  const number = ['--register', poolElements, '--pools', '1000', '--associations', '100'];
  const load = spawn(loadProgram(), [...place, ...number, '--rate', '1', '--seconds', '600'], {
    stdio: ['ignore', 'pipe', 'ignore'], // it will miss its registrar
  });
  await once(load.stdout, 'data');
  return load;
}

await onOwnProcess(import.meta.url, largeTable);
