/** How a command line of `rspregistrar` is read: syntax, defaults, bounds, and a sentence for what is wrong. */

import { describe, expect, test } from 'vitest';
import { readCommandLine } from '../../src/cli/rspregistrar/command-line.ts';
import { OPTION_NAMES, optionNamed } from '../../src/cli/rspregistrar/option-table.ts';
import { runRspregistrar } from './rspregistrar-support.ts';

const valuesOf = (...args: string[]) => readCommandLine(args, {}).values;

describe('the command line of rspregistrar', () => {
  test('takes every option of the man page, with the defaults of rsplib', () => {
    const { values, notes } = readCommandLine([], {});
    expect(notes).toEqual([]);
    expect(values).toMatchObject({
      ...{ quiet: false, announcettl: 30, asap: 'auto', asapannounce: 'auto' },
      ...{ autoclosetimeout: 300, endpointkeepalivetransmissioninterval: 5_000 },
      ...{ endpointkeepalivetimeoutinterval: 5_000, maxbadpereports: 3, maxhresitems: 3 },
      ...{ maxincrement: 0, serverannouncecycle: 1_000, enrp: 'auto', enrpannounce: 'auto' },
      ...{ maxelementsperhtrequest: 128, mentordiscoverytimeout: 5_000, peer: [] },
      ...{ peerheartbeatcycle: 2_444.444, peermaxtimelastheard: 5_000 },
      ...{ peermaxtimenoresponse: 5_000, takeoverexpiryinterval: 5_000, cspinterval: 0 },
      ...{ cspserver: { host: '127.0.0.1', port: 2_960 }, loglevel: undefined, identifier: 0 },
    });
    for (const name of ['logcolor', 'logappend', 'logfile', 'minaddressscope'] as const) {
      expect(values).toHaveProperty(name, undefined);
    }
  });

  test.each([
    ['-autoclosetimeout', 5, 2_000_000],
    ['-serverannouncecycle', 100, 60_000],
    ['-endpointkeepalivetransmissioninterval', 300, 300_000],
    ['-endpointkeepalivetimeoutinterval', 100, 60_000],
    ['-maxbadpereports', 1, 1_000_000],
    ['-maxhresitems', 1, 128],
    ['-maxincrement', 0, 128],
    ['-maxelementsperhtrequest', 1, 1_000_000],
    ['-distancestep', 1, 3_600_000],
    ['-peerheartbeatcycle', 1_000, 300_000],
    ['-peermaxtimelastheard', 1_000, 300_000],
    ['-peermaxtimenoresponse', 1_000, 60_000],
    ['-mentordiscoverytimeout', 1_000, 60_000],
    ['-takeoverexpiryinterval', 1_000, 60_000],
    ['-announcettl', 1, 255],
    ['-loglevel', 0, 9],
  ])('%s is from %i to %i', (option, min, max) => {
    const name = option.slice(1) as 'loglevel';
    for (const [given, taken] of [
      [-1, min],
      [min, min],
      [max, max],
      [99_999_999, max],
    ]) {
      const { values, notes } = readCommandLine([`${option}=${given}`], {});
      expect(values[name]).toBe(taken);
      const said = notes.filter((note) => note.includes('out of range'));
      expect(said).toHaveLength(given === taken ? 0 : 1);
    }
  });

  test('an option given twice counts the last time, but peers add up', () => {
    const values = valuesOf('-maxhresitems=1', '-maxhresitems=2', '-peer=a:1,b', '-peer=[::1]!3');
    expect(values.maxhresitems).toBe(2);
    expect(values.peer).toEqual([
      [
        { host: 'a', port: 1 },
        { host: 'b', port: 0 },
      ],
      [{ host: '::1', port: 3 }],
    ]);
  });

  test.each([
    ['0xCAFE', 0xcafe],
    ['51966', 0xcafe],
  ])('-identifier=%s', (text, identifier) => {
    expect(valuesOf(`-identifier=${text}`).identifier).toBe(identifier);
  });

  test('a status server without an interval has reports sent every 250 ms', () => {
    expect(valuesOf('-cspserver=10.0.0.1')).toMatchObject({ cspinterval: 250 });
    expect(valuesOf('-cspserver=10.0.0.1', '-cspinterval=0')).toMatchObject({ cspinterval: 0 });
  });

  test('a deprecated name is taken, with a note', () => {
    const { values, notes } = readCommandLine(['-enrpmulticast=off'], {});
    expect(values.enrpannounce).toBe('off');
    expect(notes[0]).toBe('-enrpmulticast is deprecated: write -enrpannounce.');
  });

  test.each([
    ['an unknown option', '-frobnicate', 'There is no option "-frobnicate". See -help.'],
    ['a misspelt one', '-maxhrseitems=3', 'Did you mean -maxhresitems?'],
    ['no option', 'foo', 'There is no option "foo".'],
    ['two dashes', '--asap=auto', 'There is no option "--asap=auto". Did you mean -asap?'],
    ['an option that is not supported', '-uptime=3', '-uptime is not supported:'],
    ['no value', '-asap', '-asap needs a value: write -asap=auto|ADDRESS'],
    ['a flag with a value', '-quiet=1', '-quiet takes no value.'],
    ['garbage for a number', '-maxbadpereports=x', '"x" is not a whole number.'],
    ['no number', '-maxbadpereports=', '"" is not a whole number.'],
    ['a fraction', '-maxbadpereports=1.5', '"1.5" is not a whole number.'],
    [
      'too long an identifier',
      '-identifier=0x100000000',
      'is not a valid identifier (at most 0xffffffff).',
    ],
    ['half an address', '-asap=1.2', '"1.2" is not an address.'],
    ['a port too high', '-asap=10.0.0.1:65536', 'Port 65536 is out of range (0 to 65535).'],
    ['IPv6 without brackets', '-asap=fe80::1', 'IPv6 needs brackets: [fe80::1].'],
    ['an empty address', '-peer=10.0.0.1,', '"" is not an address.'],
    ['an unknown scope', '-minaddressscope=all', 'is not one of: loopback, sitelocal, global.'],
    ['an unknown transport', '-transport=tcp', '"tcp" is not one of: auto, kernel, udp, raw.'],
    ['no file name', '-logfile=', 'a file name is missing.'],
  ])('refuses %s', (_what, argument, sentence) => {
    expect(() => readCommandLine([argument], {})).toThrow(sentence);
  });

  test.each([
    ['a group that is none', ['-asapannounce=10.1.1.1'], /10\.1\.1\.1 is not a multicast address/],
    ['a log that cannot be', ['-logfile=/nonexistent/log'], /\/nonexistent\/log cannot be opened/],
    ['an unknown name', ['-asap=no-such-host.invalid:1'], /no-such-host\.invalid is unknown/],
    ['IPv6 that is disabled', ['-disable-ipv6', '-asap=[::1]:1'], /but -disable-ipv6 is set/],
    ['no value', ['-asap'], /needs a value/],
  ])('ends with one sentence and exit code 1 for %s', async (_what, options, sentence) => {
    const { exitCode, stdout, stderr } = await runRspregistrar(...options);
    expect(stderr).toMatch(/^rspregistrar: .*\.\n$/);
    expect(stderr).toMatch(sentence);
    expect([exitCode, stdout]).toEqual([1, '']);
  });

  test.each(['-help', '--help', '-h'])('%s shows every option', async (question) => {
    const { exitCode, stdout } = await runRspregistrar('-quiet', question);
    for (const name of OPTION_NAMES) {
      const { placeholder } = optionNamed(name);
      expect(stdout).toContain(`\n  -${name}${placeholder ? `=${placeholder}` : ''}\n`);
    }
    expect(exitCode).toBe(0);
  });

  test('-version shows the version', async () => {
    const { exitCode, stdout } = await runRspregistrar('-version');
    expect(stdout).toMatch(/^rspregistrar \d+\.\d+\.\d+\n$/);
    expect(exitCode).toBe(0);
  });
});
