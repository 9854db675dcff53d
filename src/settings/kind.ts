/**
 * Kinds: what a value that an application passes must be. A kind checks a value, names it by its path when it cannot
 * be used, and says what to give instead. Objects are `record.ts`, options with defaults `table.ts`.
 */

import { ConfigError } from '../errors.ts';
import { show } from './show.ts';

export interface Kind<Value> {
  /** What to give, as the end of a sentence: "a whole number from 1 to 65535". */
  readonly expected: string;
  /**
   * Returns the value as it is worked with: a copy where the application could still change it. Throws ConfigError
   * that names `path`.
   */
  read(value: unknown, path: string): Value;
}

/** A field that may be left out; `undefined` counts as left out. */
export interface OptionalKind<Value> extends Kind<Value> {
  readonly isOptional: true;
}

export function optional<Value>(kind: Kind<Value>): OptionalKind<Value> {
  return { expected: kind.expected, isOptional: true, read: kind.read };
}

/** Makes a kind of a test. `given` returns `undefined` for a value that cannot be used. */
export function kindOf<Value>(
  expected: string,
  given: (value: unknown) => Value | undefined,
): Kind<Value> {
  return {
    expected,
    read(value, path) {
      const read = given(value);
      if (read === undefined) throw unusable(path, value, expected);
      return read;
    },
  };
}

/** The error for a value that cannot be used. */
export function unusable(path: string, value: unknown, expected: string): ConfigError {
  const what = value === undefined ? 'missing' : show(value);
  return new ConfigError(keyOf(path), `${path} is ${what}: give ${expected}.`);
}

/** The setting that a path belongs to: `enrp.peers` for `enrp.peers[1][0].port`. */
export function keyOf(path: string): string {
  return path.split('[', 1)[0] as string;
}

/** A whole number; -0 is read as 0. */
export function whole(min: number, max: number): Kind<number> {
  return kindOf(`a whole number from ${min} to ${max}`, (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? value + 0
      : undefined,
  );
}

/** Any finite number; -0 is read as 0. */
export function number(min: number, max: number): Kind<number> {
  return kindOf(`a number from ${min} to ${max}`, (value) =>
    typeof value === 'number' && value >= min && value <= max ? value + 0 : undefined,
  );
}

export const flag: Kind<boolean> = kindOf('true or false', (value) =>
  typeof value === 'boolean' ? value : undefined,
);

export function oneOf<const Name extends string>(...names: readonly Name[]): Kind<Name> {
  const quoted = names.map((name) => `"${name}"`);
  const last = quoted.pop() as string;
  const expected = quoted.length === 0 ? last : `${quoted.join(', ')} or ${last}`;
  return kindOf(expected, (value) => names.find((name) => name === value));
}

/** `false`, or what `kind` is. */
export function orFalse<Value>(kind: Kind<Value>): Kind<Value | false> {
  return {
    expected: `${kind.expected}, or false`,
    read: (value, path) => (value === false ? false : kind.read(value, path)),
  };
}

/** A list, copied; its items are named `PATH[0]`, `PATH[1]`, ... */
export function listOf<Item>(
  item: Kind<Item>,
  { expected, least = 0, unique = false }: ListRules,
): Kind<readonly Item[]> {
  const read = (value: unknown, path: string) => {
    if (!Array.isArray(value) || value.length < least) throw unusable(path, value, expected);
    const items = Array.from(value, (one, index) => item.read(one, `${path}[${index}]`));
    if (unique) refuseRepeated(items, path);
    return items;
  };
  return { expected, read };
}

interface ListRules {
  readonly expected: string;
  readonly least?: number;
  /** Whether an item may be there only once. */
  readonly unique?: boolean;
}

function refuseRepeated(items: readonly unknown[], path: string): void {
  const index = items.findIndex((item, at) => items.indexOf(item) !== at);
  if (index < 0) return;
  const what = `${path}[${index}] is ${show(items[index])} again: give each one once.`;
  throw new ConfigError(keyOf(path), what);
}

/** An object with these methods, of any class: a logger, an AbortSignal. It is used as it is. */
export function having<Value extends object>(
  expected: string,
  methods: readonly (keyof Value & string)[],
): Kind<Value> {
  return kindOf(expected, (value) => {
    const isObject = typeof value === 'object' || typeof value === 'function';
    const methodsOf = value as Readonly<Record<string, unknown>>;
    const hasAll =
      isObject && value !== null && methods.every((name) => typeof methodsOf[name] === 'function');
    return hasAll ? (value as Value) : undefined;
  });
}

export function callback<Callback>(): Kind<Callback> {
  return kindOf('a function', (value) =>
    typeof value === 'function' ? (value as Callback) : undefined,
  );
}

export const signal: Kind<AbortSignal> = having('an AbortSignal', [
  ...(['addEventListener', 'removeEventListener', 'throwIfAborted'] as const),
]);
