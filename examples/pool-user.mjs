import { once } from 'node:events';
import { connect } from 'node:net';
import { createPoolUser } from 'rserpool';

const user = await createPoolUser({ registrars: ['127.0.0.1:3863'] });
const elements = (await user.resolve('EchoPool', { items: 3 })) ?? [];
for (const { id, userTransport } of elements) {
  if (userTransport.protocol !== 'tcp') continue;
  const [address] = userTransport.addresses;
  const socket = connect(userTransport.port, address);
  try {
    await once(socket, 'connect');
    socket.end('Your own protocol goes on from here.');
    console.log('connected to', address, userTransport.port);
    break;
  } catch {
    await user.reportUnreachable('EchoPool', id); // and on to the next one
  }
}
await user.close();
