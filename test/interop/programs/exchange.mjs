/**
 * One side of a long exchange of numbered messages, for the lab.
 *
 *     exchange.mjs serve TRANSPORT OWN-ADDRESSES               echoes what it gets on SCTP port 4000
 *     exchange.mjs call TRANSPORT OWN-ADDRESSES PEER-ADDRESS   sends and counts echoes until SIGTERM
 *
 * Prints one JSON object per line for what happens; the caller at its end how many were sent and echoed.
 */

import process from 'node:process';
import { openSctpStack } from '../../../dist/transport/open.js';

const PORT = 4000;
/** Of no protocol. */
const PAYLOAD_PROTOCOL = 0;
/** Messages under way at most. */
const WINDOW = 32;
const INTERVAL_MS = 10;

const [role, transport, addresses, peerAddress] = process.argv.slice(2);
const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

const stack = openSctpStack({ transport, localAddresses: addresses.split(',') });
let association;
let sent = 0;
let echoed = 0;
let isEnding = false;

const handler = {
  onUp: (_id, { peerAddresses }) => tell({ up: peerAddresses.map(({ address }) => address) }),
  onRestart: () => tell({ restart: true }),
  onDown: (_id, why) => tell({ down: why }),
  onPath: (_id, address, state) => tell({ path: address, state }),
  onWritable() {},
  onMessage(id, _protocol, _stream, bytes, offset, length) {
    const payload = bytes.subarray(offset, offset + length);
    if (role === 'serve') return void endpoint.send(id, PAYLOAD_PROTOCOL, payload);
    const number = Buffer.from(payload).readUInt32BE();
    if (number !== echoed) tell({ outOfOrder: number, expected: echoed });
    echoed += 1;
    if (echoed % 100 === 0) tell({ echoed });
    if (isEnding && echoed === sent) finish();
  },
};

const endpoint = stack.open(
  { port: role === 'serve' ? PORT : 0, accepts: role === 'serve' },
  handler,
);
tell({ ready: true });

function sendOne() {
  if (isEnding || sent - echoed >= WINDOW) return;
  const payload = Buffer.alloc(sent % 10 === 0 ? 3_000 : 60);
  payload.writeUInt32BE(sent);
  if (endpoint.send(association, PAYLOAD_PROTOCOL, payload) === 'queued') sent += 1;
}

async function finish() {
  tell({ sent, totalEchoed: echoed });
  await stack.close();
  process.exit();
}

if (role === 'call') {
  association = endpoint.connect([{ address: peerAddress, port: PORT }]);
  setInterval(sendOne, INTERVAL_MS);
}
process.on('SIGTERM', () => {
  isEnding = true;
  if (role === 'serve' || echoed === sent) finish();
});
