/** Opens the SCTP stack that a process runs on. What each setting means is in `transport.ts`. */

import { addon } from '../native.ts';
import { oneOf } from '../settings/kind.ts';
import { NativeStack } from './native-stack.ts';
import { completeStackOptions, type PartialStackOptions } from './options.ts';
import type { SctpStack } from './transport.ts';

/**
 * `auto`: `kernel` where the kernel gives SCTP sockets and no UDP port is named, else `udp`. `raw`: SCTP as
 * it is, without UDP around it, for machines whose kernel has none; it takes CAP_NET_RAW.
 */
export const TRANSPORTS = ['auto', 'kernel', 'udp', 'raw'] as const;
export type Transport = (typeof TRANSPORTS)[number];

export const transportName = oneOf(...TRANSPORTS);

/** Addresses are needed, the rest has the defaults of `options.ts`. */
export type OpenOptions = PartialStackOptions & { readonly transport: Transport };

/**
 * Binds the sockets and starts the I/O thread. Throws `ConfigError`, with the key of the setting, when an
 * address is not this machine's, the UDP port is in use, or a setting has no usable value.
 */
export function openSctpStack({ transport, ...options }: OpenOptions): SctpStack {
  // Whoever names a UDP port wants it used.
  const namesUdpPort = Boolean(options.udpPort) || options.remoteUdpPort !== undefined;
  const automatic = namesUdpPort ? 'udp' : automaticBackend();
  const backend = transport === 'auto' ? automatic : transport;
  return new NativeStack(backend, completeStackOptions(options));
}

/** What `auto` takes on this machine, now: a module may be loaded or unloaded. */
export function automaticBackend(): 'kernel' | 'udp' {
  return addon().kernelSctpRefusal() === null ? 'kernel' : 'udp';
}
