/** What a stack of the `memory` backend needs of the network that it is connected to, which is `memory.ts`. */

import type { IpAddress } from '../types.ts';
import type { MemoryEndpoint } from './memory-endpoint.ts';
import type { TimedEvent } from './memory-events.ts';
import type { Packet } from './memory-packet.ts';
import type { MemoryStack } from './memory-stack.ts';

export interface MemoryWire {
  transmit(from: MemoryStack, to: IpAddress, packet: Packet): void;
  schedule(delayMs: number, run: () => void, isBackground: boolean): TimedEvent;
  cancel(event: TimedEvent | undefined): void;
  /** The next number that no stack of this network has used: tags and association identifiers. */
  nextNumber(): number;
  /** `endBatch` is called once when nothing more happens at this instant. */
  touch(endpoint: MemoryEndpoint): void;
  remove(stack: MemoryStack): void;
}
