/** What one pool element costs in memory: growth of the process over many registrations. */

import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { Handlespace } from 'rserpool/handlespace';
import { inOwnProcess, onOwnProcess } from './own-process.js';
import type { Result, Row } from './result.js';

const POOL_ELEMENTS = 100_000;
/** So long after it was freed does the allocator give memory back to the system, when it is used then. */
const RETURN_MS = 500;

export function memoryRows(): Row[] {
  const id = `memory/bytes-per-pe/${POOL_ELEMENTS}`;
  return [{ id, measure: () => measure(id) }];
}

function measure(id: string): Result {
  const value = inOwnProcess<number>(import.meta.url);
  return { id, value, unit: 'bytes', reference: null, ratio: null, spread: null };
}

async function bytesPerPoolElement(): Promise<number> {
  const handlespace = new Handlespace({ seed: 1n });
  register(handlespace, 1, 'warm-up'); // what is needed once must not count
  const before = settledBytes();
  register(handlespace, POOL_ELEMENTS, 'pool');
  await setTimeout(RETURN_MS);
  register(handlespace, 1, 'afterwards');
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

/** Memory of this process without what is garbage. */
export function settledBytes(): number {
  for (let i = 0; i < 4; i++) globalThis.gc?.();
  return process.memoryUsage.rss();
}

await onOwnProcess(import.meta.url, bytesPerPoolElement);
