/**
 * The file of a log. Each line is written at once, so that none is lost when the process ends. A file that
 * cannot be written or opened again ends nothing: its lines are lost and counted, this is reported once, and
 * every further line tries again.
 */

import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { ConfigError } from '../../errors.ts';

/** Where the lines of a log go. */
export interface LogDestination {
  write(lines: string): void;
  /** Opens a file again under its name, for programs such as logrotate that have renamed it. */
  reopen(): void;
}

export interface LogFileSettings {
  readonly path: string;
  /** Whether the file keeps what it holds. */
  readonly appends: boolean;
  /** The line that stands for lines that could not be written. */
  gapLine(linesLost: number): string;
  /** Called with a sentence, once when writing fails and once when it works again. */
  onProblem(text: string): void;
}

/** Non-blocking: a FIFO whose reader is missing or slow must not stop the process. */
const FLAGS =
  constants.O_WRONLY |
  constants.O_APPEND |
  constants.O_CREAT |
  constants.O_NONBLOCK |
  constants.O_NOCTTY;

/** Between two attempts to open. */
const RETRY_INTERVAL_MS = 1_000;

export class LogFile implements LogDestination {
  readonly #settings: LogFileSettings;
  /** `undefined`: a FIFO that no process reads yet. */
  #descriptor: number | undefined;
  /** The file is to be opened again, and the earlier one serves until that works. */
  #wantsOpening = false;
  #triedAt = Number.NEGATIVE_INFINITY;
  #problem: string | undefined;
  #linesLost = 0;
  /** A line has been written in part. */
  #isTorn = false;

  /** Throws ConfigError when the file cannot be opened. */
  constructor(settings: LogFileSettings) {
    this.#settings = settings;
    const { path, appends } = settings;
    try {
      this.#descriptor = openSync(path, appends ? FLAGS : FLAGS | constants.O_TRUNC);
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      if (code !== 'ENXIO') {
        const sentence = `The log ${path} cannot be opened: ${message}. Name a file in a folder that exists and is writable.`;
        throw new ConfigError('logFile', sentence, { cause });
      }
      this.#wantsOpening = true;
      this.#fail('opened', cause);
    }
  }

  write(lines: string): void {
    if (this.#wantsOpening && performance.now() - this.#triedAt >= RETRY_INTERVAL_MS) this.#open();
    const gap = this.#linesLost === 0 ? '' : this.#settings.gapLine(this.#linesLost);
    const bytes = Buffer.from(`${this.#isTorn ? '\n' : ''}${gap}${lines}`);
    try {
      if (this.#descriptor === undefined) this.#linesLost += 1;
      else this.#writeAll(this.#descriptor, bytes);
    } catch (error) {
      this.#linesLost += 1;
      this.#fail('written', error);
    }
  }

  reopen(): void {
    this.#wantsOpening = true;
    this.#open();
  }

  /** Keeps the earlier file if that fails: what was renamed or removed can still be written. */
  #open(): void {
    this.#triedAt = performance.now();
    try {
      const descriptor = openSync(this.#settings.path, FLAGS);
      if (this.#descriptor !== undefined) closeSync(this.#descriptor);
      this.#descriptor = descriptor;
      this.#wantsOpening = false;
      if (this.#problem === 'opened') this.#recover();
    } catch (error) {
      this.#fail('opened', error);
    }
  }

  #writeAll(descriptor: number, bytes: Uint8Array): void {
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(descriptor, bytes, written);
      this.#isTorn = written < bytes.length;
    }
    this.#linesLost = 0;
    if (this.#problem === 'written') this.#recover();
  }

  #fail(problem: 'opened' | 'written', error: unknown): void {
    if (this.#problem === problem) return;
    this.#problem = problem;
    const reason = error instanceof Error ? error.message : String(error);
    this.#settings.onProblem(`The log ${this.#settings.path} cannot be ${problem}: ${reason}.`);
  }

  #recover(): void {
    const { path, onProblem } = this.#settings;
    onProblem(`The log ${path} can be ${this.#problem} again.`);
    this.#problem = undefined;
  }
}
