/** Three registrars, of which one is cut off until all have given it up, and then not any more. */

import { setTimeout } from 'node:timers/promises';
import { createPoolElement, type PoolElement, readRegistrar } from 'rserpool';
import { onOwnProcess } from '../own-process.js';
import { addressOf, changeAddress, RegistrarProcess } from './registrar-process.js';

export interface Healing {
  /** From when the network is whole until all know the same. */
  readonly equalMs: number;
}

const REGISTRARS = [1, 2, 3];
const CUT_OFF = 3;
/** Longer than a silent peer has. */
const CUT_MS = 20_000;
const POLL_MS = 100;
const LIMIT_MS = 60_000;

async function healing(): Promise<Healing> {
  for (const number of [...REGISTRARS, 8, 9]) changeAddress('add', number);
  const registrars: RegistrarProcess[] = [];
  for (const number of REGISTRARS) {
    const others = REGISTRARS.filter((other) => other !== number);
    registrars.push(await RegistrarProcess.start(number, others));
  }
  await setTimeout(10_000);
  const elements = [await register(1, 8)];
  await setTimeout(1_000);
  changeAddress('del', CUT_OFF);
  await setTimeout(CUT_MS);
  elements.push(await register(2, 9));
  changeAddress('add', CUT_OFF);
  const begin = performance.now();
  while (!(await isEqual())) {
    if (performance.now() - begin > LIMIT_MS) throw new Error('they do not come to know the same');
    await setTimeout(POLL_MS);
  }
  const equalMs = performance.now() - begin;
  for (const one of elements) await one.close();
  for (const one of registrars) await one.end('SIGKILL');
  return { equalMs };
}

function register(id: number, host: number): Promise<PoolElement> {
  return createPoolElement({
    ...{ poolHandle: 'EchoPool', id, registrars: [`${addressOf(id)}:3863`] },
    ...{ addresses: [addressOf(host)], transport: 'udp', udpPort: 9899 },
    userTransport: { protocol: 'tcp', port: 7 },
  });
}

/** Whether all can be read, and two pool elements are known to each. */
async function isEqual(): Promise<boolean> {
  const views = await Promise.all(REGISTRARS.map(viewOf));
  return views.every((view) => view === views[0] && view.split(' ').length === 2);
}

async function viewOf(number: number): Promise<string> {
  const { poolElements } = await readRegistrar({
    registrar: `${addressOf(number)}:9901`,
    addresses: [addressOf(8)],
  });
  return poolElements.map(({ id, homeRegistrarId }) => `${id}@${homeRegistrarId}`).join(' ');
}

await onOwnProcess(import.meta.url, healing);
