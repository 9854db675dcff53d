/**
 * Announces itself to a multicast group and prints the addresses from which it receives announces, for tests in
 * which network interfaces come and go: announcer.mjs GROUP [ADDRESS...]. Runs the compiled library, as a program
 * would.
 */

import process from 'node:process';
import { openAnnounceListener, openAnnounceSender } from '../../dist/transport/announce.js';

const [address, ...addresses] = process.argv.slice(2);
const interfaces = addresses.length > 0 ? addresses : undefined;
const group = { address, port: 3863 };
const print = (text) => process.stdout.write(`${text}\n`);

openAnnounceListener({
  ...{ group, interfaces },
  onAnnounce: (_payload, from) => print(`received from ${from}.`),
  onProblem: (message) => print(`problem: ${message}`),
});
const sender = openAnnounceSender({
  ...{ group, interfaces, sourcePort: 3863 },
  onProblem: (message) => print(`problem: ${message}`),
});
// More often than registrars do, so that tests need not wait.
setInterval(() => sender.send(Buffer.from('announce')), 50);
print('started');
