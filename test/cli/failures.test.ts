/** What the demonstration measures of the death of a registrar, and what it reads of its processes. */

import { expect, test, vi } from 'vitest';
import { killRegistrar } from '../../src/cli/dev/failures.ts';
import { parseLine } from '../../src/cli/dev/member.ts';
import type { Scene } from '../../src/cli/dev/scene.ts';
import type { Output } from '../../src/cli/output.ts';

test('the clock stops when its pool elements are at home, whoever has not noticed yet', async () => {
  vi.spyOn(performance, 'now').mockReturnValueOnce(1_000).mockReturnValueOnce(1_700);
  let [isAtHome, isWhole] = [false, false];
  const waits: string[] = [];
  const scene = {
    registrars: [{ role: { id: 1, name: 'registrar 1' } }],
    homes: new Map([[0x11, 1]]),
    successors: new Map([[1, 2]]),
    kill: () => {},
    isAtHome: () => isAtHome,
    get isWhole() {
      return isWhole;
    },
    async until(isSo: () => boolean, otherwise: string) {
      waits.push(otherwise);
      expect(isSo()).toBe(false);
      if (isAtHome) isWhole = true;
      isAtHome = true;
      expect(isSo()).toBe(true);
    },
  };
  const event = vi.fn();
  const takeoverMs = await killRegistrar(scene as unknown as Scene, { event } as unknown as Output);
  expect(takeoverMs).toBe(700);
  expect(waits).toHaveLength(2);
  expect(event.mock.lastCall?.[3]).toMatchObject({ takeoverMs, poolElements: ['0x00000011'] });
});

test.each(['', 'Killed', '{"event":"ready"', 'null', '7', '{"text":"no event"}', '{"event":7}'])(
  'a line of a process that is no event is none: %s',
  (text) => expect(parseLine(text)).toBeUndefined(),
);

test('a line of a process that is an event is read', () => {
  const line = { event: 'ready', text: 'it serves', id: '0x00000001' };
  expect(parseLine(JSON.stringify(line))).toEqual(line);
});
