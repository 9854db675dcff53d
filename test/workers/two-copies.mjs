/**
 * `node two-copies.mjs PACKAGE PACKAGE ADDRESS [threads]`: uses two copies of the package at the same time, in one
 * thread or each in a worker, against each other, and closes both.
 */

import { once } from 'node:events';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

if (isMainThread) await main(...process.argv.slice(2));
else await worker(workerData);

async function main(first, second, address, threads) {
  if (threads === 'threads') {
    for (let turn = 0; turn < 3; turn++) await Promise.all([inWorker(first), inWorker(second)]);
  } else {
    await useTogether(await load(first), await load(second), address);
  }
  console.log('done');
}

async function inWorker(folder) {
  const worker = new Worker(new URL(import.meta.url), { workerData: folder });
  worker.once('message', () => worker.terminate());
  await once(worker, 'exit');
}

async function worker(folder) {
  const { Handlespace } = await load(folder);
  const handlespace = new Handlespace({ seed: 1n });
  handlespace.arenas();
  handlespace.resolve('Pool');
  parentPort.postMessage('used');
}

async function load(folder) {
  const part = (name) => import(pathToFileURL(`${folder}/dist/${name}.js`).href);
  return { ...(await part('index')), ...(await part('handlespace')) };
}

/** Pool element and pool user of one copy, registrar of the other; their native objects do not mix. */
async function useTogether(one, other, address) {
  if (one.Handlespace === other.Handlespace) throw new Error('there is one copy only');
  const registrar = await one.createRegistrar({
    asap: { addresses: [address], announce: false },
    transport: 'udp',
  });
  const client = { transport: 'udp', registrars: [address], addresses: [address] };
  const userTransport = { protocol: 'tcp', port: 7 };
  const element = await other.createPoolElement({ ...client, poolHandle: 'Pool', userTransport });
  const user = await one.createPoolUser(client);
  const resolved = await user.resolve('Pool');
  if (resolved?.[0]?.id !== element.id) throw new Error('the pool element is not found');
  const [mine, foreign] = [new one.Handlespace({ seed: 1n }), new other.Handlespace({ seed: 1n })];
  const { request, response } = foreign.arenas();
  console.log(refusalOf(() => mine.useArenas(request, response)));
  mine.close();
  foreign.close();
  await user.close();
  await element.close();
  await registrar.close();
}

function refusalOf(action) {
  try {
    action();
    return 'accepted';
  } catch (error) {
    return error.name;
  }
}
