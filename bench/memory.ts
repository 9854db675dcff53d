/** What one pool element costs in memory: growth of the process over many registrations. */

import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Handlespace } from 'rserpool/handlespace';
import type { Result, Row } from './main.js';

const POOL_ELEMENTS = 100_000;

export function memoryRows(): Row[] {
  const id = `memory/bytes-per-pe/${POOL_ELEMENTS}`;
  return [{ id, measure: () => measure(id) }];
}

/** In a process of its own: nothing else may have grown or left holes in the heap. */
function measure(id: string): Result {
  const self = fileURLToPath(import.meta.url);
  const child = spawnSync(process.execPath, ['--expose-gc', self, '--measure'], {
    encoding: 'utf8',
  });
  if (child.status !== 0) throw new Error(`the memory row failed: ${child.stderr}`);
  const value = Number(child.stdout);
  return { id, value, unit: 'bytes', reference: null, ratio: null, spread: null };
}

function bytesPerPoolElement(): number {
  const handlespace = new Handlespace({ seed: 1n });
  register(handlespace, 1, 'warm-up'); // what is needed once must not count
  const before = settledBytes();
  register(handlespace, POOL_ELEMENTS, 'pool');
  const bytes = settledBytes() - before;
  handlespace.close();
  return bytes / POOL_ELEMENTS;
}

function register(handlespace: Handlespace, count: number, poolHandle: string): void {
  for (let id = 1; id <= count; id++) {
    handlespace.register(0, {
      poolHandle,
      id,
      homeRegistrarId: 1,
      lifeMs: 300_000,
      policy: { type: 'roundRobin' },
      userTransport: { protocol: 'sctp', port: 7, transportUse: 0, addresses: ['10.1.2.3'] },
      asapTransport: { protocol: 'sctp', port: 9, transportUse: 0, addresses: ['10.1.2.3'] },
      isWatched: true,
    });
  }
}

function settledBytes(): number {
  for (let i = 0; i < 4; i++) globalThis.gc?.();
  return process.memoryUsage.rss();
}

if (process.argv.includes('--measure')) console.log(bytesPerPoolElement());
