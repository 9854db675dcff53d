/** The documentation against what it tells of: a number or an example that is not true fails here. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { MIN_OPEN_FILES } from '../src/cli/lifecycle/enter.ts';
import { HANDOVER_LIMIT_MS } from '../src/cli/lifecycle/run-service.ts';
import { LOG_LEVELS } from '../src/cli/log/text-log.ts';
import { entriesOf, factsOf } from '../src/cli/rspregistrar/help.ts';
import { SECTIONS } from '../src/cli/rspregistrar/option-table.ts';
import { DEFAULT_READER_LIMITS } from '../src/client/registrar-view.ts';
import { completeEnrpOptions, type EnrpOptions } from '../src/protocol/enrp/options.ts';
import { defaultLimits } from '../src/protocol/registrar/limits.ts';
import { DEFAULT_STACK_OPTIONS } from '../src/transport/options.ts';

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

describe('the documentation', () => {
  const limits = read('docs/limits.md');

  test.each(Object.entries(defaultLimits('rsplib')))('tells the limit %s = %i', (name, value) => {
    expect(limits).toMatch(new RegExp(`^\\| \`${name}\` \\| ${value}\\b`, 'm'));
  });

  test("tells profile rfc's limits where they differ", () => {
    const { maxPoolHandleBytes, ...others } = defaultLimits('rfc');
    expect(limits).toContain(`(profile \`rfc\`: ${maxPoolHandleBytes})`);
    expect(defaultLimits('rsplib')).toMatchObject(others);
  });

  test.each([
    ...['maxAssociations', 'maxAssociationsPerHost', 'maxMessageBytes', 'sendBufferBytes'],
  ] as const)('tells the limit %s of the transport', (name) => {
    const transport = limits.slice(limits.indexOf('## Of the transport'));
    expect(transport).toMatch(
      new RegExp(`^\\| \`${name}\` \\| ${DEFAULT_STACK_OPTIONS[name]}\\b`, 'm'),
    );
  });

  test.each([
    ...['maxPeers', 'maxWaitingMessages', 'maxHandleTableElements'],
    ...['maxElementsPerHandleTableRequest', 'maxHandleTableBytes'],
  ] as const)('tells the limit %s among peers', (name) => {
    const value = completeEnrpOptions({})[name as keyof EnrpOptions];
    expect(limits).toMatch(new RegExp(`^\\| \`${name}\` \\| ${value}\\b`, 'm'));
  });

  test.each(Object.entries(DEFAULT_READER_LIMITS))(
    'tells the limit %s = %i of reading a registrar',
    (name, value) => {
      const reading = limits.slice(limits.indexOf('## Of reading'));
      expect(reading).toMatch(new RegExp(`^\\| \`${name}\` \\| ${value}\\b`, 'm'));
    },
  );

  test.each([
    'examples/embed-handlespace.mjs',
    'examples/pool-element.mjs',
    'examples/pool-user.mjs',
    'examples/registrar.mjs',
  ])('shows %s as it is', (example) => {
    expect(read('README.md')).toContain(`\`\`\`js\n${read(example)}\`\`\``);
  });

  test.each(Object.entries(SECTIONS))('tells the options of rspregistrar: %s', (title, options) => {
    const rows = entriesOf(options).map(([name, option]) => {
      const placeholder = option.placeholder?.replaceAll('|', ' or ') ?? 'none';
      const value = [placeholder, ...factsOf(option)].join('; ');
      return `| \`-${name}\` | ${value} | ${option.text} |\n`;
    });
    const table = `## ${title}\n\n| Option | Value | What it is |\n| --- | --- | --- |\n${rows.join('')}`;
    expect(read('docs/rspregistrar.md')).toContain(table);
  });

  test('names tests that exist for each row of the lifecycle', () => {
    const files = readdirSync(path.join(root, 'test/cli')).filter((file) => file.endsWith('.ts'));
    const tests = files.map((file) => read(`test/cli/${file}`)).join('\n');
    const rows = read('docs/lifecycle.md')
      .split('\n')
      .filter((line) => line.startsWith('| '));
    const named = rows.slice(2).map((row) => row.split(' | ').at(-1)?.replace(/ \|$/, '') ?? '');
    expect(named.length).toBeGreaterThan(10);
    for (const title of named.flatMap((titles) => titles.split('; '))) {
      expect(tests, title).toContain(`'${title}'`);
    }
  });

  test("tells the lifecycle's numbers", () => {
    const page = read('docs/lifecycle.md');
    expect(page).toContain(`takes more than ${HANDOVER_LIMIT_MS / 1_000} s`);
    expect(page).toContain(`open files is below ${MIN_OPEN_FILES}`);
    expect(page).toContain(LOG_LEVELS.map((level) => `\`${level}\``).join(', '));
  });

  test('lists every test with rsplib', () => {
    const page = read('docs/interop.md');
    const listed = [...page.matchAll(/^\| `([\w-]+\.test\.ts)` \|/gm)].map(([, name]) => name);
    const files = readdirSync(path.join(root, 'test/interop'));
    expect(listed.sort()).toEqual(files.filter((file) => file.endsWith('.test.ts')).sort());
  });

  test('explains every decision that the sources cite', () => {
    const decisions = read('docs/spec/interop-decisions.md');
    for (const number of citedDecisions()) {
      expect(decisions, `decision ${number}`).toMatch(new RegExp(`^\\| ${number} \\|`, 'm'));
    }
  });
});

function citedDecisions(): Set<string> {
  const enrp = readdirSync(path.join(root, 'src/protocol/enrp')).map((file) => `enrp/${file}`);
  const asap = ['limits', 'options', 'registration', 'registrar'].map(
    (name) => `registrar/${name}.ts`,
  );
  const files = [...asap, ...enrp].map((file) => read(`src/protocol/${file}`));
  const cited = files.flatMap((text) =>
    [...text.matchAll(/decision (\d+)/g)].map(([, n]) => n ?? ''),
  );
  expect(cited.length).toBeGreaterThan(5);
  return new Set(cited);
}
