/** `rserpool pools`: the pools that a registrar knows. */

import { Command } from 'commander';
import type { ListedPoolElement } from '../../client/registrar-view.ts';
import { formatPoolHandle } from '../../types.ts';
import { createOutput } from '../output.ts';
import { addViewOptions, read, type ViewOptions } from './view-options.ts';

const COLUMNS = ['pool', 'elements', 'policy'];

export function poolsCommand(): Command {
  const command = new Command('pools')
    .description('list the pools that a registrar knows')
    .action(pools);
  return addViewOptions(command);
}

async function pools(options: ViewOptions): Promise<void> {
  const { poolElements } = await read(options.registrar, options, ['poolElements']);
  createOutput(options.json === true).table(COLUMNS, poolRows(poolElements));
}

function poolRows(elements: readonly ListedPoolElement[]) {
  const pools = new Map<string, { elements: number; policies: Set<string> }>();
  for (const { poolHandle, policy } of elements) {
    const name = formatPoolHandle(poolHandle);
    const pool = pools.get(name) ?? { elements: 0, policies: new Set() };
    pools.set(name, pool);
    pool.elements += 1;
    pool.policies.add(policy.type);
  }
  return [...pools].map(([pool, { elements, policies }]) => ({
    pool,
    elements,
    // One, unless what a registrar has told is in conflict.
    policy: [...policies].join(', '),
  }));
}
