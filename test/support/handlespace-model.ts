/**
 * A handlespace that is obviously right: lists, searched from one end to the other, and sorted when an order
 * is wanted. What `src/handlespace/` is compared with, operation by operation. Selection is
 * `selection-model.ts`.
 */

import type { DueTimer } from '../../src/handlespace/handlespace.ts';
import type { Registration } from '../../src/handlespace/registration.ts';
import { type Expectation, SelectionModel } from './selection-model.ts';

export interface ModelElement {
  readonly registration: Registration & { readonly poolHandle: string };
  readonly homeRegistrarId: number;
  readonly association: number;
  readonly isWatched: boolean;
  readonly awaitsAcknowledgement: boolean;
  readonly keepAliveAt: number;
  readonly expiresAt: number;
  readonly unreachableReports: number;
}

export interface ModelTimes {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export class HandlespaceModel {
  /** In the order of their first registration. */
  elements: ModelElement[] = [];
  readonly #selections = new Map<string, SelectionModel>();
  readonly #times: ModelTimes;
  #now = 0;

  /** Keep-alive timers without jitter. */
  constructor(times: ModelTimes) {
    this.#times = times;
  }

  /**
   * Time passes. `wantedAt` is when a call was wanted: after a pause, running time-outs get one fresh period
   * (decision 46).
   */
  observe(now: number, wantedAt: number): void {
    const { timeoutMs } = this.#times;
    const isPause = now - this.#now > timeoutMs && now > wantedAt + timeoutMs / 10;
    this.#now = now;
    if (!isPause) return;
    this.elements = this.elements.map((one) => {
      const isRunning = one.awaitsAcknowledgement && one.keepAliveAt - timeoutMs < now;
      return isRunning ? { ...one, keepAliveAt: now + timeoutMs } : one;
    });
  }

  register(registration: ModelElement['registration']): 'created' | 'updated' {
    const { poolHandle, id, homeRegistrarId, policy, lifeMs } = registration;
    const { association = 0, isWatched = false, expiresInMs = lifeMs } = registration;
    let selection = this.#selections.get(poolHandle);
    if (selection === undefined) {
      selection = new SelectionModel(policy.type);
      this.#selections.set(poolHandle, selection);
    }
    const at = this.#indexOf(poolHandle, id);
    if (at < 0) selection.insert(id, policy);
    else selection.update(id, policy);
    const element: ModelElement = {
      registration,
      homeRegistrarId,
      association,
      isWatched,
      awaitsAcknowledgement: false,
      keepAliveAt: isWatched ? this.#now + this.#times.intervalMs : Number.POSITIVE_INFINITY,
      expiresAt: this.#now + expiresInMs,
      unreachableReports: 0,
    };
    if (at < 0) this.elements.push(element);
    else this.elements[at] = element;
    return at < 0 ? 'created' : 'updated';
  }

  deregister(poolHandle: string, id: number): boolean {
    const at = this.#indexOf(poolHandle, id);
    if (at >= 0) this.#remove(at);
    return at >= 0;
  }

  /** What a resolution must answer; `undefined`: no such pool. To be told by `answered` what it did. */
  resolve(poolHandle: string, items: number): Expectation | undefined {
    return this.#selections.get(poolHandle)?.select(items);
  }

  answered(poolHandle: string, ids: readonly number[]): void {
    this.#selections.get(poolHandle)?.answered(ids);
  }

  find(poolHandle: string, id: number): ModelElement | undefined {
    return this.elements[this.#indexOf(poolHandle, id)];
  }

  acknowledge(poolHandle: string, id: number, association: number): boolean {
    const element = this.find(poolHandle, id);
    if (element === undefined) return false;
    if (association !== 0 && element.association !== 0 && element.association !== association) {
      return false;
    }
    const keepAliveAt = this.#now + this.#times.intervalMs;
    if (element.isWatched) {
      this.#change(poolHandle, id, { awaitsAcknowledgement: false, keepAliveAt });
    }
    return true;
  }

  probe(poolHandle: string, id: number): boolean {
    const keepAliveAt = this.#now + this.#times.timeoutMs;
    return this.#change(poolHandle, id, {
      isWatched: true,
      awaitsAcknowledgement: true,
      keepAliveAt,
    });
  }

  reportUnreachable(poolHandle: string, id: number): number {
    const element = this.find(poolHandle, id);
    if (element === undefined) return 0;
    const unreachableReports = element.unreachableReports + 1;
    this.#change(poolHandle, id, { unreachableReports });
    return unreachableReports;
  }

  adopt(poolHandle: string, id: number, homeRegistrarId: number): void {
    this.#change(poolHandle, id, { homeRegistrarId });
  }

  nextDeadline(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.elements.map(deadlineOf));
  }

  /** This timer rang. Throws unless it was one of those that are due first. */
  ring(timer: DueTimer['timer'], poolHandle: string, id: number): void {
    const element = this.find(poolHandle, id);
    if (element === undefined) throw new Error(`a timer of nobody: ${poolHandle}/${id}`);
    const { expiresAt, keepAliveAt, awaitsAcknowledgement } = element;
    const keepAlive = awaitsAcknowledgement ? 'keepAliveTimeout' : 'keepAliveTransmission';
    const wanted = expiresAt <= keepAliveAt ? 'registrationLife' : keepAlive;
    const deadline = deadlineOf(element);
    if (timer !== wanted || deadline > this.#now || deadline !== this.nextDeadline()) {
      throw new Error(
        `${timer} of ${poolHandle}/${id} out of turn at ${this.#now}: ${wanted} at ${deadline}, ${this.nextDeadline()} is next`,
      );
    }
    if (timer === 'keepAliveTransmission') this.probe(poolHandle, id);
    else this.deregister(poolHandle, id);
  }

  poolHandles(): string[] {
    return [...this.#selections.keys()];
  }

  /** RFC 5353 §3.6.2, word by word. */
  checksum(homeRegistrarId: number): number {
    let sum = 0;
    for (const { registration, homeRegistrarId: home } of this.elements) {
      if (home !== homeRegistrarId) continue;
      const handle = Buffer.from(registration.poolHandle);
      const block = Buffer.alloc(Math.ceil(handle.length / 4) * 4 + 4);
      handle.copy(block);
      block.writeUInt32BE(registration.id, block.length - 4);
      for (let at = 0; at < block.length; at += 2) {
        sum += block.readUInt16BE(at);
        sum = (sum & 0xffff) + (sum >>> 16);
      }
    }
    return ~sum & 0xffff;
  }

  #indexOf(poolHandle: string, id: number): number {
    return this.elements.findIndex(
      ({ registration }) => registration.poolHandle === poolHandle && registration.id === id,
    );
  }

  #change(poolHandle: string, id: number, change: Partial<ModelElement>): boolean {
    const at = this.#indexOf(poolHandle, id);
    const element = this.elements[at];
    if (element !== undefined) this.elements[at] = { ...element, ...change };
    return element !== undefined;
  }

  #remove(at: number): void {
    const [element] = this.elements.splice(at, 1);
    if (element === undefined) return;
    const { poolHandle, id } = element.registration;
    const selection = this.#selections.get(poolHandle);
    selection?.remove(id);
    if (selection?.isEmpty) this.#selections.delete(poolHandle);
  }
}

function deadlineOf({ expiresAt, keepAliveAt }: ModelElement): number {
  return Math.min(expiresAt, keepAliveAt);
}
