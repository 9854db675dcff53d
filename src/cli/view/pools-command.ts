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
  createOutput(options.json === true).table(COLUMNS, poolRows(poolElements), {
    nothing: `The registrar at ${options.registrar} has no pools.`,
  });
}

export function poolRows(elements: readonly ListedPoolElement[]) {
  const pools = new Map<string, { pool: string; elements: number; policies: Set<string> }>();
  for (const { poolHandle, policy } of elements) {
    // By its bytes: 00 ff and the text `0x00ff` are shown alike.
    const key = Buffer.from(poolHandle).toString('hex');
    const pool = formatPoolHandle(poolHandle);
    const row = pools.get(key) ?? { pool, elements: 0, policies: new Set() };
    pools.set(key, row);
    row.elements += 1;
    row.policies.add(policy.type);
  }
  return [...pools.values()].map(({ pool, elements, policies }) => ({
    pool,
    elements,
    // One, unless what a registrar has told is in conflict.
    policy: [...policies].join(', '),
  }));
}
