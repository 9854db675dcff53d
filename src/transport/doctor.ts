/**
 * Looks at this machine the way a stack would: which SCTP backend it offers, and what stands in the way of
 * associations and announces. Changes nothing and leaves nothing open. Showing it is `cli/doctor-command.ts`.
 */

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type NetworkInterfaceInfo, networkInterfaces, release } from 'node:os';
import { addon } from '../native.ts';
import type { IpAddress } from '../types.ts';
import { asapAnnounceGroup } from './announce.ts';
import { ENCAPSULATION_PORT } from './options.ts';

/** `warning`: something works worse, or only in part; `problem`: a registrar would not start or not be found. */
export type CheckState = 'ok' | 'warning' | 'problem';

export interface Check {
  readonly name: string;
  readonly state: CheckState;
  /** A sentence: what was found. */
  readonly finding: string;
  /** A sentence: what to do about it, where there is something to do. */
  readonly remedy?: string;
}

/** What a check looks at, so that a test can show it another machine. */
export interface Machine {
  /** Why the kernel gives no SCTP sockets; `null` when it does. Throws when there is no addon. */
  kernelSctpRefusal(): string | null;
  /** The text of a file; `undefined` where it cannot be read. */
  readText(file: string): string | undefined;
  /** Of the kernel, as its modules' folder is named. */
  readonly kernelRelease: string;
}

/** rsplib's own group (decision 44) besides the usual one. */
const GROUPS = [asapAnnounceGroup('udp').address, asapAnnounceGroup('kernel').address];

/** What a stack asks for its sockets. */
const BUFFER_BYTES = 4 << 20;

const MULTICAST_LIMIT_MS = 1_000;

/** All checks, in the order in which a reader needs them. */
export async function examine(machine: Machine = thisMachine()): Promise<readonly Check[]> {
  const { checks, backend } = checkTransport(machine);
  if (backend === undefined) return checks;
  return [
    ...checks,
    ...(backend === 'kernel' ? checkKernelSettings(machine) : [await checkUdpPort()]),
    checkBuffers(machine),
    ...(await checkMulticast()),
  ];
}

function thisMachine(): Machine {
  return {
    kernelSctpRefusal: () => addon().kernelSctpRefusal(),
    readText(file) {
      try {
        return readFileSync(file, 'utf8');
      } catch {
        return undefined;
      }
    },
    kernelRelease: release(),
  };
}

/** Whether the addon loads, what `auto` would take and why. */
export function checkTransport(machine: Machine): {
  checks: readonly Check[];
  backend: 'kernel' | 'udp' | undefined;
} {
  let refusal: string | null;
  try {
    refusal = machine.kernelSctpRefusal();
  } catch (error) {
    const finding = error instanceof Error ? error.message : String(error);
    const remedy = 'Run "npm run setup" in the source tree of rserpool.';
    const check = { name: 'addon', state: 'problem', finding, remedy } as const;
    return { checks: [check], backend: undefined };
  }
  const backend = refusal === null ? 'kernel' : 'udp';
  const why =
    refusal === null ? 'the kernel supports SCTP' : `the kernel does not support SCTP (${refusal})`;
  const checks: Check[] = [
    { name: 'addon', state: 'ok', finding: 'The native addon is loaded.' },
    { name: 'transport', state: 'ok', finding: `"auto" selects ${backend}: ${why}.` },
    checkModule(machine, refusal === null),
  ];
  return { checks, backend };
}

function checkModule(machine: Machine, isUsable: boolean): Check {
  const name = 'module';
  if (isUsable) return { name, state: 'ok', finding: 'SCTP is in the kernel.' };
  const folder = `/lib/modules/${machine.kernelRelease}`;
  const lists = ['modules.dep', 'modules.builtin'];
  const isInstalled = lists.some((list) =>
    /\/sctp\.ko/.test(machine.readText(`${folder}/${list}`) ?? ''),
  );
  if (isInstalled) {
    return {
      name,
      state: 'warning',
      finding: `The SCTP module of kernel ${machine.kernelRelease} is installed but not loaded.`,
      remedy:
        'Run "modprobe sctp" as root, and put "sctp" into /etc/modules-load.d/sctp.conf to have it after ' +
        'the next start.',
    };
  }
  return {
    name,
    state: 'warning',
    finding: `Kernel ${machine.kernelRelease} has no SCTP module: associations go over UDP, in user space.`,
    remedy:
      "Install the distribution's package with further kernel modules (Ubuntu: linux-modules-extra, Fedora: " +
      'kernel-modules-extra) for full multi-homing, or leave it as it is.',
  };
}

/** Settings of the kernel's SCTP that decide who can be reached. */
export function checkKernelSettings(machine: Machine): Check[] {
  const setting = (name: string) => machine.readText(`/proc/sys/net/sctp/${name}`)?.trim();
  const port = setting('udp_port');
  const name = 'encapsulation';
  if (port === undefined) {
    const finding = 'This kernel does not support SCTP over UDP (Linux 5.11 and newer do).';
    const remedy = 'Run a registrar on the transport udp for peers on that transport.';
    return [{ name, state: 'warning', finding, remedy }];
  }
  if (port !== '0') {
    const called = setting('encap_port') === '0' ? 'not opened' : 'opened';
    const finding = `Associations over UDP are accepted on UDP port ${port}, and ${called} by default.`;
    return [{ name, state: 'ok', finding }];
  }
  return [
    {
      name,
      state: 'ok',
      finding: 'SCTP over UDP is off in the kernel: peers on the transport udp cannot connect.',
      remedy: `If there are such peers, run "sysctl -w net.sctp.udp_port=${ENCAPSULATION_PORT}".`,
    },
  ];
}

