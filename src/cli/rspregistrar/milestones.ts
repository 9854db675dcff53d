/** The milestones of `rspregistrar`, which it shows on standard output unless a log level is given. */

import type { Logger } from '../../protocol/logger.ts';
import { formatEntry, type ProgramLog } from '../log/text-log.ts';

/** Entries of a registrar's log, by their constant texts. */
const MILESTONES = new Set(['started', 'in service', 'peer is up', 'peer is down']);

const PLAIN = { isColoured: false, isJson: false };

/** Prints the milestones of a log; those that are logged before `begin` are printed then. */
export class Milestones {
  /** The same log, but for the milestones: they are kept from a log on standard error. */
  readonly log: ProgramLog;
  readonly #print: (text: string) => void;
  #waiting: string[] | undefined = [];

  constructor(log: ProgramLog, print: (text: string) => void) {
    this.#print = print;
    const routed = (method: keyof Logger) => (fields: object, text: string) => {
      const isMilestone = MILESTONES.has(text);
      if (isMilestone) this.#show(formatEntry(method, fields, text, PLAIN));
      if (!isMilestone || !log.isOnStandardError) log[method](fields, text);
    };
    this.log = { ...log, info: routed('info'), warn: routed('warn') };
  }

  begin(): void {
    for (const line of this.#waiting ?? []) this.#print(line);
    this.#waiting = undefined;
  }

  #show(line: string): void {
    if (this.#waiting === undefined) this.#print(line);
    else this.#waiting.push(line);
  }
}
