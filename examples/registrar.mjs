import { createRegistrar } from 'rserpool';

const registrar = await createRegistrar({
  asap: { addresses: ['127.0.0.1'] },
  enrp: { peers: [[{ address: '127.0.0.2', port: 9901 }]] },
});
registrar.on('peerUp', ({ id }) => console.log('peer', id));
registrar.on('peerDown', ({ id, reason }) => console.log('peer lost:', id, reason));
registrar.on('takeover', ({ target, successor, poolElements }) => {
  console.log(`${successor} has the ${poolElements} pool elements of ${target}`);
});
registrar.on('poolElementAdded', ({ poolElement, reason }) => console.log(poolElement, reason));
registrar.on('poolElementRemoved', ({ poolElement, reason }) => console.log(poolElement, reason));
console.log('registrar', registrar.id, 'is ready');
process.once('SIGINT', () => registrar.close()); // hands its pool elements over first
