/**
 * Selection among the elements of one pool (RFC 5356), done naively. For the random policies, and for a
 * weighted round robin that was disturbed, what is told is who may be selected and how many; everywhere else
 * the exact answer.
 */

import type { Policy } from '../../src/wire/parameters.ts';

export type Expectation =
  | { readonly kind: 'exactly'; readonly ids: readonly number[] }
  | { readonly kind: 'anyOf'; readonly count: number; readonly ids: readonly number[] };

interface Entry {
  readonly id: number;
  value: number;
  loadDegradation: number;
  /** Priority and the least used family: lowest first ... */
  key: number;
  /** ... and among equals who stands in line longer. */
  joinedLine: number;
  /** Weighted round robin. */
  credit: number;
}

const ALL = 0xffff_ffff;

export class SelectionModel {
  readonly #type: Policy['type'];
  /** In the order of arrival. */
  readonly #entries: Entry[] = [];
  #head = 0;
  #joins = 0;
  #wasResolved = false;
  /** Weighted round robin: the pool has not changed since its first resolution. */
  #isUndisturbed = true;

  constructor(type: Policy['type']) {
    this.#type = type;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  insert(id: number, policy: Policy): void {
    const { value, loadDegradation } = valuesOf(policy);
    const key = this.#firstKey(value, loadDegradation);
    this.#joins += 1;
    this.#entries.push({ id, value, loadDegradation, key, joinedLine: this.#joins, credit: 0 });
    this.#disturb();
  }

  update(id: number, policy: Policy): void {
    const entry = this.#entry(id);
    const { value, loadDegradation } = valuesOf(policy);
    // Not even before the first resolution: the newly weighted stand behind those of that weight.
    if (value !== entry.value) this.#isUndisturbed = false;
    Object.assign(entry, { value, loadDegradation });
    const key = this.#firstKey(value, loadDegradation);
    if (key !== entry.key) this.#joinLine(entry, key);
  }

  remove(id: number): void {
    const at = this.#entries.findIndex((entry) => entry.id === id);
    this.#entries.splice(at, 1);
    if (at < this.#head) this.#head -= 1;
    if (this.#head >= this.#entries.length) this.#head = 0;
    this.#disturb();
  }

  select(items: number): Expectation {
    const entries = this.#entries;
    const count = Math.min(items, entries.length);
    switch (this.#type) {
      case 'roundRobin': {
        const inTurn = [...entries.slice(this.#head), ...entries.slice(0, this.#head)];
        return exactly(inTurn.slice(0, count));
      }
      case 'weightedRoundRobin':
        if (this.#isUndisturbed) return exactly(this.#selectSmoothly(items));
        return anyOf(items, this.#serving());
      case 'weightedRandom':
        return anyOf(items, this.#serving());
      case 'random':
      case 'randomizedLeastUsed':
        return anyOf(items, entries);
      default: {
        const byKey = (a: Entry, b: Entry) => a.key - b.key || a.joinedLine - b.joinedLine;
        return exactly([...entries].sort(byKey).slice(0, count));
      }
    }
  }

  /** What was answered has its effect on the next selection. */
  answered(ids: readonly number[]): void {
    this.#wasResolved = true;
    switch (this.#type) {
      case 'roundRobin':
        this.#head = (this.#head + 1) % this.#entries.length;
        return;
      case 'weightedRoundRobin':
        if (this.#isUndisturbed) pay(this.#serving(), this.#entry(ids[0] as number));
        return;
      case 'priority':
      case 'leastUsed':
      case 'priorityLeastUsed':
        this.#joinLine(this.#entry(ids[0] as number));
        return;
      case 'leastUsedDegradation': {
        const entry = this.#entry(ids[0] as number);
        this.#joinLine(entry, Math.min(ALL, entry.key + entry.loadDegradation));
      }
    }
  }

  /** Smooth weighted round robin to the letter, without repetition and without effect. */
  #selectSmoothly(items: number): Entry[] {
    const serving = this.#serving();
    const credits = new Map(serving.map((entry) => [entry, entry.credit]));
    const chosen: Entry[] = [];
    while (chosen.length < Math.min(items, serving.length)) {
      for (const entry of serving) {
        credits.set(entry, (credits.get(entry) as number) + gainOf(entry));
      }
      const open = serving.filter((entry) => !chosen.includes(entry));
      const most = Math.max(...open.map((entry) => credits.get(entry) as number));
      chosen.push(open.find((entry) => credits.get(entry) === most) as Entry);
    }
    return chosen;
  }

  /** Weight 0 cannot serve (RFC 5356 §3.2), unless nobody can. */
  #serving(): Entry[] {
    const serving = this.#entries.filter(({ value }) => value > 0);
    return serving.length === 0 ? this.#entries : serving;
  }

  #firstKey(value: number, loadDegradation: number): number {
    if (this.#type === 'priority') return ALL - value;
    if (this.#type === 'priorityLeastUsed') return Math.min(ALL, value + loadDegradation);
    return this.#type.startsWith('leastUsed') ? value : 0;
  }

  #joinLine(entry: Entry, key = entry.key): void {
    this.#joins += 1;
    entry.key = key;
    entry.joinedLine = this.#joins;
  }

  #disturb(): void {
    if (this.#wasResolved) this.#isUndisturbed = false;
  }

  #entry(id: number): Entry {
    const entry = this.#entries.find((one) => one.id === id);
    if (entry === undefined) throw new Error(`${id} is not in this pool`);
    return entry;
  }
}

function pay(serving: readonly Entry[], chosen: Entry): void {
  for (const entry of serving) entry.credit += gainOf(entry);
  chosen.credit -= serving.reduce((sum, entry) => sum + gainOf(entry), 0);
}

function gainOf({ value }: Entry): number {
  return Math.max(1, value);
}

function exactly(entries: readonly Entry[]): Expectation {
  return { kind: 'exactly', ids: entries.map(({ id }) => id) };
}

function anyOf(items: number, entries: readonly Entry[]): Expectation {
  return {
    kind: 'anyOf',
    count: Math.min(items, entries.length),
    ids: entries.map(({ id }) => id),
  };
}

function valuesOf(policy: Policy): { value: number; loadDegradation: number } {
  const values: Partial<Record<string, unknown>> = policy;
  const {
    weight,
    priority,
    load,
    loadDegradation = 0,
  } = values as Record<string, number | undefined>;
  return { value: weight ?? priority ?? load ?? 0, loadDegradation };
}
