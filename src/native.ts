/**
 * Loads the one native addon and gives its functions their types. Imported by `handlespace/` and
 * `transport/` only. Loading opens no socket and starts no thread, and happens when the first of its
 * functions is wanted, not on import.
 */

import { createRequire } from 'node:module';
import { AddonError } from './errors.ts';

/**
 * Memory owned by native code and seen from both sides; see design of the hot path in ARCHITECTURE.md.
 * `releaseArena` gives it back.
 */
export interface Arena {
  readonly bytes: Uint8Array;
  /**
   * One word, native memory too: the offset in `bytes` at which the next thing is written. Whoever writes
   * (the core a response, the transport a copy of a payload) starts there; whoever queues it moves it on.
   */
  readonly position: Uint32Array;
  /**
   * Four words, native memory too: numbers for a native call that is quicker without arguments, and last what
   * came of it.
   */
  readonly order: Int32Array;
  /** By which native code finds the memory again, whatever became of `bytes`. */
  readonly handle: ArenaHandle;
}

declare const arenaHandle: unique symbol;
export interface ArenaHandle {
  readonly [arenaHandle]: true;
}

/**
 * What native functions fail with: hand-bound ones return the number, the others throw an error whose `code`
 * is the name. `native/binding/src/failure.rs`.
 */
export const FAILURE = {
  TOO_SMALL: -1,
  CLOSED: -2,
  WRONG_TYPE: -3,
  OUT_OF_RANGE: -4,
  REFUSED: -5,
  IN_USE: -6,
  INTERNAL: -7,
} as const;

/** Everything that the addon exports. Sizes, numbers and milliseconds are whole numbers. */
export interface Addon {
  /** From 1 byte to 512 MiB, all zero. */
  createArena(length: number): Arena;
  /** Releases an arena; `buffer` is that of its `bytes`. */
  releaseArena(arena: ArenaHandle, buffer: ArrayBufferLike): void;
  /** Bytes outside its heap that V8 takes into account. */
  externalMemory(): number;
  /** Why the kernel gives no SCTP sockets, in the system's words; `null` when it does. */
  kernelSctpRefusal(): string | null;
  readonly NativeHandlespace: new (
    settings: NativeSettings,
    desk: ArenaHandle,
  ) => NativeHandlespace;
  readonly NativeSctpStack: new (options: NativeStackOptions, wake: () => void) => NativeSctpStack;
  /** Throws where the system forbids netlink sockets. */
  readonly NativeNetworkChanges: new () => NativeNetworkChanges;
}

/** `native/binding/src/network.rs`: a subscription to the kernel's notifications of interfaces and addresses. */
export interface NativeNetworkChanges {
  /** `null` if nothing has changed since the last call. */
  take(): NativeChanges | null;
  close(): void;
}

export interface NativeChanges {
  /** Names of the interfaces that were deleted, in order; some may be there again. */
  readonly deleted: readonly string[];
  /** The kernel dropped notifications: any interface may have been deleted. */
  readonly isIncomplete: boolean;
}

/** `native/binding/src/handlespace.rs`. Batches: `handlespace/image.ts`. */
export interface NativeHandlespace {
  /** Makes a closed one into a new one; its functions work on that from then on. */
  reopen(settings: NativeSettings): void;
  bind(): HandlespaceFunctions;
  useArenas(request: ArenaHandle, response: ArenaHandle): void;
  takeRefusal(): { reason: string; causeCode: number; message: string } | null;
  resolve(handleBytes: number, items: number): Uint8Array;
  expire(now: number, limit: number): Uint8Array;
  removeAssociation(association: number, limit: number): Uint8Array;
  purge(homeRegistrarId: number, limit: number): Uint8Array;
  adopt(from: number, to: number, limit: number): Uint8Array;
  walk(homeRegistrarId: number | undefined, token: number, limit: number): Uint8Array;
  walkAssociation(association: number, token: number, limit: number): Uint8Array;
  pools(token: number, limit: number): Uint8Array;
  checksum(homeRegistrarId: number): number;
  ownedBy(homeRegistrarId: number): number;
  stats(): NativeStats;
  verify(): string | null;
  close(): void;
}

export interface NativeSettings {
  readonly seed: bigint;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly jitter: number;
  readonly maxIncrement: number;
  /** Default false. */
  readonly everyEntryDegrades?: boolean | undefined;
  readonly maxPools: number;
  readonly maxElements: number;
  readonly maxPoolHandleBytes: number;
}

export interface NativeStats {
  readonly pools: number;
  readonly elements: number;
  readonly owners: number;
  readonly associations: number;
  readonly memoryBytes: number;
}

/**
 * Bound by hand (`native/binding/src/handlespace_hot.rs`): each returns a number, negative for a failure.
 * `handleBytes` octets of pool handle lie at the start of the desk.
 */
