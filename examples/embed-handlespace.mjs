import { Handlespace } from 'rserpool/handlespace';

const handlespace = new Handlespace({ seed: 1n }); // opens nothing, starts no thread
handlespace.register(Date.now(), {
  ...{ poolHandle: 'EchoPool', id: 1, homeRegistrarId: 0xcafe, lifeMs: 30_000 },
  policy: { type: 'leastUsed', load: 0 },
  userTransport: { protocol: 'tcp', port: 7, transportUse: 0, addresses: ['10.0.0.1'] },
});
console.log(handlespace.resolve('EchoPool')); // up to three pool elements, best first
console.log(handlespace.expire(Date.now())); // what is due now; nextDeadline() says when to ask
handlespace.close();
