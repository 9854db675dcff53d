/** fast-check generators of everything that the codecs can read and write. */

import fc from 'fast-check';
import type { PoolElementId, RegistrarId } from '../../src/types.ts';
import { formatIpAddress } from '../../src/wire/addresses.ts';
import type { AsapMessage } from '../../src/wire/asap-messages.ts';
import type { EnrpMessage, ServerInformation } from '../../src/wire/enrp-messages.ts';
import {
  encodePolicyParameter,
  encodePoolElementIdParameter,
  encodeTransportParameter,
} from '../../src/wire/parameter-codec.ts';
import {
  CAUSE,
  type ErrorCause,
  type Policy,
  type PoolElementParameter,
  type Profile,
  type TransportParameter,
} from '../../src/wire/parameters.ts';

const octets = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
);
const id = u32.filter((value) => value !== 0);

export const poolHandle = octets(1, 40);
export const poolElementId = id as fc.Arbitrary<PoolElementId>;
export const registrarId = id as fc.Arbitrary<RegistrarId>;

export const ipAddress = fc
  .oneof(octets(4, 4), octets(16, 16), fc.constant(new Uint8Array(16)))
  .map(formatIpAddress);

const port = fc.integer({ min: 1, max: 0xffff });
const oneAddress = fc.tuple(ipAddress);
const addresses = fc.array(ipAddress, { minLength: 1, maxLength: 5 });

const sctpTransport: fc.Arbitrary<TransportParameter & { protocol: 'sctp' }> = fc.record({
  protocol: fc.constant('sctp'),
  port,
  transportUse: u16,
  addresses,
});
const tcpTransport: fc.Arbitrary<TransportParameter> = fc.record({
  protocol: fc.constant('tcp'),
  port,
  transportUse: u16,
  addresses: oneAddress,
});
export const transport: fc.Arbitrary<TransportParameter> = fc.oneof(
  sctpTransport,
  tcpTransport,
  fc.record({
    protocol: fc.constantFrom('udp', 'udp-lite'),
    port,
    transportUse: u16,
    addresses: oneAddress,
  }),
  fc.record({
    protocol: fc.constant('dccp'),
    port,
    transportUse: u16,
    serviceCode: u32,
    addresses: oneAddress,
  }),
  fc.record({ protocol: fc.constant('opaque'), bytes: octets(0, 9) }),
);

const values = {
  weight: u32,
  priority: u32,
  load: u32,
  loadDegradation: u32,
  weightDpf: u32,
  loadDpf: u32,
  distanceMs: u32,
};
type ValueName = keyof typeof values;

/** The values of every policy that the codec knows, named once more: `policies.ts` is what is tested. */
const POLICY_VALUES: Readonly<Record<Exclude<Policy['type'], 'unknown'>, readonly ValueName[]>> = {
  roundRobin: [],
  weightedRoundRobin: ['weight'],
  random: [],
  weightedRandom: ['weight'],
  priority: ['priority'],
  leastUsed: ['load'],
  leastUsedDegradation: ['load', 'loadDegradation'],
  priorityLeastUsed: ['load', 'loadDegradation'],
  randomizedLeastUsed: ['load'],
  randomizedPriorityLeastUsed: ['load', 'loadDegradation'],
  randomizedLeastUsedDegradation: ['load', 'loadDegradation'],
  priorityLeastUsedDegradation: ['load', 'loadDegradation'],
  randomizedPriorityLeastUsedDegradation: ['load', 'loadDegradation'],
  weightedRandomDpf: ['weight', 'weightDpf', 'distanceMs'],
  leastUsedDpf: ['load', 'loadDpf', 'distanceMs'],
  leastUsedDegradationDpf: ['load', 'loadDegradation', 'loadDpf', 'distanceMs'],
};

const knownPolicies = Object.entries(POLICY_VALUES).map(([type, names]) =>
  fc.record({
    type: fc.constant(type),
    ...Object.fromEntries(names.map((name) => [name, values[name]])),
  }),
) as unknown as fc.Arbitrary<Policy>[];

export const policy: fc.Arbitrary<Policy> = fc.oneof(
  ...knownPolicies,
  fc.record({
    type: fc.constant('unknown'),
    policyType: fc.constantFrom(0x0000_0077, 0xb000_2004, 0xb000_2005, 0xffff_ffff),
    bytes: octets(0, 9),
  }),
);

const infinite = fc.constant(Number.POSITIVE_INFINITY);
const lifeMs: Readonly<Record<Profile, fc.Arbitrary<number>>> = {
  rsplib: fc.oneof(infinite, fc.integer({ min: 0, max: 0xffff_fffe })),
  rfc: fc.oneof(
    infinite,
    fc.integer({ min: 1, max: 0x7fff_ffff }).map((seconds) => seconds * 1000),
  ),
};

