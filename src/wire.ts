/**
 * `rserpool/wire`: the ASAP and ENRP codecs alone. Pure functions and types; importing it opens nothing.
 */

export { ConfigError, DecodeError, type RefusedMessage } from './errors.ts';
export {
  formatId,
  formatPoolHandle,
  type IpAddress,
  type Milliseconds,
  PAYLOAD_PROTOCOL,
  type PoolElementId,
  poolElementId,
  type RegistrarId,
  registrarId,
} from './types.ts';
export { formatIpAddress, parseIpAddress } from './wire/addresses.ts';
export { decodeAsap, encodeAsap, encodeAsapInto } from './wire/asap.ts';
export type * from './wire/asap-messages.ts';
export { HandleResolutionView, KeepAliveAckView } from './wire/asap-views.ts';
export { decodeEnrp, encodeEnrp, encodeEnrpInto } from './wire/enrp.ts';
export * from './wire/enrp-messages.ts';
export type { Decoded } from './wire/message-codec.ts';
export {
  decodePolicyParameter,
  decodePoolElementParameter,
  decodeTransportParameter,
  encodePolicyParameter,
  encodePoolElementIdParameter,
  encodePoolElementParameter,
  encodePoolHandleParameter,
  encodeTransportParameter,
} from './wire/parameter-codec.ts';
export * from './wire/parameters.ts';
export { policyTypeCode } from './wire/policies.ts';
