/**
 * Server announces by UDP multicast (RFC 5352 §2.2.10, §3.6): datagrams out on every interface that can,
 * datagrams in with the address and port they came from. What stands in them, and when they are due, is the
 * protocol's business; a machine without multicast works with a static list of registrars.
 */

import type { IpAddress } from '../types.ts';
import { MulticastListener } from './announce-listener.ts';
import { MulticastSender } from './announce-sender.ts';
import type { SctpBackend } from './transport.ts';

/** Where registrars that speak SCTP as it is announce themselves: rsplib's group. */
export const ASAP_ANNOUNCE_GROUP = { address: '239.0.0.50', port: 3863 } as const;
/** Where those announce themselves that speak SCTP over UDP. */
const ASAP_ANNOUNCE_GROUP_OVER_UDP = { address: '239.0.0.60', port: 3863 } as const;

/** The same of ENRP. */
const ENRP_ANNOUNCE_GROUP = { address: '239.0.0.51', port: 9901 } as const;
const ENRP_ANNOUNCE_GROUP_OVER_UDP = { address: '239.0.0.61', port: 9901 } as const;

export interface AnnounceGroup {
  /** A multicast address, IPv4 or IPv6. */
  readonly address: IpAddress;
  readonly port: number;
}

export interface AnnounceOptions {
  readonly group: AnnounceGroup;
  /**
   * Local addresses whose interfaces to use: those of the SCTP stack, for a receiver takes a datagram's
   * source address for the registrar's. Default: one of each interface.
   */
  readonly interfaces?: readonly IpAddress[];
  /**
   * Called when announces cannot be sent or received, or not on every interface, with a sentence for the log;
   * again only after they have worked on all of them. Nothing is thrown, before or after.
   */
  onProblem(message: string): void;
}

export interface AnnounceSenderOptions extends AnnounceOptions {
  /** The SCTP port of ASAP or ENRP: rsplib takes the datagram's source port for it (decision 2). */
  readonly sourcePort: number;
  /** Routers that an announce may pass. Default 30. */
  readonly ttl?: number | undefined;
}

export interface AnnounceSender {
  /** Sends one copy per interface; best effort. `payload` may be reused afterwards. */
  send(payload: Uint8Array): void;
  /** Sends on these interfaces from now on: a new value of the option. */
  use(interfaces: readonly IpAddress[]): void;
  close(): void;
}

export interface AnnounceHandler {
  onAnnounce(payload: Uint8Array, address: IpAddress, port: number): void;
}

export interface AnnounceListener {
  /** Listens on these interfaces from now on: a new value of the option. */
  use(interfaces: readonly IpAddress[]): void;
  close(): void;
}

/**
 * The group for registrars on a backend. Two of them, so that nobody is drawn to a registrar that does not
 * speak SCTP as he does (decision 44).
 */
export function asapAnnounceGroup(backend: SctpBackend): AnnounceGroup {
  const isNative = backend === 'kernel' || backend === 'raw';
  return isNative ? ASAP_ANNOUNCE_GROUP : ASAP_ANNOUNCE_GROUP_OVER_UDP;
}

/** The same for presences. */
export function enrpAnnounceGroup(backend: SctpBackend): AnnounceGroup {
  const isNative = backend === 'kernel' || backend === 'raw';
  return isNative ? ENRP_ANNOUNCE_GROUP : ENRP_ANNOUNCE_GROUP_OVER_UDP;
}

/**
 * Opens a socket for each interface, bound to the source port. Interfaces may go and come back, also another
 * one with the same name and address: their sockets are opened again. Neither a sender nor a listener keeps
 * the process alive.
 */
export function openAnnounceSender(options: AnnounceSenderOptions): AnnounceSender {
  return new MulticastSender(options);
}

/** Opens one socket that is a member of the group on every interface, also after it was replaced. */
export function openAnnounceListener(options: AnnounceOptions & AnnounceHandler): AnnounceListener {
  return new MulticastListener(options);
}
