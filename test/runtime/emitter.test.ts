/** An emitter whose listeners cannot disturb each other, and which is an EventEmitter in everything else. */

import { EventEmitter, once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { Emitter } from '../../src/runtime/emitter.ts';
import { uncaughtDuring } from '../support/uncaught.ts';

type Events = { told: [what: string]; other: []; error: [error: Error] };

function scene() {
  const emitter = new Emitter<Events>();
  const heard: string[] = [];
  const hears = (name: string) => (what: string) => void heard.push(`${name} ${what}`);
  const throws = (name: string) => (what: string) => {
    heard.push(`${name} ${what}`);
    throw new Error(name);
  };
  return { emitter, heard, hears, throws };
}

describe('an emitter', () => {
  test('calls each listener although others throw, and throws their exceptions on the next tick', async () => {
    const { emitter, heard, hears, throws } = scene();
    emitter.on('told', throws('first'));
    emitter.once('told', throws('once'));
    emitter.on('told', hears('last'));
    const { exceptions } = await uncaughtDuring(() => {
      expect(emitter.emit('told', 'a')).toBe(true);
      expect(emitter.emit('told', 'b')).toBe(true);
      expect(emitter.emit('other')).toBe(false);
    });
    expect(heard).toEqual(['first a', 'once a', 'last a', 'first b', 'last b']);
    expect(exceptions).toEqual(['first', 'once', 'first']);
  });

  test('tells an event to the listeners that it had when the event came', () => {
    const { emitter, heard, hears } = scene();
    const removed = hears('removed');
    emitter.once('told', () => {
      emitter.off('told', removed);
      emitter.on('told', hears('added'));
    });
    emitter.on('told', removed);
    emitter.emit('told', 'a');
    emitter.emit('told', 'b');
    expect(heard).toEqual(['removed a', 'added b']);
  });

  test('calls listeners as methods of itself and serves `once` of node:events', async () => {
    const { emitter } = scene();
    let receiver: unknown;
    emitter.on('told', function (this: unknown) {
      receiver = this;
    });
    const told = once(emitter, 'told');
    emitter.emit('told', 'a');
    expect(await told).toEqual(['a']);
    expect(receiver).toBe(emitter);
  });

  test('leaves the rejection of an asynchronous listener to the process', async () => {
    const { emitter, heard, hears } = scene();
    emitter.on('told', async () => {
      throw new Error('rejected');
    });
    emitter.on('told', hears('last'));
    const { exceptions, rejections } = await uncaughtDuring(() => emitter.emit('told', 'a'));
    expect({ heard, exceptions, rejections }).toEqual({
      ...{ heard: ['last a'], exceptions: [], rejections: ['rejected'] },
    });
  });

  test('keeps a listener of removals from ending the call of a `once` listener', async () => {
    const { emitter, heard, hears } = scene();
    const plain: EventEmitter = emitter as never;
    plain.on('removeListener', () => {
      throw new Error('removal');
    });
    emitter.once('told', hears('once'));
    const { exceptions } = await uncaughtDuring(() => emitter.emit('told', 'a'));
    expect({ heard, exceptions }).toEqual({ heard: ['once a'], exceptions: ['removal'] });
  });

  test('throws an error event that has no listener', () => {
    const { emitter } = scene();
    expect(() => emitter.emit('error', new Error('nobody listens'))).toThrow('nobody listens');
    expect(emitter).toBeInstanceOf(EventEmitter);
  });
});
