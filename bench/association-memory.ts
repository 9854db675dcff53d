/** What one association costs a registrar in memory over the embedded transport: growth of its process. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setInterval } from 'node:timers/promises';
import { createRegistrar, type RegistrarServer } from 'rserpool';
import { builtLoadProgram } from '#load-program';
import { settledBytes } from './memory.js';
import { inOwnProcess, onOwnProcess } from './own-process.js';
import type { Result, Row } from './result.js';

const FEW = 100;
const ASSOCIATIONS = 10_000;

export function associationMemoryRows(): Row[] {
  const id = `memory/bytes-per-association/${ASSOCIATIONS}`;
  return [{ id, measure: () => measure(id) }];
}

function measure(id: string): Result {
  const value = inOwnProcess<number>(import.meta.url);
  return { id, value, unit: 'bytes', reference: null, ratio: null, spread: null };
}

async function bytesPerAssociation(): Promise<number> {
  const registrar = await createRegistrar({
    asap: { addresses: ['127.0.0.1'], announce: false },
    transport: 'udp',
    udpPort: 0,
    maxAssociationsPerHost: ASSOCIATIONS,
  });
  const before = await bytesWith(FEW, registrar); // what is needed once must not count
  const bytes = (await bytesWith(ASSOCIATIONS, registrar)) - before;
  await registrar.close();
  return bytes / (ASSOCIATIONS - FEW);
}

/** Memory of this process while so many associations are up and hardly used. */
async function bytesWith(associations: number, registrar: RegistrarServer): Promise<number> {
  const place = ['--udp-port', String(registrar.udpPort), '--register', '3', '--json'];
  const load = ['--associations', String(associations), '--rate', '100', '--seconds', '1'];
  const program = spawn(builtLoadProgram(), [...place, ...load], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(program, 'exit');
  let bytes: number | undefined;
  for await (const _ of setInterval(50)) {
    if (program.exitCode !== null) break;
    if (registrar.stats().sctp.associations === associations) bytes = settledBytes();
  }
  const [code] = await ended;
  if (code !== 0 || bytes === undefined) throw new Error('the load did not come about');
  return bytes;
}

await onOwnProcess(import.meta.url, bytesPerAssociation);
