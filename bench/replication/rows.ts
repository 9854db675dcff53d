/**
 * What peers cost a registrar, and how quickly several of them agree (RFC 5353): registrars in processes of their own,
 * over the embedded transport, in a network of their own, where the bytes are theirs and an address can be taken away.
 */

import { median, type Round, summary } from '../measure.js';
import { inOwnNetwork, lackOfNetworks } from '../own-process.js';
import type { Result, Row } from '../result.js';
import type { Healing } from './healing.js';
import type { LargeTable } from './large-table.js';
import type { Rates } from './rates.js';

const POOL_ELEMENTS = 100_000;
/** For how long a silent peer is believed to live at most, by default (RFC 5353 §4). */
const DETECTION_MS = 10_000;
const HEARTBEAT_MS = 2_444;
/** What these are to be at most. */
const AIM = { startMs: 3_000, pauseMs: 10, adoptionMs: 1_000, equalMs: 2 * HEARTBEAT_MS };
/** Of each process with a large table, and of each healing. */
const RUNS = 3;

export function replicationRows(): Row[] {
  const rates = once(() => inOwnNetwork<Rates>(new URL('rates.js', import.meta.url)));
  const tables = once(() => Array.from({ length: RUNS }, largeTable));
  const table = (numberOf: (one: LargeTable) => number) => median(tables().map(numberOf));
  const healings = once(() => Array.from({ length: RUNS }, healing));
  return [
    compared('replication/registrations/3-peers', 'registrations/s', () => rates().perSecond),
    compared(
      'replication/registrations/3-peers-elsewhere',
      'registrations/s',
      () => rates().perSecondElsewhere,
    ),
    compared('replication/cpu/3-peers', 'us of CPU/registration', () => rates().cpuUs),
    compared('replication/bytes/3-peers', 'bytes/registration', () => [rates().bytes]),
    measured(
      `replication/start/${POOL_ELEMENTS}`,
      'ms',
      () => table(({ startMs }) => startMs),
      AIM.startMs,
    ),
    measured(
      `replication/pause/${POOL_ELEMENTS}`,
      'ms',
      // What else the machine does can only add to it.
      () => Math.min(...tables().map(({ pauseMs }) => pauseMs)),
      AIM.pauseMs,
    ),
    measured(
      `replication/takeover/${POOL_ELEMENTS}`,
      'ms',
      () => table(({ takeoverMs }) => takeoverMs),
      DETECTION_MS,
    ),
    measured(
      `replication/adoption/${POOL_ELEMENTS}`,
      'ms',
      () => table(({ adoptionMs }) => adoptionMs),
      AIM.adoptionMs,
    ),
    measured(
      'replication/heal',
      'ms',
      () => median(healings().map(({ equalMs }) => equalMs)),
      AIM.equalMs,
    ),
  ];
}

function largeTable(): LargeTable {
  return inOwnNetwork<LargeTable>(new URL('large-table.js', import.meta.url), POOL_ELEMENTS);
}

function healing(): Healing {
  return inOwnNetwork<Healing>(new URL('healing.js', import.meta.url));
}

function compared(id: string, unit: string, rounds: () => readonly Round[]): Row {
  return { id, lack: lackOfNetworks, measure: () => ({ id, unit, ...summary(rounds()) }) };
}

/** Beside what it is to be at most, where that is known. */
function measured(id: string, unit: string, value: () => number, reference?: number): Row {
  const measure = (): Result => {
    const amount = value();
    const ratio = reference === undefined ? null : amount / reference;
    return { id, value: amount, unit, reference: reference ?? null, ratio, spread: null };
  };
  return { id, lack: lackOfNetworks, measure };
}

function once<Value>(make: () => Value): () => Value {
  let value: Value | undefined;
  return () => {
    value ??= make();
    return value;
  };
}
