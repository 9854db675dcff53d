/**
 * Error causes in words (RFC 5354 §3.12), for messages and logs. Understands what the RFC and rsplib put into a
 * cause: the parameter or message that was refused, or an example of what the pool uses.
 */

import { formatAddress } from '../types.ts';
import { readU16 } from './bytes.ts';
import { decodePolicyParameter, decodeTransportParameter } from './parameter-codec.ts';
import {
  CAUSE,
  type ErrorCause,
  PARAMETER,
  type Policy,
  RSPLIB_CAUSE,
  type TransportParameter,
  type TransportProtocol,
} from './parameters.ts';

/** What was asked for, so that a cause can say how the pool differs from it. */
export interface RejectedRequest {
  readonly policy?: Policy | undefined;
  readonly userTransport?: TransportParameter | undefined;
}

/** Returns a clause such as "the pool uses leastUsed, not roundRobin (cause 5)", one for each cause. */
export function describeCauses(
  causes: readonly ErrorCause[],
  request: RejectedRequest = {},
): string {
  if (causes.length === 0) return 'no cause was given';
  return causes.map((cause) => describeCause(cause, request)).join('; ');
}

function describeCause({ code, info }: ErrorCause, request: RejectedRequest): string {
  const describe = DESCRIPTIONS[code];
  if (describe === undefined) return `the cause is not known (cause ${numberOf(code)})`;
  const text = typeof describe === 'string' ? describe : describe(info, request);
  return `${text} (cause ${numberOf(code)})`;
}

/** Codes of the RFC as it writes them, private ones in hexadecimal. */
function numberOf(code: number): string {
  return code <= CAUSE.REJECTED_FOR_SECURITY ? String(code) : `0x${code.toString(16)}`;
}

type Description = string | ((info: Uint8Array, request: RejectedRequest) => string);

const DESCRIPTIONS: Readonly<Record<number, Description>> = {
  [CAUSE.UNSPECIFIED]: 'the registrar does not say why',
  [CAUSE.UNRECOGNIZED_PARAMETER]: (info) =>
    `the registrar does not recognize ${parameterText(info) ?? 'a parameter'}`,
  [CAUSE.UNRECOGNIZED_MESSAGE]: (info) => {
    const type = info.length === 0 ? '' : ` of type 0x${hexOf(info[0] as number, 2)}`;
    return `the registrar does not recognize a message${type}`;
  },
  [CAUSE.INVALID_VALUES]: invalidValues,
  [CAUSE.NON_UNIQUE_PE_IDENTIFIER]: 'another pool element of the pool has this identifier',
  [CAUSE.INCONSISTENT_POOLING_POLICY]: inconsistentPolicy,
  [CAUSE.LACK_OF_RESOURCES]: 'a limit of the registrar is reached',
  [CAUSE.INCONSISTENT_TRANSPORT_TYPE]: inconsistentTransport,
  [CAUSE.INCONSISTENT_DATA_CONTROL]:
    'the pool differs in whether user transports have a control channel',
  [CAUSE.UNKNOWN_POOL_HANDLE]: 'the registrar does not know the pool',
  [CAUSE.REJECTED_FOR_SECURITY]: 'the registrar rejects it for security reasons',
  [CAUSE.RSPLIB_NO_USABLE_ASAP_ADDRESSES]: 'no address of the association is usable for ASAP',
  [CAUSE.RSPLIB_NO_USABLE_USER_ADDRESSES]: 'no address of the user transport is usable',
  [RSPLIB_CAUSE.INVALID_MESSAGE]: 'the message is invalid',
  [RSPLIB_CAUSE.INVALID_VALUE]: invalidValues,
  [RSPLIB_CAUSE.UNRECOGNIZED_PARAMETER_SILENT]: 'the registrar does not recognize a parameter',
  [RSPLIB_CAUSE.WRONG_PROTOCOL]: inconsistentTransport,
  [RSPLIB_CAUSE.UNSUPPORTED_POLICY]: (_info, { policy }) => unsupportedPolicy(policy),
  [RSPLIB_CAUSE.INVALID_ID]: 'the identifier is invalid',
  [RSPLIB_CAUSE.OWN_ID]: "the identifier is the registrar's own",
  [RSPLIB_CAUSE.DUPLICATE_ID]: 'the identifier is in use already',
  [RSPLIB_CAUSE.INVALID_POLICY]: 'the policy is invalid',
  [RSPLIB_CAUSE.INVALID_POOL_HANDLE]: 'the pool handle is invalid',
  [RSPLIB_CAUSE.INVALID_ADDRESSES]: 'the addresses of the user transport are invalid',
  [RSPLIB_CAUSE.INVALID_REGISTRAR]: 'the ASAP transport is invalid',
};

