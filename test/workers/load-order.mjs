/** `node load-order.mjs ORDER ADDRESS`: who loads the addon first, and who is there when that thread ends. */

import { once } from 'node:events';
import process from 'node:process';
import { Worker } from 'node:worker_threads';
import { useAddon } from './use-addon.mjs';

const [order, address] = process.argv.slice(2);
const SUCCESSORS = 4;

const ORDERS = {
  async mainBefore() {
    const close = await useAddon(address);
    await inSuccession();
    await close();
  },
  async mainDuring() {
    const first = await start();
    const close = await useAddon(address);
    await end(first);
    await inSuccession();
    await close();
  },
  async mainAfter() {
    await end(await start());
    const close = await useAddon(address);
    await inSuccession();
    await close();
  },
  async mainNever() {
    await inSuccession();
  },
  /** The first ends while the second is there; all others load the addon after that. */
  async overlapping() {
    let previous = await start();
    for (let count = 0; count < SUCCESSORS; count++) {
      const next = await start();
      await end(previous);
      previous = next;
    }
    await end(previous);
  },
  /** A worker of a worker outlives nothing, but loads the addon while its parent has it. */
  async nested() {
    const parent = new Worker(new URL(import.meta.url), { argv: ['overlapping', address] });
    await once(parent, 'exit');
    await inSuccession();
  },
};
await ORDERS[order]();
console.log('done');

async function inSuccession() {
  for (let count = 0; count < SUCCESSORS; count++) await end(await start());
}

async function start() {
  const worker = new Worker(new URL('loader.mjs', import.meta.url), { workerData: address });
  await once(worker, 'message');
  return worker;
}

async function end(worker) {
  const exited = once(worker, 'exit');
  worker.postMessage('end');
  const [code] = await exited;
  if (code !== 0) throw new Error(`a worker has ended with ${code}`);
}
