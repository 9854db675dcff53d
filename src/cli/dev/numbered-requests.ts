/**
 * The pool user of the demonstration: resolves the pool, sends a numbered request to the pool element
 * selected, and when that fails reports it and turns to the next one (RFC 5352 §3.5, RFC 5351 §2.2).
 */

import type { PoolUser } from '../../client/pool-user.ts';
import type { PoolElementParameter } from '../../wire/parameters.ts';
import { describeTransport } from '../describe.ts';
import { sendEcho } from '../echo-client.ts';
import type { Output } from '../output.ts';

export interface RequestCounters {
  resolutions: number;
  requests: number;
  /** Requests whose echo did not come back within REQUEST_DEADLINE_MS, retries included. */
  lost: number;
  /** How often a request had to turn to another pool element. */
  failovers: number;
}

const REQUEST_DEADLINE_MS = 5_000;
const ATTEMPT_TIMEOUT_MS = 1_000;
const RETRY_DELAY_MS = 250;

/** Sends one request; true when its echo came back in time. */
export async function sendNumberedRequest(
  user: PoolUser,
  poolHandle: string,
  counters: RequestCounters,
  output: Output,
): Promise<boolean> {
  counters.requests += 1;
  const number = counters.requests;
  const deadline = Date.now() + REQUEST_DEADLINE_MS;
  while (Date.now() < deadline) {
    const selected = await resolve(user, poolHandle, counters);
    for (const element of selected) {
      if (Date.now() >= deadline) break;
      if (await tryElement(element, number, deadline, output)) return true;
      counters.failovers += 1;
      await user.reportUnreachable(poolHandle, element.id);
    }
    if (selected.length === 0) await new Promise((next) => setTimeout(next, RETRY_DELAY_MS));
  }
  counters.lost += 1;
  output.event('pool user', 'lost', `request ${number} is lost`, { request: number }, 'red');
  return false;
}

async function resolve(
  user: PoolUser,
  poolHandle: string,
  counters: RequestCounters,
): Promise<readonly PoolElementParameter[]> {
  counters.resolutions += 1;
  const elements = await user.resolve(poolHandle, { isFresh: true }).catch(() => undefined);
  return elements ?? [];
}

async function tryElement(
  element: PoolElementParameter,
  number: number,
  deadline: number,
  output: Output,
): Promise<boolean> {
  const { userTransport } = element;
  const where = describeTransport(userTransport);
  const fields = { request: number, id: element.id, transport: where };
  const address = userTransport.protocol === 'tcp' ? userTransport.addresses[0] : undefined;
  try {
    if (userTransport.protocol !== 'tcp' || address === undefined) return false;
    const timeoutMs = Math.min(ATTEMPT_TIMEOUT_MS, Math.max(deadline - Date.now(), 1));
    await sendEcho({ address, port: userTransport.port }, `request ${number}`, timeoutMs);
    output.event(
      'pool user',
      'answered',
      `request ${number} answered by ${where}`,
      fields,
      'green',
    );
    return true;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const text = `request ${number} failed, reporting the pool element: ${why}`;
    output.event('pool user', 'failed', text, fields, 'yellow');
    return false;
  }
}
