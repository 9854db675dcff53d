import { createPoolUser } from 'rserpool';

const user = await createPoolUser({ registrars: ['127.0.0.1:3863'] });
const elements = (await user.resolve('EchoPool', { items: 3 })) ?? [];
for (const { id, userTransport } of elements) {
  const reached = await yourOwnProtocol(userTransport.addresses[0], userTransport.port);
  if (reached) break;
  await user.reportUnreachable('EchoPool', id); // and on to the next one
}
await user.close();
