/**
 * Prints the address from which each announce to a multicast group came, a line for each: receive-announces.mjs
 * GROUP PORT ADDRESS.
 */

import process from 'node:process';
import { openAnnounceListener } from '../../../dist/transport/announce.js';

const [address, port, local] = process.argv.slice(2);
openAnnounceListener({
  group: { address, port: Number(port) },
  interfaces: [local],
  onAnnounce: (_payload, from) => process.stdout.write(`from ${from}.\n`),
  onProblem: (message) => process.stdout.write(`${message}\n`),
});
setInterval(() => {}, 2 ** 31 - 1);
