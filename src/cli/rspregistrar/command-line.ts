/**
 * Reads a command line of `rspregistrar`, and the two variables of the environment that stand for options,
 * by the option table. What is no option or no value is one sentence; what is out of range is taken as the
 * nearest usable value and said.
 */

import { ConfigError } from '../../errors.ts';
import { nearestName } from '../../settings/nearest-name.ts';
import type { Option } from './option-kinds.ts';
import {
  ALIASES,
  NOT_TAKEN,
  OPTION_NAMES,
  OPTIONS,
  type OptionName,
  type OptionValues,
  optionNamed,
} from './option-table.ts';

export interface CommandLine {
  readonly values: OptionValues;
  /** What people should know about what they wrote, a sentence each, for the log. */
  readonly notes: readonly string[];
  /** What is asked for instead of a registrar. */
  readonly asksFor: 'help' | 'version' | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const QUESTIONS: Readonly<Record<string, 'help' | 'version'>> = {
  '-h': 'help',
  '-help': 'help',
  '--help': 'help',
  help: 'help',
  '-v': 'version',
  '-version': 'version',
  '--version': 'version',
  version: 'version',
};

/** rsplib's: the shortest interval of status reports from the environment, and the one where only a server is named. */
const CSP_INTERVAL_MS = 250;

/** Throws ConfigError, its key the option, when an argument cannot be taken. */
export function readCommandLine(args: readonly string[], environment: Environment): CommandLine {
  const reading = new Reading();
  for (const argument of args) {
    const asksFor = QUESTIONS[argument];
    if (asksFor !== undefined) return { ...reading.finish(), asksFor };
    reading.take(argument);
  }
  reading.takeEnvironment(environment);
  return { ...reading.finish(), asksFor: undefined };
}

class Reading {
  readonly #values = new Map<OptionName, unknown>();
  readonly #notes: string[] = [];

  take(argument: string): void {
    const [, written = '', text] = /^-([^=]+)(?:=(.*))?$/s.exec(argument) ?? [];
    const name = ALIASES[written] ?? (written as OptionName);
    if (!Object.hasOwn(OPTIONS, name)) throw unknown(argument, written);
    if (name !== written) this.#notes.push(`-${written} is deprecated: write -${name}.`);
    const option = optionNamed(name);
    const isFlag = option.placeholder === undefined;
    if (isFlag && text !== undefined) throw new ConfigError(name, `-${name} takes no value.`);
    if (!isFlag && text === undefined) {
      throw new ConfigError(name, `-${name} needs a value: write -${name}=${option.placeholder}.`);
    }
    this.#set(name, option, read(`-${name}`, name, option, text ?? ''));
    if (!option.isEffective) this.#notes.push(`-${name} has no effect yet.`);
  }

  /** Options override it; a server without an interval has reports sent. */
  takeEnvironment({ CSP_SERVER, CSP_INTERVAL }: Environment): void {
    const isServerGiven = this.#values.has('cspserver');
    const { cspserver, cspinterval } = OPTIONS;
    if (CSP_SERVER && !isServerGiven) {
      this.#set('cspserver', cspserver, read('CSP_SERVER', 'cspserver', cspserver, CSP_SERVER));
    }
    if (CSP_INTERVAL && !this.#values.has('cspinterval')) {
      const interval = read('CSP_INTERVAL', 'cspinterval', cspinterval, CSP_INTERVAL);
      this.#set('cspinterval', cspinterval, Math.max(interval, CSP_INTERVAL_MS));
    }
    if (isServerGiven && !this.#values.has('cspinterval')) {
      this.#set('cspinterval', cspinterval, CSP_INTERVAL_MS);
    }
  }

  finish(): Omit<CommandLine, 'asksFor'> {
    const values = OPTION_NAMES.map((name) => [
      name,
      this.#values.has(name) ? this.#values.get(name) : optionNamed(name).default,
    ]);
    return { values: Object.fromEntries(values) as OptionValues, notes: this.#notes };
  }

  #set<Value>(name: OptionName, option: Option<Value>, value: Value): void {
    const usable = option.clamp(value);
    if (usable !== value) {
      const shown = `${option.show(value)}, out of range (${option.range})`;
      this.#notes.push(`-${name} is ${shown}: ${option.show(usable)} is used.`);
    }
    const earlier = this.#values.get(name) as Value | undefined;
    this.#values.set(name, earlier === undefined ? usable : option.join(earlier, usable));
  }
}

function read<Value>(label: string, name: OptionName, option: Option<Value>, text: string): Value {
  try {
    return option.read(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConfigError(name, `${label}: ${error.message}`, { cause: error });
  }
}

function unknown(argument: string, written: string): ConfigError {
  const instead = NOT_TAKEN[written];
  if (instead !== undefined) {
    return new ConfigError(written, `-${written} is not supported: ${instead}.`);
  }
  const near = nearestName(written, OPTION_NAMES);
  const hint = near === undefined ? 'See -help.' : `Did you mean -${near}?`;
  return new ConfigError(written, `There is no option "${argument}". ${hint}`);
}
