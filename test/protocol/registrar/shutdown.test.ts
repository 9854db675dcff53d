/** A clean stop of the registrar (decision 41). */

import { describe, expect, test } from 'vitest';
import { aRegistrar, deregistration, type Net, PE, type SetUp } from './support.ts';

function inService(setUp: SetUp = {}): Net {
  const net = aRegistrar({ options: { serverAnnounceCycleMs: 1_000, ...setUp.options } });
  net.passes(0);
  net.up(1);
  net.registers(1);
  net.up(2, ['10.8.8.8']);
  net.outputs();
  return net;
}

const types = (net: Net) => net.outputs().map(({ type }) => type);

describe('a stop', () => {
  test('ends every association gracefully, and is done when all have ended', () => {
    const net = inService();
    net.stop();
    expect(net.outputs()).toEqual([
      { type: 'shutdown', association: 1 },
      { type: 'shutdown', association: 2 },
    ]);
    net.down(1, 'shutdown');
    expect(types(net)).toEqual([]);
    net.down(2, 'shutdown');
    expect(types(net)).toEqual(['stopped']);
    expect(net.registrar.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test('is no loss of pool elements: nobody is told that they are gone', () => {
    const net = inService();
    net.stop();
    net.down(1, 'shutdown');
    net.passes(60_000);
    expect(net.events('poolElementRemoved')).toEqual([]);
    expect(net.members()).toEqual([PE]);
  });

  test('is done at once where there is no association', () => {
    const net = aRegistrar();
    net.stop();
    expect(types(net)).toEqual(['stopped']);
  });

  test('does not wait for ever for a peer that does not end its side', () => {
    const net = inService();
    net.stop();
    net.outputs();
    net.passes(1_999);
    expect(types(net)).toEqual([]);
    net.passes(1);
    expect(net.outputs().filter(({ type }) => type !== 'associationAborted')).toMatchObject([
      { type: 'abort', association: 1 },
      { type: 'abort', association: 2 },
      { type: 'stopped' },
    ]);
    net.passes(60_000);
    expect(types(net)).toEqual([]);
  });

  test('does not wait at all where the option says so', () => {
    const net = inService({ options: { stopTimeoutMs: 0 } });
    net.stop();
    expect(types(net)).toContain('stopped');
  });

  test('announces nothing any more, probes nobody and answers nothing', () => {
    const net = inService({ options: { stopTimeoutMs: 60_000 } });
    net.stop();
    net.outputs();
    net.says(1, deregistration());
    net.passes(59_000);
    expect(net.outputs()).toEqual([]);
    expect(net.members()).toEqual([PE]);
  });

  test('takes no new association', () => {
    const net = inService();
    net.stop();
    net.up(3);
    expect(net.end(3)).toBe('abort');
  });

  test('that is asked for twice is one stop', () => {
    const net = inService();
    net.stop();
    net.outputs();
    net.stop();
    expect(types(net)).toEqual([]);
    net.down(1);
    net.down(2);
    expect(types(net)).toEqual(['stopped']);
  });
});
