/** Error causes as the procedures make them (RFC 5354 §3.12). */

import { EMPTY } from '../../wire/bytes.ts';
import {
  encodePolicyParameter,
  encodePoolHandleParameter,
  encodeTransportParameter,
} from '../../wire/parameter-codec.ts';
import type { ErrorCause, Policy, TransportParameter } from '../../wire/parameters.ts';

export function cause(code: number, info: Uint8Array = EMPTY): ErrorCause {
  // Nobody needs to see more of his own bytes, and every answer must fit in a message.
  return { code, info: info.length > MAX_INFO_BYTES ? EMPTY : info };
}

/** Room for a transport of 64 IPv6 addresses. */
const MAX_INFO_BYTES = 1_400;

export function causeWithPolicy(code: number, policy: Policy): ErrorCause {
  return cause(code, encodePolicyParameter(policy));
}

export function causeWithTransport(code: number, transport: TransportParameter): ErrorCause {
  return cause(code, encodeTransportParameter(transport));
}

export function causeWithPoolHandle(code: number, poolHandle: Uint8Array): ErrorCause {
  return cause(code, encodePoolHandleParameter(poolHandle));
}
