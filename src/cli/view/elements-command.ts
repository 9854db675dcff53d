/** `rserpool elements [POOL]`: the pool elements that a registrar knows, whoever is their home. */

import { Command } from 'commander';
import type { ListedPoolElement } from '../../client/registrar-view.ts';
import { RejectedError } from '../../errors.ts';
import { formatPoolHandle } from '../../types.ts';
import { CAUSE } from '../../wire/parameters.ts';
import { createOutput } from '../output.ts';
import { POOL_ELEMENT_COLUMNS, poolElementCells, poolElementRow } from './rows.ts';
import { addViewOptions, read, type ViewOptions } from './view-options.ts';

export function elementsCommand(): Command {
  const command = new Command('elements')
    .description('list the pool elements that a registrar knows')
    .argument('[pool]', 'show only this pool: its handle, or the handle as this command shows it')
    .action(elements);
  return addViewOptions(command);
}

async function elements(pool: string | undefined, options: ViewOptions): Promise<void> {
  const { poolElements } = await read(options.registrar, options, ['poolElements']);
  const wanted = poolElements.filter((element) => pool === undefined || isIn(pool, element));
  if (pool !== undefined && wanted.length === 0) {
    throw new RejectedError(
      `The registrar at ${options.registrar} has no pool "${pool}". "rserpool pools" lists its pools.`,
      [CAUSE.UNKNOWN_POOL_HANDLE],
    );
  }
  const rows = wanted.map(poolElementRow);
  createOutput(options.json === true).table(POOL_ELEMENT_COLUMNS, rows, {
    cells: wanted.map(poolElementCells),
    nothing: `The registrar at ${options.registrar} has no pool elements.`,
  });
}

function isIn(pool: string, { poolHandle }: ListedPoolElement): boolean {
  return formatPoolHandle(poolHandle) === pool || Buffer.from(pool).equals(poolHandle);
}