/** Whether the port at which embedded endpoints are called is free. */
async function checkUdpPort(): Promise<Check> {
  const name = 'udp port';
  const socket = createSocket('udp4');
  try {
    socket.bind({ port: ENCAPSULATION_PORT, address: '0.0.0.0', exclusive: true });
    await once(socket, 'listening');
    return { name, state: 'ok', finding: `UDP port ${ENCAPSULATION_PORT} is free.` };
  } catch (error) {
    return {
      name,
      state: 'warning',
      finding: `UDP port ${ENCAPSULATION_PORT} is in use on at least one address (${messageOf(error)}).`,
      remedy:
        'Give a registrar an address of its own, or another port (--udp-port), and pass it to clients with ' +
        '--registrar-udp-port.',
    };
  } finally {
    socket.close();
  }
}

/** Whether sockets get the buffers that thousands of associations need. */
export function checkBuffers(machine: Machine): Check {
  const name = 'buffers';
  const limits = ['rmem_max', 'wmem_max'].map((limit) =>
    Number(machine.readText(`/proc/sys/net/core/${limit}`) ?? Number.POSITIVE_INFINITY),
  );
  const least = Math.min(...limits);
  const mayExceed = hasNetworkRights(machine);
  if (least >= BUFFER_BYTES || mayExceed) {
    return { name, state: 'ok', finding: 'Sockets get buffers of 4 MiB.' };
  }
  return {
    name,
    state: 'warning',
    finding: `Sockets get buffers of ${least} bytes: thousands of associations at once overflow them.`,
    remedy: `Run "sysctl -w net.core.rmem_max=${BUFFER_BYTES} net.core.wmem_max=${BUFFER_BYTES}".`,
  };
}

/** CAP_NET_ADMIN lets a process exceed the limits. */
function hasNetworkRights(machine: Machine): boolean {
  const NET_ADMIN = 12n;
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(machine.readText('/proc/self/status') ?? '');
  return ((BigInt(`0x${effective?.[1] ?? '0'}`) >> NET_ADMIN) & 1n) === 1n;
}

/** Sends each group a datagram on each interface that others can reach, and waits for it to come back. */
async function checkMulticast(): Promise<Check[]> {
  const name = 'multicast';
  const addresses = interfaceAddresses();
  if (addresses.length === 0) {
    const finding = 'No network interface with an IPv4 address that others can reach is up.';
    const remedy = 'Specify registrars with --registrar: they cannot be discovered by multicast.';
    return [{ name, state: 'warning', finding, remedy }];
  }
  const failures: string[] = [];
  for (const address of addresses) {
    for (const group of GROUPS) {
      const why = await tryMulticast(group, address);
      if (why !== undefined) failures.push(`${group} on ${address}: ${why}`);
    }
  }
  const where = addresses.join(', ');
  if (failures.length === 0) {
    return [{ name, state: 'ok', finding: `Announces to ${GROUPS.join(', ')} work on ${where}.` }];
  }
  return failures.map((failure) => ({
    name,
    state: 'warning',
    finding: `A datagram to the group did not come back: ${failure}.`,
    remedy:
      'Allow multicast there (ip link set DEVICE multicast on, firewall rules), or specify registrars with ' +
      '--registrar.',
  }));
}

/** Why a datagram to the group does not come back on the interface; `undefined` when it does. */
async function tryMulticast(group: IpAddress, address: IpAddress): Promise<string | undefined> {
  const sockets: Socket[] = [];
  const open = async (bindAddress: IpAddress) => {
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    sockets.push(socket);
    socket.bind(0, bindAddress);
    await once(socket, 'listening');
    return socket;
  };
  try {
    const listener = await open(group);
    listener.addMembership(group, address);
    const sender = await open(address);
    sender.setMulticastInterface(address);
    sender.setMulticastTTL(0); // it stays on this machine
    const arrival = once(listener, 'message', { signal: AbortSignal.timeout(MULTICAST_LIMIT_MS) });
    sender.send('rserpool doctor', listener.address().port, group);
    await Promise.race([arrival, once(sender, 'error').then(([error]) => Promise.reject(error))]);
    return undefined;
  } catch (error) {
    return (error as Error).name === 'AbortError' ? 'nothing arrived' : messageOf(error);
  } finally {
    for (const socket of sockets) socket.close();
  }
}

/** One IPv4 address of each interface that others can reach. */
function interfaceAddresses(): IpAddress[] {
  const isReachable = ({ family, internal, address }: NetworkInterfaceInfo) =>
    family === 'IPv4' && !internal && !address.startsWith('169.254.');
  return Object.values(networkInterfaces()).flatMap((infos = []) => {
    const found = infos.find(isReachable);
    return found === undefined ? [] : [found.address];
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