export interface HandlespaceFunctions {
  /** Offset and length of a pool handle and items are the order of the request arena. */
  resolveInPlace(): void;
  resolveInto(handleBytes: number, items: number, out: Uint8Array, offset: number): number;
  register(now: number): number;
  deregister(handleBytes: number, id: number): number;
  find(handleBytes: number, id: number): number;
  peek(handleBytes: number): number;
  acknowledge(now: number, handleBytes: number, id: number, association: number): number;
  probe(now: number, handleBytes: number, id: number): number;
  reportUnreachable(handleBytes: number, id: number): number;
  elementsOf(association: number): number;
  nextDeadline(): number;
}

/**
 * `native/binding/src/sctp.rs`. Errors have the codes of `native/sctp/src/error.rs`, such as
 * `UDP_PORT_IN_USE`, and a sentence. `wake` is called when there is something to drain.
 */
export interface NativeSctpStack {
  readonly udpPort: number;
  /** Makes a closed one whose arenas are released into a new one; its functions work on that from then on. */
  reopen(options: NativeStackOptions, wake: () => void): void;
  bind(): SctpFunctions;
  /** New ones each time it is open; once. */
  arenas(): SctpArenas;
  useAddresses(addresses: string[]): { readonly address: string; readonly reason: string }[];
  open(port: number, accepts: boolean, answersRequests: boolean): number;
  closeEndpoint(port: number): void;
  connect(localPort: number, addresses: string[], peerPort: number, udpPort: number): number;
  pause(association: number, isPaused: boolean): void;
  shutdown(association: number): void;
  abort(association: number, reason: string): void;
  stats(): NativeStackStats;
  close(): void;
}

export type NativeBackend = 'kernel' | 'udp' | 'raw';

export interface NativeStackOptions {
  readonly backend: NativeBackend;
  readonly localAddresses: string[];
  readonly mayChangeAddresses: boolean;
  readonly udpPort: number;
  readonly remoteUdpPort: number;
  readonly heartbeatIntervalMs: number;
  readonly rtoInitialMs: number;
  readonly rtoMinMs: number;
  readonly rtoMaxMs: number;
  readonly maxRetransmissions: number;
  readonly pathMaxRetransmissions: number;
  readonly autocloseMs: number;
  readonly maxAssociations: number;
  readonly maxAssociationsPerHost: number;
  readonly maxMessageBytes: number;
  readonly sendBufferBytes: number;
  readonly slowReaderTimeoutMs: number;
}

export interface NativeStackStats {
  readonly associations: number;
  readonly packetsReceived?: number;
  readonly packetsSent?: number;
  readonly messagesReceived: number;
  readonly messagesSent: number;
  readonly refused: Readonly<Record<string, number>>;
}

export interface SctpArenas {
  readonly inbound: Arena;
  /** Records of the last `drain`; `transport/native-records.ts`. */
  readonly events: Arena;
  readonly outbound: Arena;
}

/** Bound by hand (`native/binding/src/sctp_hot.rs`): each returns a number, negative for a failure. */
export interface SctpFunctions {
  /** Twice the number of records, and one more when others are left. */
  drain(): number;
  /** Of the payload at the outbound arena's position. 0: queued, 1: full, 2: gone. */
  send(association: number, payloadProtocol: number, length: number): number;
  flush(): number;
}

let loaded: Addon | undefined;

/** The addon. Throws AddonError when it is missing or does not fit this machine. */
export function addon(): Addon {
  loaded ??= load();
  return loaded;
}

export function createArena(length: number): Arena {
  return addon().createArena(length);
}

/**
 * Gives the memory of an arena back at once: its views have length 0 from then on, and native functions that
 * are to use it fail. Otherwise the memory is kept until the garbage collector has found the arena.
 */
export function releaseArena({ handle, bytes }: Arena): void {
  addon().releaseArena(handle, bytes.buffer);
}

/** As @napi-rs/cli names the C library or tool chain in the file name. */
const ABI: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ['-gnu', '-musl', '-gnueabihf', '-musleabihf'],
  win32: ['-msvc'],
};

function load(): Addon {
  const require = createRequire(import.meta.url);
  // The global: importing node:process would open standard input and output.
  const { platform, arch } = process;
  let cause: unknown;
  for (const abi of ABI[platform] ?? ['']) {
    try {
      // The same from src/ and from dist/.
      return require(`../native/rserpool.${platform}-${arch}${abi}.node`) as Addon;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') cause ??= error;
    }
  }
  const what =
    cause === undefined
      ? `rserpool has no prebuilt addon for ${platform}-${arch}.`
      : `The native addon for ${platform}-${arch} cannot be loaded (${(cause as Error).message}).`;
  const remedy = 'To build it, clone the repository and run "npm run setup".';
  throw new AddonError(`${what} ${remedy}`, { cause });
}
