/** The load program, which is Rust (`bench/load/` of the source tree): building it where that is needed. */

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AddonError } from '../errors.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Its path, wherever cargo was told to put it; up to date with its source. Takes a minute the first time.
 * Throws `AddonError` where it cannot be built.
 */
export function builtLoadProgram(): string {
  if (!existsSync(`${root}bench/load/Cargo.toml`)) {
    throw new AddonError('The load program is built from source: run this in a clone of rserpool.');
  }
  for (const line of cargoBuild().split('\n')) {
    const { executable } = line === '' ? {} : JSON.parse(line);
    if (executable) return executable;
  }
  throw new AddonError('cargo does not say where the load program is.');
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
    throw new AddonError(`The load program could not be built: ${why}`);
  }
}

function hostTarget(): string {
  const version = execFileSync('rustc', ['--version', '--verbose'], { encoding: 'utf8' });
  const target = /^host: (.+)$/m.exec(version)?.[1];
  if (target === undefined) throw new AddonError('rustc does not say which target it builds for.');
  return target;
}
