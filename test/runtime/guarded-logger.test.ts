/** Loggers of applications, which may fail in every way. */

import { describe, expect, test } from 'vitest';
import { type Logger, SILENT } from '../../src/protocol/logger.ts';
import { guardedLogger } from '../../src/runtime/guarded-logger.ts';
import { uncaughtDuring } from '../support/uncaught.ts';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

describe('a guarded logger', () => {
  test.each(LEVELS)('passes lines on at level %s, as a method call', (level) => {
    const lines: unknown[] = [];
    const log = {
      ...SILENT,
      [level](this: unknown, ...line: unknown[]) {
        lines.push([this === log, ...line]);
      },
    };
    guardedLogger(log)[level]({ id: 1 }, 'text');
    expect(lines).toEqual([[true, { id: 1 }, 'text']]);
  });

  test.each(LEVELS)('throws on the next tick what a logger throws at level %s', async (level) => {
    const log = guardedLogger({
      ...SILENT,
      [level]() {
        throw new Error(level);
      },
    });
    const { exceptions } = await uncaughtDuring(() => log[level]({}, 'text'));
    expect(exceptions).toEqual([level]);
  });

  test('survives a logger without methods, and one whose methods cannot be read', async () => {
    const lacking = guardedLogger({} as Logger);
    const unreadable = guardedLogger({
      ...SILENT,
      get warn(): never {
        throw new Error('unreadable');
      },
    });
    const { exceptions } = await uncaughtDuring(() => {
      lacking.warn({}, 'text');
      unreadable.warn({}, 'text');
    });
    expect(exceptions).toEqual([expect.stringContaining('not a function'), 'unreadable']);
  });

  test('uses a method that has been replaced, as pino does when its level changes', () => {
    const lines: string[] = [];
    const log: Logger = { ...SILENT };
    const guarded = guardedLogger(log);
    guarded.info({}, 'before');
    log.info = (_fields, text) => void lines.push(text);
    guarded.info({}, 'after');
    expect(lines).toEqual(['after']);
  });

  test('is silent where there is none', () => {
    expect(guardedLogger(undefined)).toBe(SILENT);
  });
});
