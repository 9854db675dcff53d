/**
 * Server announces by UDP multicast (RFC 5352 §2.2.10, §3.6): datagrams out on every interface that can,
 * datagrams in with the address and port they came from. What stands in them, and when they are due, is the
 * protocol's business; a machine without multicast works with a static list of registrars.
 */

import { createSocket, type Socket, type SocketType } from 'node:dgram';
import { isIPv4, isIPv6 } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { formatAddress, type IpAddress } from '../types.ts';
import type { SctpBackend } from './transport.ts';

/** Where registrars that speak SCTP as it is announce themselves: rsplib's group. */
export const ASAP_ANNOUNCE_GROUP = { address: '239.0.0.50', port: 3863 } as const;
/** Where those announce themselves that speak SCTP over UDP. */
const ASAP_ANNOUNCE_GROUP_OVER_UDP = { address: '239.0.0.60', port: 3863 } as const;

/** The same of ENRP. */
const ENRP_ANNOUNCE_GROUP = { address: '239.0.0.51', port: 9901 } as const;
const ENRP_ANNOUNCE_GROUP_OVER_UDP = { address: '239.0.0.61', port: 9901 } as const;

/** rsplib's value (RSERPOOL multicast TTL). */
const DEFAULT_TTL = 30;

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
   * Called at most once, when announces cannot be sent or received, or not on every interface: a sentence
   * for the log. Nothing is thrown, before or after.
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
  close(): void;
}

export interface AnnounceHandler {
  onAnnounce(payload: Uint8Array, address: IpAddress, port: number): void;
}

export interface AnnounceListener {
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

/** A socket for each interface, bound to the source port. Neither it nor a listener keeps the process alive. */
export function openAnnounceSender(options: AnnounceSenderOptions): AnnounceSender {
  const { group, sourcePort, ttl = DEFAULT_TTL } = options;
  const report = once(options.onProblem);
  const ready = new Set<Socket>();
  const sockets = interfacesFor(options).map((address) => {
    const socket = openSocket(group, (error) => report(problem('sent', group, address, error)));
    // Bound to the interface's own address: that becomes the source of the datagram, the registrar's address.
    const bindAddress = isIPv6(group.address) ? '::' : address;
    socket.bind({ address: bindAddress, port: sourcePort }, () => {
      try {
        socket.setMulticastTTL(ttl);
        socket.setMulticastInterface(address);
        ready.add(socket);
      } catch (error) {
        report(problem('sent', group, address, error));
      }
    });
    return socket;
  });
  if (sockets.length === 0) report(problem('sent', group, 'any interface', 'none is up'));
  return {
    send(payload) {
      const copy = Buffer.from(payload);
      for (const socket of ready) {
        socket.send(copy, group.port, group.address, (error) => {
          if (error) report(problem('sent', group, 'an interface', error));
        });
      }
    },
    close() {
      ready.clear();
      for (const socket of sockets) closeQuietly(socket);
    },
  };
}

/** One socket that is a member of the group on every interface. */
export function openAnnounceListener(options: AnnounceOptions & AnnounceHandler): AnnounceListener {
  const { group } = options;
  const report = once(options.onProblem);
  const socket = openSocket(group, (error) =>
    report(problem('received', group, 'any interface', error)),
  );
  socket.on('message', (payload, source) => {
    options.onAnnounce(payload, withoutScope(source.address), source.port);
  });
  // Bound to the group, so that nothing else sent to this port gets here; IPv6 would want a scope for that.
  const address = isIPv6(group.address) ? '::' : group.address;
  socket.bind({ address, port: group.port }, () => {
    const addresses = interfacesFor(options);
    if (addresses.length === 0) report(problem('received', group, 'any interface', 'none is up'));
    for (const address of addresses) {
      try {
        socket.addMembership(group.address, address);
      } catch (error) {
        if (!isMemberAlready(error)) report(problem('received', group, address, error));
      }
    }
  });
  return { close: () => closeQuietly(socket) };
}

function openSocket(group: AnnounceGroup, onError: (error: Error) => void): Socket {
  const type: SocketType = isIPv6(group.address) ? 'udp6' : 'udp4';
  const socket = createSocket({ type, reuseAddr: true });
  socket.unref();
  socket.on('error', (error) => {
    onError(error);
    closeQuietly(socket);
  });
  return socket;
}

/** What Node.js calls an interface: for IPv4 an address of it, for IPv6 the wildcard with its name. */
function interfacesFor({ group, interfaces }: AnnounceOptions): string[] {
  const wantsV6 = isIPv6(group.address);
  // As they are: not every address that works is listed by the system (127.0.0.2 is not).
  if (interfaces !== undefined && !wantsV6) return interfaces.filter(isIPv4);
  const found: string[] = [];
  for (const [name, infos = []] of Object.entries(networkInterfaces())) {
    const isWanted = ({ address, family }: NetworkInterfaceInfo) =>
      family === (wantsV6 ? 'IPv6' : 'IPv4') && (interfaces?.includes(address) ?? true);
    const info = infos.find(isWanted);
    if (info !== undefined) found.push(wantsV6 ? `::%${name}` : info.address);
  }
  return found;
}

/** Two addresses of one interface: the second membership is the first one. */
function isMemberAlready(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

function problem(what: string, group: AnnounceGroup, where: string, error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return (
    `Announces to ${formatAddress(group)} cannot be ${what} on ${where} (${why}): ` +
    'name the registrars where announces do not reach.'
  );
}

function once(report: (message: string) => void): (message: string) => void {
  let isReported = false;
  return (message) => {
    if (isReported) return;
    isReported = true;
    report(message);
  };
}

function closeQuietly(socket: Socket): void {
  try {
    socket.close();
  } catch {
    // It was closed before: by an error, or twice.
  }
}

function withoutScope(address: string): IpAddress {
  return address.split('%')[0] as IpAddress;
}
