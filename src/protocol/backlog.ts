/**
 * Work that one input gave rise to and that is too much to do at once, such as the removal of the thousands
 * of pool elements of a lost association. It is done in slices: the first at once, then one per `timeout`, so
 * that messages get their turn in between.
 */

import type { Milliseconds } from '../types.ts';

/** Does one slice; false when nothing is left. */
export type Job = (now: Milliseconds) => boolean;

/** Pool elements that one slice deals with: well below a millisecond. */
export const SLICE = 128;

export class Backlog {
  readonly #jobs: Job[] = [];

  get isEmpty(): boolean {
    return this.#jobs.length === 0;
  }

  /** Does the first slice of `job`, and keeps it when there is more. */
  start(now: Milliseconds, job: Job): void {
    if (job(now)) this.#jobs.push(job);
  }

  /** One slice of the job that has waited longest. */
  run(now: Milliseconds): void {
    const job = this.#jobs.shift();
    if (job !== undefined) this.start(now, job);
  }
}
