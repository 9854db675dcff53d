/**
 * `npm run check:file -- FILE ...`: what tells within seconds whether a change of these files works. For TypeScript the
 * types and the tests that import one of the files; for Rust the tests of its crate. Processes that tests start run
 * from `dist/`, which is built first; tests that see a file only through such a process are not found by this.
 */

import process from 'node:process';
import { cargoTest, finish, gate, vitest } from './gates.mjs';
import { setupOrExit } from './setup.mjs';

const files = process.argv.slice(2);
if (files.length === 0) {
  process.stderr.write(
    'npm run check:file -- FILE ...   names one or more files of src, test or native\n',
  );
  process.exit(2);
}
setupOrExit();
const crates = new Set(
  files.map((file) => /native\/(\w+)\/.*\.rs$/.exec(file)?.[1]).filter(Boolean),
);
for (const crate of crates)
  await cargoTest(`tests of ${crate}`, ['--package', `rserpool-${crate}`]);
const typescript = files.filter((file) => file.endsWith('.ts'));
if (typescript.length > 0) {
  await gate('types', 'npx', ['--no-install', 'tsc', '-p', 'tsconfig.check.json']);
  await vitest('related tests', [...typescript, '--project=pure', '--project=whole'], {
    subcommand: 'related',
  });
}
finish();