export const poolElement = (profile: Profile): fc.Arbitrary<PoolElementParameter> =>
  fc.record(
    {
      id: poolElementId,
      homeRegistrarId: u32 as fc.Arbitrary<RegistrarId>,
      lifeMs: lifeMs[profile],
      userTransport: transport,
      policy,
      asapTransport: sctpTransport,
    },
    { requiredKeys: ['id', 'homeRegistrarId', 'lifeMs', 'userTransport', 'policy'] },
  ) as fc.Arbitrary<PoolElementParameter>;

const anyCause: fc.Arbitrary<ErrorCause> = fc.record({ code: u16, info: octets(0, 9) });
const noCauses = fc.constant([]);

/** A cause with the information that RFC 5354 §3.12 gives it. */
export const sensibleCause: fc.Arbitrary<ErrorCause> = fc.oneof(
  causeOf([CAUSE.UNSPECIFIED, CAUSE.UNKNOWN_POOL_HANDLE, 0xf007], fc.constant(new Uint8Array())),
  causeOf([CAUSE.UNRECOGNIZED_PARAMETER], fc.constant(Uint8Array.of(0x4a, 0xbc, 0, 4))),
  causeOf([CAUSE.UNRECOGNIZED_MESSAGE], fc.constant(Uint8Array.of(0x4a, 0, 0, 4))),
  causeOf([CAUSE.INVALID_VALUES], poolElementId.map(encodePoolElementIdParameter)),
  causeOf([CAUSE.INCONSISTENT_POOLING_POLICY], policy.map(encodePolicyParameter)),
  causeOf([CAUSE.INCONSISTENT_TRANSPORT_TYPE], tcpTransport.map(encodeTransportParameter)),
);

function causeOf(codes: number[], info: fc.Arbitrary<Uint8Array>): fc.Arbitrary<ErrorCause> {
  return fc.record({ code: fc.constantFrom(...codes), info });
}

type Generators<Message extends { readonly type: string }> = {
  readonly [Type in Message['type']]: fc.Arbitrary<Message & { readonly type: Type }>;
};

/** One generator for each message type. */
export const asapMessages = (profile: Profile, cause = anyCause): Generators<AsapMessage> => {
  const causes = fc.array(cause, { minLength: 1, maxLength: 3 });
  const element = poolElement(profile);
  const elements = fc.array(element, { minLength: 1, maxLength: 4 });
  const repeatedId = u32 as fc.Arbitrary<PoolElementId>;
  return {
    ASAP_REGISTRATION: fc.record({
      type: fc.constant('ASAP_REGISTRATION'),
      poolHandle,
      poolElement: element,
    }),
    ASAP_DEREGISTRATION: fc.record({
      type: fc.constant('ASAP_DEREGISTRATION'),
      poolHandle,
      poolElementId,
    }),
    ASAP_REGISTRATION_RESPONSE: fc.record({
      type: fc.constant('ASAP_REGISTRATION_RESPONSE'),
      poolHandle,
      poolElementId: repeatedId,
      isRejected: fc.boolean(),
      errors: fc.oneof(noCauses, causes),
    }),
    ASAP_DEREGISTRATION_RESPONSE: fc.record({
      type: fc.constant('ASAP_DEREGISTRATION_RESPONSE'),
      poolHandle,
      poolElementId: repeatedId,
      errors: fc.oneof(noCauses, causes),
    }),
    ASAP_HANDLE_RESOLUTION: fc.record(
      {
        type: fc.constant('ASAP_HANDLE_RESOLUTION'),
        wantsUpdates: fc.boolean(),
        poolHandle,
        items: u32,
      },
      { requiredKeys: ['type', 'wantsUpdates', 'poolHandle'] },
    ),
    ASAP_HANDLE_RESOLUTION_RESPONSE: fc
      .record(
        {
          type: fc.constant('ASAP_HANDLE_RESOLUTION_RESPONSE'),
          acceptsUpdates: fc.boolean(),
          poolHandle,
          policy,
          poolElements: fc.oneof(fc.constant([]), elements),
          errors: fc.oneof(noCauses, causes),
        },
        { requiredKeys: ['type', 'acceptsUpdates', 'poolHandle', 'poolElements', 'errors'] },
      )
      .filter(({ poolElements, errors }) => poolElements.length + errors.length > 0),
    ASAP_ENDPOINT_KEEP_ALIVE: fc.record(
      {
        type: fc.constant('ASAP_ENDPOINT_KEEP_ALIVE'),
        wantsToBeHome: fc.boolean(),
        registrarId,
        poolHandle,
        poolElementId,
      },
      { requiredKeys: ['type', 'wantsToBeHome', 'registrarId', 'poolHandle'] },
    ),
    ASAP_ENDPOINT_KEEP_ALIVE_ACK: fc.record({
      type: fc.constant('ASAP_ENDPOINT_KEEP_ALIVE_ACK'),
      poolHandle,
      poolElementId,
    }),
    ASAP_ENDPOINT_UNREACHABLE: fc.record({
      type: fc.constant('ASAP_ENDPOINT_UNREACHABLE'),
      poolHandle,
      poolElementId,
    }),
    ASAP_SERVER_ANNOUNCE: fc.record({
      type: fc.constant('ASAP_SERVER_ANNOUNCE'),
      registrarId,
      transports: fc.array(fc.oneof(sctpTransport, tcpTransport), { maxLength: 3 }),
    }),
    ASAP_COOKIE: fc.record({ type: fc.constant('ASAP_COOKIE'), cookie: octets(1, 40) }),
    ASAP_COOKIE_ECHO: fc.record({ type: fc.constant('ASAP_COOKIE_ECHO'), cookie: octets(1, 40) }),
    ASAP_BUSINESS_CARD: fc.record({
      type: fc.constant('ASAP_BUSINESS_CARD'),
      poolHandle,
      poolElements: elements,
    }),
    ASAP_ERROR: fc.record({ type: fc.constant('ASAP_ERROR'), errors: causes }),
  };
};

