/**
 * The kinds of options that `rspregistrar` has: how the text of a value is read, what is out of range and how
 * a value is shown. Which options there are is `option-table.ts`.
 */

import { formatId } from '../../types.ts';
import {
  formatHostAndPort,
  type HostAndPort,
  parseHostAndPort,
  parseHostsAndPorts,
} from './address.ts';

/** One row of the table. The parser, the help, the start-up text and the documentation are made of these. */
export interface Option<Value> {
  /** What the help shows behind `=`; `undefined`: the option is a flag and takes no value. */
  readonly placeholder: string | undefined;
  readonly default: Value;
  /** Unit of the number, where it is one: `ms`. */
  readonly unit: string;
  /** What it does, one sentence without its full stop. */
  readonly text: string;
  /** Whether it does that already. Those of parts to come are read and checked all the same. */
  readonly isEffective: boolean;
  /** What is taken, for people: `100 to 60000`. Empty where `placeholder` says it all. */
  readonly range: string;
  /** Throws a RangeError with a sentence that says what is wrong and what to write. */
  read(text: string): Value;
  /** The nearest usable value; the same one where it is usable. */
  clamp(value: Value): Value;
  /** What a further occurrence makes of the earlier value and the new one. */
  join(earlier: Value, value: Value): Value;
  show(value: Value): string;
}

interface Words<Value> {
  readonly default: Value;
  readonly text: string;
  /** Default true. */
  readonly isEffective?: boolean;
}

/** `auto`: the program chooses; otherwise where to. */
export type AddressesOrAuto = 'auto' | readonly HostAndPort[];
export type GroupSetting = 'auto' | 'off' | HostAndPort;

function option<Value>(
  words: Words<Value>,
  kind: Pick<Option<Value>, 'placeholder' | 'read'> & Partial<Option<Value>>,
): Option<Value> {
  return {
    ...{ unit: '', range: '', isEffective: true },
    clamp: (value) => value,
    join: (_earlier, value) => value,
    show: (value) => String(value),
    ...kind,
    ...words,
  };
}

export function flag(text: string, { isEffective = true } = {}): Option<boolean> {
  return option(
    { default: false, text, isEffective },
    { placeholder: undefined, read: () => true, show: (value) => (value ? 'on' : 'off') },
  );
}

const PLACEHOLDERS: Readonly<Record<string, string>> = { ms: 'MILLISECONDS', s: 'SECONDS' };

export interface NumberWords extends Words<number> {
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  /** Default false: whole numbers only. */
  readonly allowsFraction?: boolean;
}

/** Out of range is taken as the nearest usable value, as rsplib does; what is no number is not taken at all. */
export function number(words: NumberWords): Option<number> {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = words;
  const { unit = '', allowsFraction = false } = words;
  const pattern = allowsFraction ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/;
  return option(words, {
    placeholder: PLACEHOLDERS[unit] ?? 'NUMBER',
    unit,
    range: rangeText(min, max),
    read(text) {
      if (pattern.test(text)) return Number(text);
      throw new RangeError(`"${text}" is not a ${allowsFraction ? '' : 'whole '}number.`);
    },
    clamp: (value) => Math.min(Math.max(value, min), max),
    show: (value) => `${value} ${unit}`.trimEnd(),
  });
}

/** A number that has no default value; `auto` says what is done without one. */
export function numberOrAuto(
  words: Omit<NumberWords, 'default'> & { readonly auto: string },
): Option<number | undefined> {
  const { auto, ...others } = words;
  const kind = number({ ...others, default: 0 });
  return {
    ...kind,
    default: undefined,
    clamp: (value) => (value === undefined ? value : kind.clamp(value)),
    join: (_earlier, value) => value,
    show: (value) => (value === undefined ? auto : kind.show(value)),
  };
}

function rangeText(min: number, max: number): string {
  if (Number.isFinite(min) && Number.isFinite(max)) return `${min} to ${max}`;
  return Number.isFinite(min) ? `${min} or more` : '';
}

