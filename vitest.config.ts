import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The slowest files, slowest first: started first, so that none of them is left alone at the end. */
const SLOWEST = [
  'interop/scope.test.ts',
  'interop/takeover.test.ts',
  'interop/kernel.test.ts',
  'interop/bad-network.test.ts',
  'interop/stress.test.ts',
  'interop/multihoming.test.ts',
  'interop/servers.test.ts',
  'interop/table.test.ts',
  'interop/repair.test.ts',
  'interop/pool-users.test.ts',
  'sim/fixed-histories.test.ts',
  'sim/more-fixed-histories.test.ts',
  'sim/histories.test.ts',
  'sim/mutants.test.ts',
  'cli/demonstration.test.ts',
  'cli/stop.test.ts',
  'cli/view.test.ts',
  'setup/patched-crates.test.ts',
  'cli/peers.test.ts',
];

const filesOf = (folder: string) => `test/${folder}/**/*.test.ts`;

/** Tests against real rsplib, and against independent SCTP implementations: gates of their own. */
const INTEROP = filesOf('interop');
const PEERS = filesOf('peers');

/**
 * Rooms whose files open no socket, start no process and keep nothing in a module: they share a worker's modules,
 * which saves the import of the sources for each file.
 */
const PURE = ['handlespace', 'protocol', 'settings', 'wire'].map(filesOf);

class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = SLOWEST.findIndex((name) => moduleId.endsWith(name));
      return index < 0 ? SLOWEST.length : index;
    };
    return [...files].sort((a, b) => rank(a) - rank(b) || a.moduleId.localeCompare(b.moduleId));
  }
}

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'pure', include: PURE, isolate: false } },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['test/**/*.test.ts'],
          exclude: [...PURE, INTEROP, PEERS],
        },
      },
      { extends: true, test: { name: 'interop', include: [INTEROP] } },
      { extends: true, test: { name: 'peers', include: [PEERS] } },
    ],
    // Limits for tests that hang, not for speed: a busy machine may take many times as long as a quiet one.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ['default'],
    sequence: { sequencer: SlowestFirst },
  },
});
