import { createServer } from 'node:net';
import { createPoolElement } from 'rserpool';

const server = createServer((socket) => socket.pipe(socket));
server.listen(0, '127.0.0.2', async () => {
  const element = await createPoolElement({
    poolHandle: 'EchoPool',
    registrars: ['127.0.0.1:3863'],
    addresses: ['127.0.0.2'],
    userTransport: { protocol: 'tcp', port: server.address().port },
    policy: { type: 'leastUsed', load: 0 },
  });
  setTimeout(() => element.updatePolicy({ load: 0.25 * 0xffffffff }), 5_000);
  process.once('SIGINT', () => element.close().then(() => server.close()));
});
