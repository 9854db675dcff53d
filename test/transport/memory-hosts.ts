/** Hosts on a memory network, for tests of the `memory` backend. */

import { expect } from 'vitest';
import { MemoryNetwork, type MemoryNetworkOptions } from '../../src/transport/memory.ts';
import type { MemoryStackOptions } from '../../src/transport/memory-options.ts';
import type { MemoryStack } from '../../src/transport/memory-stack.ts';
import type { SctpEndpoint } from '../../src/transport/transport.ts';
import type { AssociationId } from '../../src/types.ts';
import { Recorder } from './recorder.ts';

export const ASAP = 11;
export const text = (value: string) => new TextEncoder().encode(value);

export interface Host {
  readonly stack: MemoryStack;
  readonly endpoint: SctpEndpoint;
  readonly heard: Recorder;
}

export function host(
  network: MemoryNetwork,
  address: string,
  options: Partial<MemoryStackOptions> & { port?: number; accepts?: boolean } = {},
): Host {
  const { port = 3863, accepts = true, ...others } = options;
  const stack = network.stack({ localAddresses: [address], ...others });
  const heard = new Recorder();
  return { stack, heard, endpoint: stack.open({ port, accepts }, heard) };
}

/** A caller and a server with an association between them, up. */
export function pair(
  options: Partial<MemoryNetworkOptions> = {},
  stackOptions: Partial<MemoryStackOptions> = {},
) {
  const network = new MemoryNetwork({ seed: 1, ...options });
  const server = host(network, '10.0.0.1', stackOptions);
  const client = host(network, '10.0.0.2', { port: 0, accepts: false, ...stackOptions });
  const association = client.endpoint.connect([{ address: '10.0.0.1', port: 3863 }]);
  expect(network.settle()).toBe(true);
  const accepted = server.heard.of('up')[0]?.association as AssociationId;
  return { network, server, client, association, accepted };
}

export function sendNumbers(
  endpoint: SctpEndpoint,
  association: AssociationId,
  count: number,
): string[] {
  const sent = Array.from({ length: count }, (_, index) => `message ${index}`);
  for (const one of sent) expect(endpoint.send(association, ASAP, text(one))).toBe('queued');
  return sent;
}