/** One of a few words. Without a default of its own, `undefined`, `auto` says what is done then. */
export function choice<Word extends string, Default extends Word | undefined>(
  words: Words<Default> & { readonly auto?: string },
  choices: readonly Word[],
): Option<Word | Default> {
  const { auto = '', ...others } = words;
  return option<Word | Default>(others, {
    placeholder: choices.join('|'),
    read(text) {
      const found = choices.find((word) => word === text);
      if (found !== undefined) return found;
      throw new RangeError(`"${text}" is not one of: ${choices.join(', ')}.`);
    },
    show: (value) => value ?? auto,
  });
}

/** Without one, `auto` says what is done then. */
export function port(
  words: Words<number | undefined> & { readonly auto: string },
): Option<number | undefined> {
  const { auto, ...others } = words;
  return option<number | undefined>(others, {
    placeholder: 'PORT',
    range: '0 to 65535; 0: any free one',
    read(text) {
      if (/^\d+$/.test(text) && Number(text) <= 65_535) return Number(text);
      throw new RangeError(`"${text}" is not a port (0 to 65535).`);
    },
    show: (value) => (value === undefined ? auto : String(value)),
  });
}

/** 1 to 0xffffffff; 0: one is chosen at random. */
export function identifier(words: Words<number>): Option<number> {
  return option(words, {
    placeholder: 'NUMBER',
    range: '0xhex or decimal, 32 bits; 0: random',
    read(text) {
      const value = /^(\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : Number.NaN;
      if (value <= 0xffff_ffff) return value;
      throw new RangeError(`"${text}" is not a valid identifier (at most 0xffffffff).`);
    },
    show: (value) => (value === 0 ? 'random' : formatId(value)),
  });
}

export function file(words: Words<string | undefined>): Option<string | undefined> {
  return option(words, {
    placeholder: 'FILE',
    read(text) {
      if (text !== '') return text;
      throw new RangeError('a file name is missing.');
    },
    show: (value) => value ?? 'none',
  });
}

export function addressesOrAuto(words: Words<AddressesOrAuto>): Option<AddressesOrAuto> {
  return option(words, {
    placeholder: 'auto|ADDRESS[,ADDRESS...]',
    read: (text) => (text === 'auto' ? 'auto' : atMost64(parseHostsAndPorts(text))),
    show: (value) => (value === 'auto' ? value : value.map(formatHostAndPort).join(',')),
  });
}

/** Peers, each with all its addresses: one option is one peer. */
export function peerList(
  words: Words<readonly (readonly HostAndPort[])[]>,
): Option<readonly (readonly HostAndPort[])[]> {
  return option(words, {
    placeholder: 'ADDRESS[,ADDRESS...]',
    range: 'repeat for more',
    read: (text) => [atMost64(parseHostsAndPorts(text))],
    join: (earlier, value) => [...earlier, ...value],
    show: (value) => value.map((peer) => peer.map(formatHostAndPort).join(',')).join(' ') || 'none',
  });
}

/** rsplib's bound. */
function atMost64<Item>(items: readonly Item[]): readonly Item[] {
  if (items.length <= 64) return items;
  throw new RangeError(`${items.length} addresses are too many: give at most 64.`);
}

/** The port is the default's where none is given. */
export function address(words: Words<HostAndPort>): Option<HostAndPort> {
  return option(words, {
    placeholder: 'ADDRESS',
    read(text) {
      const { host, port } = parseHostAndPort(text);
      return { host, port: port || words.default.port };
    },
    show: formatHostAndPort,
  });
}

/** A multicast group for announces, or none. `none` is another word for `off`. */
export function group(words: Words<GroupSetting>): Option<GroupSetting> {
  return option(words, {
    placeholder: 'auto|off|ADDRESS',
    read(text) {
      if (text === 'auto' || text === 'off') return text;
      return text === 'none' ? 'off' : parseHostAndPort(text);
    },
    show: (value) => (typeof value === 'string' ? value : formatHostAndPort(value)),
  });
}
