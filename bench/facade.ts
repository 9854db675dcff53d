/**
 * Request bytes to response bytes as TypeScript sees it: decode in place, one native call, answer in place.
 * Beside it the same bytes through a plain `Map` registrar. The answers are compared before anything is
 * timed.
 */

import { Handlespace } from 'rserpool/handlespace';
import {
  encodeAsap,
  encodePoolElementParameter,
  HandleResolutionView,
  poolElementId,
  registrarId,
} from 'rserpool/wire';
import { crossCheck } from './cross-check.js';
import { MapRegistrar } from './map-registrar.js';
import { compare, type Work } from './measure.js';
import { inOwnProcess, onOwnProcess } from './own-process.js';
import { RESOLUTIONS_PER_SECOND, type Result, type Row } from './result.js';

interface Shape {
  readonly pools: number;
  readonly elements: number;
  /** Pool elements in an answer; default `ITEMS`. */
  readonly items?: number;
}

const SHAPES: readonly Shape[] = [
  { pools: 1, elements: 10 },
  { pools: 1, elements: 1_000 },
  { pools: 1, elements: 100_000 },
  { pools: 1_000, elements: 100 },
  { pools: 1, elements: 128, items: 128 }, // what a pool user requests for its cache
];
const CROSS_CHECKED = 'facade/resolve/rr/1x1000';
const ITEMS = 3;
const BATCH = 1_024;
const HOME = registrarId(0x0c0f_fee0);

interface Request {
  readonly offset: number;
  readonly length: number;
}

export function facadeRows(): Row[] {
  return SHAPES.map(({ pools, elements, items = ITEMS }) => {
    const suffix = items === ITEMS ? '' : `/${items}-items`;
    const id = `facade/resolve/rr/${pools}x${elements}${suffix}`;
    return { id, measure: () => inOwnProcess<Result>(import.meta.url, id, pools, elements, items) };
  });
}

function measure(id: string, pools: number, elements: number, items: number): Result {
  const handlespace = new Handlespace({ seed: 1n });
  const { request, response } = handlespace.arenas();
  const requestBuffer = Buffer.alloc(request.bytes.length);
  const mapResponse = new Uint8Array(8_192);
  const map = new MapRegistrar(requestBuffer, mapResponse);
  fill(handlespace, map, pools, elements);
  const requests = layRequests(request.bytes, pools, items);
  requestBuffer.set(request.bytes);

  const view = new HandleResolutionView(request.bytes);
  const resolve = ({ offset, length }: Request) => {
    if (!view.read(offset, length)) return 0;
    const { poolHandleOffset, poolHandleLength, items } = view;
    return handlespace.resolveInPlace(poolHandleOffset, poolHandleLength, items);
  };
  const resolveByMap = ({ offset, length }: Request) => map.resolve(offset, length);
  checkSameAnswers(requests, resolve, response.bytes, resolveByMap, mapResponse);

  // A loop for each: one that called either would be compiled as a call to something unknown.
  const ours = batch(requests, () => {
    let bytes = 0;
    for (const request of requests) bytes += resolve(request);
    return bytes;
  });
  const reference = batch(requests, () => {
    let bytes = 0;
    for (const request of requests) bytes += resolveByMap(request);
    return bytes;
  });
  const summary = compare(ours, reference);
  if (id === CROSS_CHECKED) crossCheck(id, summary, ours, reference);
  return { id, unit: RESOLUTIONS_PER_SECOND, ...summary };
}

function batch(requests: readonly Request[], run: () => number): Work {
  return { operations: requests.length, run };
}

function checkSameAnswers(
  requests: readonly Request[],
  resolve: (request: Request) => number,
  response: Uint8Array,
  resolveByMap: (request: Request) => number,
  mapResponse: Uint8Array,
): void {
  for (const request of requests) {
    const bytes = resolve(request);
    const mapBytes = resolveByMap(request);
    const isSame =
      Buffer.compare(response.subarray(0, bytes), mapResponse.subarray(0, mapBytes)) === 0;
    if (bytes === 0 || !isSame) throw new Error('the two registrars answer differently');
  }
}

function poolName(index: number): string {
  return `pool-${Math.imul(index, 2_654_435_761) >>> 0}`.padEnd(13, '-');
}

function fill(handlespace: Handlespace, map: MapRegistrar, pools: number, elements: number): void {
  for (let element = 1; element <= elements; element++) {
    for (let pool = 0; pool < pools; pool++) {
      const parameter = {
        id: poolElementId(element),
        homeRegistrarId: HOME,
        lifeMs: 300_000,
        policy: { type: 'roundRobin' },
        userTransport: {
          protocol: 'sctp',
          port: 7,
          transportUse: 0,
          addresses: [`10.${(element >> 16) & 255}.${(element >> 8) & 255}.${element & 255}`],
        },
      } as const;
      handlespace.register(0, { poolHandle: poolName(pool), ...parameter });
      map.register(poolName(pool), encodePoolElementParameter(parameter));
    }
  }
}

/** A batch of requests one behind the other, as a transport leaves them, for pools in random order. */
function layRequests(arena: Uint8Array, pools: number, items: number): Request[] {
  let offset = 0;
  let random = 1;
  return Array.from({ length: BATCH }, () => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    const bytes = encodeAsap({
      type: 'ASAP_HANDLE_RESOLUTION',
      wantsUpdates: false,
      poolHandle: Buffer.from(poolName(random % pools)),
      items,
    });
    arena.set(bytes, offset);
    const request = { offset, length: bytes.length };
    offset += (bytes.length + 3) & ~3;
    return request;
  });
}

await onOwnProcess(import.meta.url, ([id, pools, elements, items]) =>
  measure(String(id), Number(pools), Number(elements), Number(items)),
);
