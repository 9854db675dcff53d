/** A worker of `load-order.mjs`: loads the addon, uses it, and ends when it is told to. */

import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { useAddon } from './use-addon.mjs';

const close = await useAddon(workerData);
parentPort.postMessage('loaded');
await once(parentPort, 'message');
await close();
parentPort.close();
