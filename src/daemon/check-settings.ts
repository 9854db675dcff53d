/** What a registrar cannot be told is said before anything is opened: a ConfigError that names the setting. */

import { isIP } from 'node:net';
import { ConfigError } from '../errors.ts';
import type { SctpAddress } from '../types.ts';
import type { EnrpSettings, RegistrarSettings } from './settings.ts';

/** The settings of the machines and of the transport are checked by those. */
export function checkSettings({ id, asap }: RegistrarSettings, enrp: EnrpSettings = {}): void {
  checkWhole('id', id, 0xffff_ffff);
  checkWhole('asap.port', asap?.port, MAX_PORT);
  checkWhole('asap.announceTtl', asap?.announceTtl, MAX_TTL);
  checkWhole('enrp.port', enrp.port, MAX_PORT);
  checkWhole('enrp.announceTtl', enrp.announceTtl, MAX_TTL);
  checkPeers(enrp.peers);
}

const MAX_PORT = 65_535;
const MAX_TTL = 255;

function checkWhole(key: string, value = 1, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  throw new ConfigError(key, `${key} is ${value}: give a whole number from 1 to ${max}.`);
}

/** Each is the addresses of one registrar. */
function checkPeers(peers: EnrpSettings['peers'] = []): void {
  if (!Array.isArray(peers)) throw wrongPeer('', peers, 'give a list of peers');
  for (const [index, peer] of peers.entries()) {
    const where = `[${index}]`;
    if (!Array.isArray(peer) || peer.length === 0) {
      throw wrongPeer(where, peer, 'give a list of its addresses, [{ address, port }]');
    }
    for (const one of peer) checkPeerAddress(where, one);
    if (peer.some(({ port }) => port !== peer[0].port)) {
      throw wrongPeer(where, peer, 'all addresses of a registrar have the same port');
    }
  }
}

function checkPeerAddress(where: string, one: Partial<SctpAddress> | undefined): void {
  const { address = '', port = 0 } = one ?? {};
  if (isIP(address) === 0) throw wrongPeer(where, one, 'give an IP address in numbers');
  if (!Number.isInteger(port) || port < 1 || port > MAX_PORT) {
    throw wrongPeer(where, one, `give a port from 1 to ${MAX_PORT}`);
  }
}

function wrongPeer(where: string, what: unknown, hint: string): ConfigError {
  return new ConfigError('enrp.peers', `enrp.peers${where} is ${JSON.stringify(what)}: ${hint}.`);
}
