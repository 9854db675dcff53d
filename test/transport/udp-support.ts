/**
 * Stacks on the loopback for the tests of a backend, `udp` or what RSERPOOL_TEST_TRANSPORT names: any free
 * ports, short time-outs.
 */

import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import process from 'node:process';
import { openSctpStack } from '../../src/transport/open.ts';
import type { SctpEndpoint, SctpStack, SctpStackOptions } from '../../src/transport/transport.ts';
import type { AssociationId, IpAddress } from '../../src/types.ts';
import { Recorder } from './recorder.ts';

export const ASAP = 11;
export const ENRP = 12;

/** `kernel` in the lab: `test/interop/kernel.test.ts`. */
export const transport = process.env.RSERPOOL_TEST_TRANSPORT === 'kernel' ? 'kernel' : 'udp';
export const isUdp = transport === 'udp';

const opened: SctpStack[] = [];
const sockets: UdpSocket[] = [];

/** For `afterEach`. */
export async function closeStacks(): Promise<void> {
  await Promise.all(opened.splice(0).map((stack) => stack.close()));
  for (const socket of sockets.splice(0)) socket.close();
}

export function openStack(address: IpAddress, options: Partial<SctpStackOptions> = {}): SctpStack {
  const rtoMs = { initial: 200, min: 100, max: 400 };
  const stack = openSctpStack({
    transport,
    localAddresses: [address],
    udpPort: 0,
    rtoMs,
    maxRetransmissions: 4,
    ...options,
  });
  opened.push(stack);
  return stack;
}

export interface Host {
  readonly stack: SctpStack;
  readonly endpoint: SctpEndpoint;
  readonly heard: Recorder;
}

export function openHost(
  address: IpAddress,
  options: Partial<SctpStackOptions> & { port?: number; accepts?: boolean } = {},
): Host {
  const { port = 0, accepts = true, ...others } = options;
  const stack = openStack(address, others);
  const heard = new Recorder();
  return { stack, heard, endpoint: stack.open({ port, accepts }, heard) };
}

/** Where `connect` finds an endpoint. */
export function placeOf({ stack, endpoint }: Host): Parameters<SctpEndpoint['connect']> {
  const address = stack.localAddresses[0] as IpAddress;
  return [[{ address, port: endpoint.port }], isUdp ? { udpPort: stack.udpPort } : {}];
}

export interface Pair {
  readonly server: Host;
  readonly client: Host;
  /** The association as the client knows it, and as the server does. */
  readonly association: AssociationId;
  readonly accepted: AssociationId;
}

export async function openPair(options: Partial<SctpStackOptions> = {}): Promise<Pair> {
  const server = openHost('127.0.0.1', options);
  const client = openHost('127.0.0.2', { accepts: false, ...options });
  const association = client.endpoint.connect(...placeOf(server));
  await client.heard.until('the association', (heard) => heard.of('up').length === 1);
  await server.heard.until('the association', (heard) => heard.of('up').length === 1);
  const accepted = server.heard.of('up')[0]?.association as AssociationId;
  return { server, client, association, accepted };
}

export function echo({ heard, endpoint }: Host): void {
  heard.react = (event) => {
    if (event.type !== 'message') return;
    endpoint.send(event.association, event.payloadProtocol, event.payload);
  };
}

/** Blocks this thread, as a long computation would. */
export function block(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
}

export async function openUdpSocket(address: IpAddress): Promise<UdpSocket> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

/** Stands between two stacks, at 127.0.0.3 for both, and shows each packet to `pass`, which sends it on or not. */
export async function openRelay(
  first: SctpStack,
  second: SctpStack,
  pass: (packet: Buffer, send: () => void) => void,
): Promise<UdpSocket> {
  const socket = await openUdpSocket('127.0.0.3');
  socket.on('message', (packet, source) => {
    const isFromFirst = source.address === first.localAddresses[0];
    const { udpPort, localAddresses } = isFromFirst ? second : first;
    pass(packet, () => socket.send(packet, udpPort, localAddresses[0]));
  });
  return socket;
}
