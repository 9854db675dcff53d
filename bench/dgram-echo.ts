/**
 * The reference of the end-to-end rows: the least that Node.js can do per datagram. Answers every datagram
 * with as many bytes as the first argument says; prints its UDP port.
 */

import { createSocket } from 'node:dgram';

const answer = Buffer.alloc(Number(process.argv[2]));
const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 });
socket.on('message', (_message, peer) => socket.send(answer, peer.port, peer.address));
socket.bind(0, '127.0.0.1', () => console.log(JSON.stringify({ udpPort: socket.address().port })));
process.once('SIGTERM', () => socket.close());
