// echo-listener.mjs ADDRESS TRANSPORT
// Sends every message back, over SCTP port 3863; when told to end, prints how many associations and numbered
// messages (see numbered-sender.mjs) came, and how many of them not in their order.
import process from 'node:process';
import { openSctpStack } from '../../../dist/transport/open.js';

const [address, transport] = process.argv.slice(2);
const stack = openSctpStack({
  transport,
  localAddresses: [address],
  ...(transport === 'udp' ? { udpPort: 9899 } : {}),
});
const next = new Map();
const counts = { associations: 0, messages: 0, outOfOrder: 0, notSentBack: 0 };
const nothing = () => {};
const endpoint = stack.open(
  { port: 3863, accepts: true },
  {
    onUp(association) {
      next.set(association, 0);
      counts.associations += 1;
    },
    onMessage(association, protocol, _stream, bytes, offset, length) {
      const message = Buffer.from(bytes.subarray(offset, offset + length));
      counts.messages += 1;
      if (message.readUInt32BE() !== next.get(association)) counts.outOfOrder += 1;
      next.set(association, message.readUInt32BE() + 1);
      if (endpoint.send(association, protocol, message) !== 'queued') counts.notSentBack += 1;
    },
    ...{ onDown: nothing, onRestart: nothing, onPath: nothing, onWritable: nothing },
  },
);
console.log(JSON.stringify({ event: 'ready' }));
process.once('SIGTERM', async () => {
  console.log(JSON.stringify({ event: 'end', ...counts }));
  await stack.close();
});
