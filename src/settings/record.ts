/**
 * Objects that an application passes, as tables of their fields. Everything is refused that would else be ignored:
 * unknown fields, inherited ones, instances of classes. Each field is read once, so that what was checked is what is used.
 */

import { ConfigError } from '../errors.ts';
import { type Kind, keyOf, type OptionalKind, unusable } from './kind.ts';
import { nearestName } from './nearest-name.ts';
import { isPlainObject, show } from './show.ts';

/** A kind for every field of `Value`: one that is missing here does not compile, nor one that is wrongly optional. */
export type Fields<Value> = {
  readonly [Name in keyof Value]-?: undefined extends Value[Name]
    ? OptionalKind<Exclude<Value[Name], undefined>>
    : Kind<Value[Name]>;
};

/** What an object is called in messages when it is not a field of another one. */
export interface Naming {
  /** For example `settings` or `options`. */
  readonly name?: string;
  /** For example `an object such as { items: 3 }`. */
  readonly expected?: string;
}

export function record<Value extends object>(
  fields: Fields<Value>,
  { name = 'settings', expected }: Naming = {},
): Kind<Value> {
  const rows = Object.entries<Kind<unknown> & { isOptional?: boolean }>(fields).map(
    ([field, kind]) => ({ field, kind, isOptional: kind.isOptional === true }),
  );
  const names = rows.map(({ field }) => field);
  const wanted = expected ?? `an object with ${names.length === 0 ? 'no fields' : listed(names)}`;
  const known = new Set(names);
  // The paths of the fields, made once: the same record is nearly always read at the same path.
  let [lastPath, paths] = ['', names];
  const read = (value: unknown, path: string): Value => {
    const whole = path === '' ? name : path;
    if (!isPlainObject(value)) throw notPlain(whole, value, wanted);
    const stranger = strangerIn(value, known);
    if (stranger !== undefined) throw unknown(join(path, stranger), stranger, whole, names);
    if (path !== lastPath) [lastPath, paths] = [path, names.map((field) => join(path, field))];
    const pathsHere = paths;
    const result: Record<string, unknown> = {};
    for (let i = 0; i < rows.length; i++) {
      const { field, kind, isOptional } = rows[i] as (typeof rows)[number];
      const given = Object.hasOwn(value, field) ? value[field] : undefined;
      if (given === undefined && isOptional) continue;
      result[field] = kind.read(given, pathsHere[i] as string);
    }
    return result as Value;
  };
  return { expected: wanted, read };
}

/** The first field that is not known; a symbol that is not enumerable, as a module has one, is no field. */
function strangerIn(value: object, known: ReadonlySet<string>): PropertyKey | undefined {
  for (const name of Object.keys(value)) if (!known.has(name)) return name;
  const symbols = Object.getOwnPropertySymbols(value);
  return symbols.find((symbol) => Object.prototype.propertyIsEnumerable.call(value, symbol));
}

/** `asap.port`; `port` when the object is not a field of another one. */
export function join(path: string, field: PropertyKey): string {
  return path === '' ? String(field) : `${path}.${String(field)}`;
}

function notPlain(path: string, value: unknown, expected: string): ConfigError {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject) return unusable(path, value, expected);
  const sentence = `${path} is ${show(value)}: give a plain object with fields of its own.`;
  return new ConfigError(keyOf(path), sentence);
}

function unknown(
  path: string,
  key: PropertyKey,
  whole: string,
  names: readonly string[],
): ConfigError {
  const near = typeof key === 'string' ? nearestName(key, names) : undefined;
  const parent = path.slice(0, path.length - String(key).length);
  const hint =
    near === undefined ? `${whole} may have ${listed(names)}.` : `did you mean ${parent}${near}?`;
  return new ConfigError(keyOf(path), `${path} is unknown: ${hint}`);
}

function listed(names: readonly string[]): string {
  const [last, ...others] = names.toReversed();
  if (last === undefined) return 'no fields';
  return others.length === 0 ? last : `${others.reverse().join(', ')} and ${last}`;
}
