/** Opens the SCTP stack that a process runs on. What each setting means is in `transport.ts`. */

import { NativeStack } from './native-stack.ts';
import { completeStackOptions, type PartialStackOptions } from './options.ts';
import type { SctpStack } from './transport.ts';

/** `auto`: the best that this machine offers, which today is `udp` everywhere. */
export type Transport = 'auto' | 'udp';

/** Addresses are needed, the rest has the defaults of `options.ts`. */
export type OpenOptions = PartialStackOptions & { readonly transport: Transport };

/**
 * Binds the sockets and starts the I/O thread. Throws `ConfigError`, with the key of the setting, when an
 * address is not this machine's, the UDP port is in use, or a setting has no usable value.
 */
export function openSctpStack({ transport: _transport, ...options }: OpenOptions): SctpStack {
  return new NativeStack('udp', completeStackOptions(options));
}