/** RFC 5354 §3.12.6: shows the policy of the pool. rsplib shows nothing. */
function inconsistentPolicy(info: Uint8Array, { policy }: RejectedRequest): string {
  const used = read(info, decodePolicyParameter);
  if (used === undefined) return 'the pool uses another policy';
  if (policy === undefined) return `the pool uses ${policyName(used)}`;
  // Without a pool to show, a registrar of ours shows what it was sent.
  if (policyName(used) === policyName(policy)) return unsupportedPolicy(policy);
  return `the pool uses ${policyName(used)}, not ${policyName(policy)}`;
}

function unsupportedPolicy(policy: Policy | undefined): string {
  const name = policy === undefined ? '' : ` ${policyName(policy)}`;
  return `the registrar does not support the policy${name}`;
}

/** Returns the name of a policy as settings spell it; only a type without a name is shown as a number. */
export function policyName(policy: Policy): string {
  return policy.type === 'unknown' ? `policy type 0x${hexOf(policy.policyType, 8)}` : policy.type;
}

/** RFC 5354 §3.12.8: shows a transport of the pool. */
function inconsistentTransport(info: Uint8Array, { userTransport }: RejectedRequest): string {
  const used = read(info, decodeTransportParameter);
  if (used === undefined) return 'the pool uses another transport protocol';
  const other = userTransport === undefined ? '' : `, not ${PROTOCOL_NAME[userTransport.protocol]}`;
  return `the pool uses ${PROTOCOL_NAME[used.protocol]} transports${other}`;
}

export const PROTOCOL_NAME: Readonly<Record<TransportProtocol, string>> = {
  sctp: 'SCTP',
  tcp: 'TCP',
  udp: 'UDP',
  'udp-lite': 'UDP-Lite',
  dccp: 'DCCP',
  opaque: 'opaque',
};

/** RFC 5354 §3.12.4: shows the parameter. */
function invalidValues(info: Uint8Array): string {
  const parameter = parameterText(info);
  return parameter === undefined ? 'a value is invalid' : `invalid values in ${parameter}`;
}

/** Returns the name of the parameter with which `info` begins, and the values that identify it. */
function parameterText(info: Uint8Array): string | undefined {
  if (info.length < 2) return undefined;
  const transport = read(info, decodeTransportParameter);
  if (transport !== undefined) return `the ${transportText(transport)}`;
  const type = readU16(info, 0);
  const policy = type === PARAMETER.POLICY ? read(info, decodePolicyParameter) : undefined;
  if (policy !== undefined) return `the policy ${policyName(policy)}`;
  return PARAMETER_NAME[type] ?? `the parameter 0x${hexOf(type, 4)}`;
}

function transportText(transport: TransportParameter): string {
  const name = `${PROTOCOL_NAME[transport.protocol]} transport`;
  if (transport.protocol === 'opaque') return name;
  const { port, addresses } = transport;
  return `${name} ${addresses.map((address) => formatAddress({ address, port })).join(' ')}`;
}

const PARAMETER_NAME: Readonly<Record<number, string>> = {
  [PARAMETER.IPV4_ADDRESS]: 'the IPv4 address',
  [PARAMETER.IPV6_ADDRESS]: 'the IPv6 address',
  [PARAMETER.DCCP_TRANSPORT]: 'the DCCP transport',
  [PARAMETER.SCTP_TRANSPORT]: 'the SCTP transport',
  [PARAMETER.TCP_TRANSPORT]: 'the TCP transport',
  [PARAMETER.UDP_TRANSPORT]: 'the UDP transport',
  [PARAMETER.UDP_LITE_TRANSPORT]: 'the UDP-Lite transport',
  [PARAMETER.OPAQUE_TRANSPORT]: 'the opaque transport',
  [PARAMETER.POLICY]: 'the policy',
  [PARAMETER.POOL_HANDLE]: 'the pool handle',
  [PARAMETER.POOL_ELEMENT]: 'the pool element',
  [PARAMETER.SERVER_INFORMATION]: 'the server information',
  [PARAMETER.OPERATION_ERROR]: 'the operation error',
  [PARAMETER.COOKIE]: 'the cookie',
  [PARAMETER.PE_IDENTIFIER]: 'the pool element identifier',
  [PARAMETER.PE_CHECKSUM]: 'the checksum',
  [PARAMETER.HANDLE_RESOLUTION_OPTION]: 'the handle resolution option',
};

/** Returns `undefined` for what cannot be read: a peer may put anything into a cause. */
function read<Value>(info: Uint8Array, decode: (info: Uint8Array) => Value): Value | undefined {
  try {
    return decode(info);
  } catch {
    return undefined;
  }
}

function hexOf(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
