/** The settings of a registrar as a table: what cannot be used is said before anything is opened. */

import { ConfigError } from '../errors.ts';
import { enrpOptions } from '../protocol/enrp/options.ts';
import { logger } from '../protocol/logger.ts';
import { registrarOptions } from '../protocol/registrar/options.ts';
import type { AddressSource } from '../runtime/host-addresses.ts';
import { type Kind, listOf, optional, orFalse, whole } from '../settings/kind.ts';
import { record } from '../settings/record.ts';
import { identifier, localAddresses, port, portOrAny, sctpAddress } from '../settings/values.ts';
import { transportName } from '../transport/open.ts';
import { associationCount, autocloseMs, slowReaderTimeoutMs } from '../transport/options.ts';
import type { SctpAddress } from '../types.ts';
import type { EnrpSettings, RegistrarSettings } from './settings.ts';

/** Routers that a datagram may pass. */
const announceTtl = optional(whole(1, 255));

const addressSource: Kind<AddressSource> = {
  expected: `${localAddresses.expected}, or a function that returns one`,
  read: (value, path) =>
    typeof value === 'function' ? (value as AddressSource) : localAddresses.read(value, path),
};

const announce = optional(orFalse(sctpAddress));

const addressesOfPeer = listOf(sctpAddress, {
  ...{ expected: 'a list of its addresses, [{ address, port }]', least: 1 },
});

/** The addresses of one registrar. */
const peer: Kind<readonly SctpAddress[]> = {
  expected: addressesOfPeer.expected,
  read(value, path) {
    const places = addressesOfPeer.read(value, path);
    for (const [index, { address, port }] of places.entries()) {
      const where = `${path}[${index}]`;
      if (port !== places[0]?.port) {
        throw wrongPeer(`${where}.port is ${port}: all addresses of a peer have the same port.`);
      }
      if (places.findIndex((one) => one.address === address) < index) {
        throw wrongPeer(`${where}.address is ${address} again: give each address once.`);
      }
    }
    return places;
  },
};

function wrongPeer(sentence: string): ConfigError {
  return new ConfigError('enrp.peers', sentence);
}

const ENRP = record<EnrpSettings>({
  port: optional(port),
  peers: optional(listOf(peer, { expected: 'a list of peers, each a list of its addresses' })),
  announce,
  announceTtl,
  options: optional(enrpOptions),
});

const enrp: Kind<EnrpSettings | boolean> = {
  expected: `${ENRP.expected}, or true or false`,
  read: (value, path) => (typeof value === 'boolean' ? value : ENRP.read(value, path)),
};

/** Checks the settings of a registrar. Throws ConfigError that names the one which cannot be used. */
export const registrarSettings: Kind<RegistrarSettings> = record({
  id: optional(identifier),
  asap: optional(
    record<NonNullable<RegistrarSettings['asap']>>({
      addresses: optional(addressSource),
      port: optional(port),
      announce,
      announceTtl,
    }),
  ),
  enrp: optional(enrp),
  transport: optional(transportName),
  udpPort: optional(portOrAny),
  autocloseMs: optional(autocloseMs),
  maxAssociations: optional(associationCount),
  maxAssociationsPerHost: optional(associationCount),
  slowReaderTimeoutMs: optional(slowReaderTimeoutMs),
  registrar: optional(registrarOptions),
  log: optional(logger),
});
