/** An EventEmitter whose listeners cannot disturb each other or the library. */

import { EventEmitter } from 'node:events';
import { attempt, rethrowLater } from './application-calls.ts';

export class Emitter<Events extends Record<keyof Events, unknown[]>> extends EventEmitter<Events> {
  /**
   * Calls every listener of the event, also when an earlier one throws. What a listener throws is thrown again on the next
   * tick, as an uncaught exception. What an asynchronous listener rejects with is an unhandled rejection.
   */
  override emit(type: unknown, ...args: unknown[]): boolean {
    const plain = this as unknown as EventEmitter;
    // 'error' keeps its meaning: without a listener it is thrown. The library has no such event.
    if (type === 'error') return EventEmitter.prototype.emit.call(plain, type, ...args);
    const listeners = plain.rawListeners(type as string);
    for (const listener of listeners) {
      attempt(() => Reflect.apply(listener, this, args), rethrowLater);
    }
    return listeners.length > 0;
  }
}
