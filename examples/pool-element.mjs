import { createServer } from 'node:net';
import { createPoolElement } from 'rserpool';

const server = createServer((socket) => socket.pipe(socket));
server.listen(7007, '127.0.0.2', async () => {
  const element = await createPoolElement({
    poolHandle: 'EchoPool',
    registrars: ['127.0.0.1:3863'],
    addresses: ['127.0.0.2'],
    userTransport: { protocol: 'tcp', port: 7007 },
    policy: { type: 'leastUsed', load: 0 }, // loads are fractions from 0 to 1
  });
  setTimeout(async () => {
    await element.updatePolicy({ load: 0.25 });
    console.log(element.policy);
  }, 1_000);
  process.once('SIGINT', () => element.close().then(() => server.close()));
});