export const asapMessage = (profile: Profile): fc.Arbitrary<AsapMessage> =>
  fc.oneof(...Object.values(asapMessages(profile)));

const serverInformation = (id: fc.Arbitrary<number>): fc.Arbitrary<ServerInformation> =>
  fc.record({ id: id as fc.Arbitrary<RegistrarId>, transport: sctpTransport });

/** One generator for each message type. */
export const enrpMessages = (profile: Profile, cause = anyCause): Generators<EnrpMessage> => {
  const ids = { senderId: registrarId, receiverId: u32 as fc.Arbitrary<RegistrarId> };
  const aboutTakeover = { ...ids, targetId: registrarId };
  const element = fc
    .tuple(poolElement(profile), registrarId)
    .map(([one, homeRegistrarId]) => ({ ...one, homeRegistrarId }));
  const entry = fc.record({
    poolHandle,
    poolElements: fc.array(element, { minLength: 1, maxLength: 3 }),
  });
  return {
    ENRP_PRESENCE: fc.record(
      {
        type: fc.constant('ENRP_PRESENCE'),
        ...ids,
        wantsReply: fc.boolean(),
        checksum: u16,
        serverInformation: serverInformation(id),
      },
      { requiredKeys: ['type', 'senderId', 'receiverId', 'wantsReply'] },
    ),
    ENRP_HANDLE_TABLE_REQUEST: fc.record({
      type: fc.constant('ENRP_HANDLE_TABLE_REQUEST'),
      ...ids,
      ownOnly: fc.boolean(),
    }),
    ENRP_HANDLE_TABLE_RESPONSE: fc.record({
      type: fc.constant('ENRP_HANDLE_TABLE_RESPONSE'),
      ...ids,
      isRejected: fc.boolean(),
      hasMore: fc.boolean(),
      entries: fc.array(entry, { maxLength: 3 }),
    }),
    ENRP_HANDLE_UPDATE: fc.record({
      type: fc.constant('ENRP_HANDLE_UPDATE'),
      ...ids,
      suggestsTakeover: fc.boolean(),
      action: fc.oneof(fc.constantFrom(0, 1), u16),
      poolHandle,
      poolElement: element,
    }),
    ENRP_LIST_REQUEST: fc.record({ type: fc.constant('ENRP_LIST_REQUEST'), ...ids }),
    ENRP_LIST_RESPONSE: fc.record({
      type: fc.constant('ENRP_LIST_RESPONSE'),
      ...ids,
      isRejected: fc.boolean(),
      servers: fc.array(serverInformation(u32), { maxLength: 4 }),
    }),
    ENRP_INIT_TAKEOVER: fc.record({ type: fc.constant('ENRP_INIT_TAKEOVER'), ...aboutTakeover }),
    ENRP_INIT_TAKEOVER_ACK: fc.record({
      type: fc.constant('ENRP_INIT_TAKEOVER_ACK'),
      ...aboutTakeover,
    }),
    ENRP_TAKEOVER_SERVER: fc.record({
      type: fc.constant('ENRP_TAKEOVER_SERVER'),
      ...aboutTakeover,
    }),
    ENRP_ERROR: fc.record({
      type: fc.constant('ENRP_ERROR'),
      senderId: u32 as fc.Arbitrary<RegistrarId>,
      receiverId: u32 as fc.Arbitrary<RegistrarId>,
      errors: fc.array(cause, { minLength: 1, maxLength: 3 }),
    }),
  };
};

export const enrpMessage = (profile: Profile): fc.Arbitrary<EnrpMessage> =>
  fc.oneof(...Object.values(enrpMessages(profile)));
