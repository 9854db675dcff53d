/**
 * The processes of the demonstration and what they have told: who is in service, who knows whom, which
 * registrar is whose home. What comes about can be waited for.
 */

import { UnreachableError } from '../../errors.ts';
import type { SctpAddress } from '../../types.ts';
import type { Output } from '../output.ts';
import { type Line, Member, type Role } from './member.ts';

/** Lines that are shown, with their colours. What registrars tell of each other's start is too much. */
const SHOWN: Readonly<Record<string, 'green' | 'yellow' | undefined>> = {
  ready: undefined,
  refused: 'yellow',
  removed: 'yellow',
  peerDown: 'yellow',
  duplicateId: 'yellow',
  takeover: 'green',
  registrationLost: 'yellow',
  homeChanged: 'green',
  reregistered: 'green',
};

const PATIENCE_MS = 60_000;

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

export class Scene {
  readonly registrars: Member[] = [];
  readonly echoServers: Member[] = [];
  /** The home registrar of each pool element that has one, by identifiers. */
  readonly homes = new Map<number, number>();
  /** By the identifier of a registrar that died, that of the one which took it over. */
  readonly successors = new Map<number, number>();
  readonly #inService = new Set<number>();
  /** Whom each registrar knows. */
  readonly #peers = new Map<number, Set<number>>();
  readonly #output: Output;
  readonly #stopped: AbortSignal;
  readonly #options: readonly string[];
  readonly #onChange = new Set<() => void>();
  #failure: Error | undefined;

  /**
   * @param stopped ends all waiting: what waits rejects with its reason
   * @param options for the command of each process
   */
  constructor(output: Output, stopped: AbortSignal, options: readonly string[]) {
    this.#options = options;
    this.#output = output;
    this.#stopped = stopped;
    stopped.addEventListener('abort', () => this.#changed());
  }

  enter(role: Role): void {
    const member = new Member(
      { ...role, command: [...role.command, ...this.#options] },
      (line) => this.#onLine(role, line),
      (why) => this.#fail(`${capitalized(role.name)} ${why}.`),
    );
    (role.kind === 'registrar' ? this.registrars : this.echoServers).push(member);
  }

  /** Ends a process as a power cut would. */
  kill(member: Member): void {
    for (const all of [this.registrars, this.echoServers]) {
      if (all.includes(member)) all.splice(all.indexOf(member), 1);
    }
    member.kill();
  }

  /** Whether those that live are in service and know each other, and nobody else. */
  get isWhole(): boolean {
    const ids = this.registrars.map(({ role }) => role.id);
    return ids.every((id) => {
      const peers = this.#peersOf(id);
      const knowsAll = ids.every((other) => other === id || peers.has(other));
      return this.#inService.has(id) && knowsAll && peers.size === ids.length - 1;
    });
  }

  /** Whether this pool element has a home that lives. */
  isAtHome(elementId: number): boolean {
    const home = this.homes.get(elementId);
    return this.registrars.some(({ role }) => role.id === home);
  }

  /** Resolves once it is so. Rejects with UnreachableError when it does not come about: `otherwise` says so. */
  async until(isSo: () => boolean, otherwise: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    let check = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        check = () => {
          if (this.#stopped.aborted) reject(this.#stopped.reason);
          else if (this.#failure !== undefined) reject(this.#failure);
          else if (isSo()) resolve();
        };
        timer = setTimeout(() => reject(new UnreachableError(otherwise)), PATIENCE_MS);
        this.#onChange.add(check);
        check();
      });
    } finally {
      clearTimeout(timer);
      this.#onChange.delete(check);
    }
  }

  /** Ends everything at once. */
  killAll(): void {
    for (const member of [...this.echoServers, ...this.registrars]) member.kill();
  }

  /** Pool elements leave first, registrars then. */
  async close(): Promise<void> {
    await Promise.all(this.echoServers.map((member) => member.close()));
    await Promise.all(this.registrars.map((member) => member.close()));
  }

  #onLine(role: Role, line: Line): void {
    if (role.kind === 'registrar') this.#onRegistrarLine(role, line);
    else this.#onEchoServerLine(role, line);
    this.#show(role, line);
    this.#changed();
  }

  #onRegistrarLine({ id }: Role, line: Line): void {
    const about = Number(line.id);
    if (line.event === 'inService') this.#inService.add(id);
    else if (line.event === 'peerUp') this.#peersOf(id).add(about);
    else if (line.event === 'peerDown') this.#peersOf(id).delete(about);
    else if (line.event === 'registered') this.homes.set(about, id);
    else if (line.event === 'removed' && this.homes.get(about) === id) this.homes.delete(about);
    else if (line.event === 'takeover') {
      this.successors.set(Number(line.target), Number(line.successor));
    }
  }

  #onEchoServerLine({ id }: Role, line: Line): void {
    if (line.event === 'registrationLost') this.homes.delete(id);
    else if (line.event === 'homeChanged') this.homes.set(id, Number(line.registrarId));
    else if (line.event === 'reregistered') {
      const [place] = line.registrar as readonly SctpAddress[];
      const home = this.registrars.find(({ role }) => role.address === place?.address);
      if (home !== undefined) this.homes.set(id, home.role.id);
    }
  }

  #peersOf(id: number): Set<number> {
    const peers = this.#peers.get(id) ?? new Set();
    this.#peers.set(id, peers);
    return peers;
  }

  #show({ kind, name, id }: Role, { event, text, time, who, ...fields }: Line): void {
    const isShown = event in SHOWN || (kind === 'registrar' && event === 'registered');
    // Of a takeover everybody tells, of a removal as well; who did it is enough.
    if (!isShown || (event === 'takeover' && Number(fields.successor) !== id)) return;
    this.#output.event(name, event, text, fields, SHOWN[event]);
  }

  #fail(text: string): void {
    this.#failure ??= new UnreachableError(text);
    this.#output.event('demonstration', 'ended', text, {}, 'red');
    this.#changed();
  }

  #changed(): void {
    for (const check of [...this.#onChange]) check();
  }
}
