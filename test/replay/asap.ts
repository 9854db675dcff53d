/** ASAP as the replay sees it: what its probes and their acknowledgements are (RFC 5352 §2.2.7, §2.2.8). */

import { formatId, formatPoolHandle } from '../../src/types.ts';
import { decodeAsap } from '../../src/wire/asap.ts';
import type { ReplayedProtocol } from './recording.ts';

const KEEP_ALIVE = 0x07;
const KEEP_ALIVE_ACK = 0x08;

export const ASAP: ReplayedProtocol = {
  decode: (bytes) => decodeAsap(bytes),
  subjectOfProbe: (bytes) => (bytes[0] === KEEP_ALIVE ? poolElementIn(bytes) : undefined),
  subjectOfAcknowledgement: (bytes) =>
    bytes[0] === KEEP_ALIVE_ACK ? poolElementIn(bytes) : undefined,
};

function poolElementIn(bytes: Uint8Array): string | undefined {
  const message = decodeAsap(bytes);
  if (!('poolElementId' in message) || message.poolElementId === undefined) return undefined;
  return `${formatPoolHandle(message.poolHandle)}/${formatId(message.poolElementId)}`;
}
