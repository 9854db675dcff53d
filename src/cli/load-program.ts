/** The load program, which is Rust (`bench/load/` of the source tree): builds it if that is needed. */

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AddonError } from '../errors.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export const NOT_IN_PACKAGE =
  '`rserpool load` is not in the npm package: run it in a clone of the repository, which builds the load program from source.';

/** Returns whether its source is here: the npm package does not have it. */
export function hasLoadProgram(): boolean {
  return existsSync(`${root}bench/load/Cargo.toml`);
}

/**
 * Returns its path, wherever cargo was told to put it; up to date with its source. Takes minutes the first time.
 * Throws `AddonError` if it cannot be built.
 */
export function builtLoadProgram(): string {
  if (!hasLoadProgram()) throw new AddonError(NOT_IN_PACKAGE);
  for (const line of cargoBuild().split('\n')) {
    const { executable } = line === '' ? {} : JSON.parse(line);
    if (executable) return executable;
  }
  throw new AddonError('cargo does not report where the load program is.');
}

function cargoBuild(): string {
  // With a target, as the addon is built, so that both share what they have in common.
  const args = ['build', '--release', '--target', hostTarget(), '--package', 'rserpool-load'];
  try {
    return execFileSync('cargo', [...args, '--quiet', '--message-format', 'json'], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 2 ** 24,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new AddonError(
      `The load program could not be built with cargo (https://rustup.rs installs it): ${why}`,
    );
  }
}

function hostTarget(): string {
  const version = execFileSync('rustc', ['--version', '--verbose'], { encoding: 'utf8' });
  const target = /^host: (.+)$/m.exec(version)?.[1];
  if (target === undefined) throw new AddonError('rustc does not say which target it builds for.');
  return target;
}
