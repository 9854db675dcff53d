/** The order of steps and of calls of the application. */

import { describe, expect, test } from 'vitest';
import { Steps } from '../../src/runtime/steps.ts';

function scene() {
  const exceptions: unknown[] = [];
  const happened: string[] = [];
  const steps = new Steps((error) => exceptions.push(error));
  const note = (what: string) => () => void happened.push(what);
  const fails = (what: string) => () => {
    happened.push(what);
    throw what;
  };
  return { steps, happened, exceptions, note, fails };
}

describe('steps', () => {
  test('a step that begins within another one runs after it', () => {
    const { steps, happened, note } = scene();
    steps.run(() => {
      steps.run(note('second'));
      steps.run(note('third'));
      happened.push('first');
    });
    expect(happened).toEqual(['first', 'second', 'third']);
  });

  test('a step that waited hands its exception to its own caller, or else to the handler', () => {
    const { steps, exceptions, happened, note, fails } = scene();
    const refused: unknown[] = [];
    steps.run(() => {
      steps.run(fails('refused'), (error) => refused.push(error));
      steps.run(fails('thrown'));
      steps.run(note('last'));
    });
    expect({ refused, exceptions }).toEqual({ refused: ['refused'], exceptions: ['thrown'] });
    expect(happened).toEqual(['refused', 'thrown', 'last']);
  });

  test('a step that throws does so at its caller, and the next one runs all the same', () => {
    const { steps, happened, note, fails } = scene();
    expect(() =>
      steps.run(() => {
        steps.run(note('waited'));
        fails('first')();
      }),
    ).toThrow('first');
    steps.run(note('next'));
    expect(happened).toEqual(['first', 'waited', 'next']);
  });

  test('the application is not called within a step', () => {
    const { steps, happened, note } = scene();
    steps.run(() => {
      steps.callLater(note('told'));
      steps.callApplication();
      happened.push('done');
    });
    steps.callApplication();
    expect(happened).toEqual(['done', 'told']);
  });

  test('every call of the application is made in order, also when earlier ones throw', () => {
    const { steps, happened, exceptions, note, fails } = scene();
    steps.callLater(fails('one'));
    steps.callLater(fails('two'));
    steps.callLater(note('three'));
    steps.callApplication();
    steps.callApplication(); // each once
    expect(happened).toEqual(['one', 'two', 'three']);
    expect(exceptions).toEqual(['one', 'two']);
  });

  test('a step that the application begins runs at once, and its calls come last', () => {
    const { steps, happened, note } = scene();
    steps.callLater(() => {
      steps.run(() => {
        happened.push('step');
        steps.callLater(note('told of the step'));
      });
      steps.callApplication();
      happened.push('end of the first call');
    });
    steps.callLater(note('second call'));
    steps.callApplication();
    expect(happened).toEqual(['step', 'end of the first call', 'second call', 'told of the step']);
  });
});
