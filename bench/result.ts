/** What a measurement is called and what it gives. */

/** One measured line. `ratio` is value / reference, `spread` its smallest and largest round. */
export interface Result {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  readonly reference: number | null;
  readonly ratio: number | null;
  readonly spread: readonly [number, number] | null;
}

export interface Row {
  readonly id: string;
  measure(): Result | Promise<Result>;
  /** Why it cannot be measured here; `undefined`: it can. Default: always. */
  lack?(): string | undefined;
}

export const RESOLUTIONS_PER_SECOND = 'handle resolutions/s';
