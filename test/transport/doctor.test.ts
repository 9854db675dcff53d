/** What the doctor says about machines that differ: this one, and others as their files describe them. */

import { describe, expect, test } from 'vitest';
import {
  checkBuffers,
  checkKernelSettings,
  checkTransport,
  examine,
  type Machine,
} from '../../src/transport/doctor.ts';

function machine(files: Record<string, string>, refusal: string | null = 'not supported'): Machine {
  return {
    kernelSctpRefusal: () => refusal,
    readText: (file) => files[file],
    kernelRelease: '6.1.0',
  };
}

const checkOf = (name: string, { checks }: ReturnType<typeof checkTransport>) =>
  checks.find((check) => check.name === name);

describe('the doctor', () => {
  test('says that auto takes the kernel where it gives SCTP sockets', () => {
    const result = checkTransport(machine({}, null));
    expect(result.backend).toBe('kernel');
    expect(checkOf('transport', result)).toMatchObject({
      state: 'ok',
      finding: '"auto" selects kernel: the kernel supports SCTP.',
    });
  });

  test('tells a module that is not loaded from one that is not there', () => {
    const dependencies = 'kernel/net/sctp/sctp.ko: kernel/lib/libcrc32c.ko\n';
    const installed = checkTransport(machine({ '/lib/modules/6.1.0/modules.dep': dependencies }));
    expect(installed.backend).toBe('udp');
    expect(checkOf('module', installed)).toMatchObject({
      state: 'warning',
      remedy: expect.stringContaining('modprobe sctp'),
    });
    expect(checkOf('module', checkTransport(machine({})))).toMatchObject({
      state: 'warning',
      finding: expect.stringContaining('has no SCTP module'),
    });
  });

  test('finds a missing addon a problem, and looks no further', async () => {
    const broken: Machine = {
      ...machine({}),
      kernelSctpRefusal: () => {
        throw new Error('The native addon is missing.');
      },
    };
    expect(await examine(broken)).toEqual([
      expect.objectContaining({ name: 'addon', state: 'problem' }),
    ]);
  });

  test('tells whether the kernel speaks SCTP over UDP (RFC 6951)', () => {
    const folder = '/proc/sys/net/sctp';
    const [off] = checkKernelSettings(machine({ [`${folder}/udp_port`]: '0\n' }));
    expect(off?.remedy).toContain('net.sctp.udp_port=9899');
    const on = { [`${folder}/udp_port`]: '9899\n', [`${folder}/encap_port`]: '0\n' };
    expect(checkKernelSettings(machine(on))[0]).toMatchObject({
      state: 'ok',
      finding: expect.stringContaining('UDP port 9899, and not opened'),
    });
    expect(checkKernelSettings(machine({}))[0]?.state).toBe('warning');
  });

  test('finds small socket buffers worth a warning, unless the process may exceed them', () => {
    const small = {
      '/proc/sys/net/core/rmem_max': '212992\n',
      '/proc/sys/net/core/wmem_max': '8388608\n',
    };
    expect(checkBuffers(machine(small))).toMatchObject({
      state: 'warning',
      finding: expect.stringContaining('212992'),
    });
    const root = { ...small, '/proc/self/status': 'Name:\tnode\nCapEff:\t000001ffffffffff\n' };
    expect(checkBuffers(machine(root)).state).toBe('ok');
  });

  test('finds no problem on a machine that these tests run on', async () => {
    const checks = await examine();
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['addon', 'transport', 'module', 'buffers', 'multicast']),
    );
    expect(checks.filter(({ state }) => state === 'problem')).toEqual([]);
  });
});
