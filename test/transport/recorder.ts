/** A handler that writes down what it is told, and keeps copies of what was valid only during the call. */

import type {
  AssociationDownReason,
  AssociationInfo,
  SctpHandler,
} from '../../src/transport/transport.ts';
import type { AssociationId, IpAddress } from '../../src/types.ts';

export type RecordedEvent =
  | { type: 'up'; association: AssociationId; info: AssociationInfo }
  | { type: 'restart'; association: AssociationId; info: AssociationInfo }
  | { type: 'down'; association: AssociationId; why: AssociationDownReason; detail: string }
  | {
      type: 'message';
      association: AssociationId;
      payloadProtocol: number;
      stream: number;
      payload: Buffer;
    }
  | { type: 'path'; association: AssociationId; address: IpAddress; state: 'up' | 'down' }
  | { type: 'writable'; association: AssociationId }
  | { type: 'batchEnd' };

export class Recorder implements SctpHandler {
  readonly events: RecordedEvent[] = [];
  /** Called with every event, as it happens. */
  react: (event: RecordedEvent) => void = () => {};
  readonly #waiting = new Set<() => void>();

  /** Waits, with a generous limit, until what happened so far fulfils the condition. */
  until(what: string, isFulfilled: (heard: this) => boolean, limitMs = 30_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (!isFulfilled(this)) return;
        clearTimeout(giveUp);
        this.#waiting.delete(check);
        resolve();
      };
      const giveUp = setTimeout(() => {
        this.#waiting.delete(check);
        const types = this.types.slice(-20).join(' ');
        reject(new Error(`waited in vain for ${what}; the last that happened: ${types}`));
      }, limitMs);
      this.#waiting.add(check);
      check();
    });
  }

  onUp(association: AssociationId, info: AssociationInfo): void {
    this.#record({ type: 'up', association, info });
  }

  onRestart(association: AssociationId, info: AssociationInfo): void {
    this.#record({ type: 'restart', association, info });
  }

  onDown(association: AssociationId, why: AssociationDownReason, detail: string): void {
    this.#record({ type: 'down', association, why, detail });
  }

  onMessage(
    association: AssociationId,
    payloadProtocol: number,
    stream: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
  ): void {
    const payload = Buffer.from(bytes.subarray(offset, offset + length));
    this.#record({ type: 'message', association, payloadProtocol, stream, payload });
  }

  onPath(association: AssociationId, address: IpAddress, state: 'up' | 'down'): void {
    this.#record({ type: 'path', association, address, state });
  }

  onWritable(association: AssociationId): void {
    this.#record({ type: 'writable', association });
  }

  onBatchEnd(): void {
    this.#record({ type: 'batchEnd' });
  }

  of<Type extends RecordedEvent['type']>(type: Type): Extract<RecordedEvent, { type: Type }>[] {
    return this.events.filter(
      (event): event is Extract<RecordedEvent, { type: Type }> => event.type === type,
    );
  }

  /** The types of what happened, without the ends of batches. */
  get types(): string[] {
    return this.events.map((event) => event.type).filter((type) => type !== 'batchEnd');
  }

  get texts(): string[] {
    return this.of('message').map(({ payload }) => payload.toString());
  }

  #record(event: RecordedEvent): void {
    this.events.push(event);
    this.react(event);
    for (const check of this.#waiting) check();
  }
}
