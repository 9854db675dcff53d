/**
 * The pool user of the demonstration: resolves the pool, sends a numbered request to the pool element
 * selected, and when that fails reports it and turns to the next one (RFC 5352 §3.5, RFC 5351 §2.2).
 */

import { setTimeout as wait } from 'node:timers/promises';
import type { PoolUser } from '../../client/pool-user.ts';
import { formatId } from '../../types.ts';
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

const REQUEST_INTERVAL_MS = 1_000;
const REQUEST_DEADLINE_MS = 5_000;
const ATTEMPT_TIMEOUT_MS = 1_000;
const RETRY_DELAY_MS = 250;

export class NumberedRequests {
  readonly counters: RequestCounters = { resolutions: 0, requests: 0, lost: 0, failovers: 0 };
  readonly #user: PoolUser;
  readonly #poolHandle: string;
  readonly #output: Output;
  readonly #stopped: AbortSignal;
  /** The number of the request that each pool element has answered last. */
  readonly #answered = new Map<number, number>();

  /** @param stopped ends all sending: it rejects then */
  constructor(user: PoolUser, poolHandle: string, output: Output, stopped: AbortSignal) {
    this.#user = user;
    this.#poolHandle = poolHandle;
    this.#output = output;
    this.#stopped = stopped;
  }

  /** Sends so many, one a second. */
  async send(count: number): Promise<void> {
    for (let sent = 0; sent < count; sent++) {
      await this.#sendOne();
      await wait(REQUEST_INTERVAL_MS, undefined, { signal: this.#stopped });
    }
  }

  /** Goes on until `done` is settled; its outcome. */
  async sendUntil<Outcome>(done: Promise<Outcome>): Promise<Outcome> {
    let isDone = false;
    const onDone = () => {
      isDone = true;
    };
    done.then(onDone, onDone);
    do await this.send(1);
    while (!isDone);
    return done;
  }

  /** Of these pool elements, the one whose turn is next (round robin). */
  nextOf(ids: readonly number[]): number | undefined {
    const last = (id: number) => this.#answered.get(id) ?? 0;
    return ids.toSorted((a, b) => last(a) - last(b))[0];
  }

  async #sendOne(): Promise<void> {
    const { counters } = this;
    counters.requests += 1;
    const number = counters.requests;
    const deadline = Date.now() + REQUEST_DEADLINE_MS;
    while (Date.now() < deadline) {
      const selected = await this.#resolve();
      for (const element of selected) {
        this.#stopped.throwIfAborted();
        if (Date.now() >= deadline) break;
        if (await this.#try(element, number, deadline)) return;
        counters.failovers += 1;
        await this.#user.reportUnreachable(this.#poolHandle, element.id);
      }
      if (selected.length === 0) await wait(RETRY_DELAY_MS, undefined, { signal: this.#stopped });
    }
    counters.lost += 1;
    this.#output.event(
      'pool user',
      'lost',
      `request ${number} is lost`,
      { request: number },
      'red',
    );
  }

  async #resolve(): Promise<readonly PoolElementParameter[]> {
    this.counters.resolutions += 1;
    const elements = await this.#user
      .resolve(this.#poolHandle, { isFresh: true, signal: this.#stopped })
      .catch(() => undefined);
    return elements ?? [];
  }

  async #try(element: PoolElementParameter, number: number, deadline: number): Promise<boolean> {
    const { userTransport, id } = element;
    const where = describeTransport(userTransport);
    const fields = { request: number, id: formatId(id), transport: where };
    const address = userTransport.protocol === 'tcp' ? userTransport.addresses[0] : undefined;
    try {
      if (userTransport.protocol !== 'tcp' || address === undefined) return false;
      const timeoutMs = Math.min(ATTEMPT_TIMEOUT_MS, Math.max(deadline - Date.now(), 1));
      await sendEcho({ address, port: userTransport.port }, `request ${number}`, timeoutMs);
      this.#answered.set(id, number);
      const text = `request ${number} answered by ${where}`;
      this.#output.event('pool user', 'answered', text, fields, 'green');
      return true;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const text = `request ${number} failed, reporting the pool element: ${why}`;
      this.#output.event('pool user', 'failed', text, fields, 'yellow');
      return false;
    }
  }
}
