/**
 * Options with defaults, as one table: what each may be, and what it is when it is left out. A default may depend on
 * facts, such as the profile. What options mean is said by the interface that the table is of.
 */

import type { Kind } from './kind.ts';
import { optional } from './kind.ts';
import { type Fields, record } from './record.ts';

/** One line for every option: one that is missing here does not compile. */
export type Table<Options, Facts = undefined> = {
  readonly [Name in keyof Options]-?: readonly [
    kind: Kind<Options[Name]>,
    byDefault: Options[Name] | ((facts: Facts) => Options[Name]),
  ];
};

/** The same options, each of which may be left out, also as `undefined`. */
export type PartialOptions<Options> = {
  readonly [Name in keyof Options]?: Options[Name] | undefined;
};

/** The kind of an object in which any of the options may be left out; nothing is filled in. */
export function partly<Options extends object, Facts = undefined>(
  table: Table<Options, Facts>,
): Kind<PartialOptions<Options>> {
  const rows = Object.entries(table) as [string, readonly [Kind<unknown>, unknown]][];
  const fields = Object.fromEntries(rows.map(([name, [kind]]) => [name, optional(kind)]));
  return record(fields as unknown as Fields<PartialOptions<Options>>, {
    name: 'options',
    expected: 'an object with options',
  });
}

/** Fills in the defaults of options that are left out. */
export function filledIn<Options extends object, Facts = undefined>(
  table: Table<Options, Facts>,
  given: PartialOptions<Options>,
  facts: Facts,
): Options {
  const rows = Object.entries(table) as [keyof Options, Table<Options, Facts>[keyof Options]][];
  return Object.fromEntries(
    rows.map(([name, [, byDefault]]) => [name, given[name] ?? defaultOf(byDefault, facts)]),
  ) as Options;
}

/** Checks options and fills in the defaults. Throws ConfigError that names the option below `path`. */
export function completed<Options extends object, Facts = undefined>(
  table: Table<Options, Facts>,
  given: unknown,
  facts: Facts,
  path = '',
): Options {
  return filledIn(table, partly(table).read(given, path), facts);
}

function defaultOf<Value, Facts>(
  byDefault: Value | ((facts: Facts) => Value),
  facts: Facts,
): Value {
  return typeof byDefault === 'function'
    ? (byDefault as (facts: Facts) => Value)(facts)
    : byDefault;
}
