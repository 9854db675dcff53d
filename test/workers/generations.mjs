/**
 * `node generations.mjs COUNT NETWORK`: generations of 8 workers, one after the other, that alone load the addon.
 * The last line is the resident set size after each generation in bytes, as JSON. Ends with 1 when a worker has
 * not ended as it should.
 */

import process from 'node:process';
import { Worker } from 'node:worker_threads';

const [count, network] = process.argv.slice(2);

/** By ending: the exit code of the worker. */
const WORKERS = [
  ['returns', 0],
  ['terminated', 1],
  ['exits', 0],
  ['terminatedInCallback', 1],
  ['exitsInCallback', 0],
  ['throws', 1],
  ['terminated', 1],
  ['returns', 0],
];

const rssBytes = [];
for (let generation = 1; generation <= Number(count); generation++) {
  await Promise.all(WORKERS.map(([ending, code], index) => live(ending, code, index + 1)));
  rssBytes.push(process.memoryUsage.rss());
}
console.log(JSON.stringify(rssBytes));

async function live(ending, expectedCode, host) {
  const workerData = { ending, address: `${network}.${host}` };
  const worker = new Worker(new URL('busy-worker.mjs', import.meta.url), { workerData });
  const exited = new Promise((resolve) => worker.on('exit', resolve));
  worker.on('message', () => worker.terminate());
  let error;
  worker.on('error', (thrown) => {
    error = thrown;
  });
  const code = await exited;
  const isWrong = code !== expectedCode || (error !== undefined) !== (ending === 'throws');
  if (isWrong) throw new Error(`a worker that ${ending} has ended with ${code}`, { cause: error });
}
