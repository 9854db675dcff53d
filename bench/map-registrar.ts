/**
 * The reference of the resolution rows: what a careful JavaScript programmer writes without a native core.
 * Pools in a `Map`, pool elements as their encoded parameters, round robin by a cursor. Decodes, checks and
 * encodes the same bytes as the registrar.
 */

interface MapPool {
  readonly elements: Uint8Array[];
  cursor: number;
}

const HANDLE_RESOLUTION = 0x05;
const POOL_HANDLE = 0x0009;
const ITEMS = 0x803f;

export class MapRegistrar {
  readonly #pools = new Map<string, MapPool>();
  readonly #request: Buffer;
  readonly #response: Uint8Array;

  constructor(request: Buffer, response: Uint8Array) {
    this.#request = request;
    this.#response = response;
  }

  /** `element`: the encoded Pool Element Parameter; its policy is round robin. */
  register(poolHandle: string, element: Uint8Array): void {
    const pool = this.#pools.get(poolHandle);
    if (pool === undefined) this.#pools.set(poolHandle, { elements: [element], cursor: 0 });
    else pool.elements.push(element);
  }

  /** Request at [offset, offset + length) to response at 0 of the response buffer; its bytes. */
  resolve(offset: number, length: number): number {
    const request = this.#request;
    if (length < 4 || request[offset] !== HANDLE_RESOLUTION) return 0;
    if (word(request, offset + 2) > length) return 0;
    const end = offset + length;
    let poolHandle: string | undefined;
    let poolHandleStart = 0;
    let poolHandleBytes = 0;
    let items = 3;
    for (let at = offset + 4; at + 4 <= end; ) {
      const type = word(request, at);
      const parameterBytes = word(request, at + 2);
      if (parameterBytes < 4 || at + parameterBytes > end) return 0;
      if (type === POOL_HANDLE) {
        poolHandleStart = at + 4;
        poolHandleBytes = parameterBytes - 4;
        poolHandle = request.latin1Slice(poolHandleStart, poolHandleStart + poolHandleBytes);
      } else if (type === ITEMS && parameterBytes === 8) {
        items = word(request, at + 4) * 65_536 + word(request, at + 6) || 3;
      }
      at += (parameterBytes + 3) & ~3;
    }
    const pool = poolHandle === undefined ? undefined : this.#pools.get(poolHandle);
    if (pool === undefined) return 0;
    return this.#answer(pool, poolHandleStart, poolHandleBytes, Math.min(items, 128));
  }

  #answer(pool: MapPool, handleStart: number, handleBytes: number, items: number): number {
    const response = this.#response;
    response[0] = 0x06;
    response[1] = 0;
    put(response, 4, POOL_HANDLE);
    put(response, 6, handleBytes + 4);
    for (let i = 0; i < handleBytes; i++) {
      response[8 + i] = this.#request[handleStart + i] as number;
    }
    let at = 8 + handleBytes;
    while (at & 3) response[at++] = 0;
    put(response, at, 0x0008);
    put(response, at + 2, 8);
    put(response, at + 4, 0);
    put(response, at + 6, 1);
    at += 8;
    const { elements } = pool;
    const count = Math.min(items, elements.length);
    for (let i = 0, next = pool.cursor; i < count; i++) {
      const element = elements[next] as Uint8Array;
      response.set(element, at);
      at += element.length;
      if (++next === elements.length) next = 0;
    }
    if (++pool.cursor === elements.length) pool.cursor = 0;
    put(response, 2, at);
    return at;
  }
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

function put(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 255;
}

declare global {
  interface Buffer {
    /** Node.js has it, its types have not. */
    latin1Slice(start: number, end: number): string;
  }
}
