// send-messages.mjs ADDRESS REGISTRAR TRANSPORT FILE
// Sends each message of the file ("PAYLOAD-PROTOCOL HEXADECIMAL" lines) over an association of its own, and
// behind it a resolution that is answered for certain: what came before that answer belongs to the message.
// Prints a line for each: what came, and how the association ended when the registrar ended it.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { describeAsap, openStack, RawAsap } from './raw-asap.mjs';

const [address, registrar, transport, file] = process.argv.slice(2);
const handle = Buffer.from('BehindIt');
const behindIt = {
  ...{ type: 'ASAP_HANDLE_RESOLUTION', wantsUpdates: false, poolHandle: handle },
};
const stack = openStack(address, transport);
for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
  const [payloadProtocol, hex = ''] = line.split(' ');
  const answers = [];
  let isAnswered = false;
  const raw = new RawAsap(stack, registrar, (bytes) => {
    isAnswered = Buffer.from(bytes).includes(handle);
    if (!isAnswered) answers.push(describeAsap(bytes));
  });
  await raw.up(10);
  raw.sendBytes(Buffer.from(hex, 'hex'), Number(payloadProtocol));
  raw.send(behindIt);
  await raw.until(() => isAnswered || raw.down !== undefined, 20);
  console.log(JSON.stringify({ message: hex.slice(0, 32), answers, end: raw.down ?? null }));
  raw.close();
}
await stack.close();
