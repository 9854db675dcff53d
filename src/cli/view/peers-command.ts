/** `rserpool peers`: the other registrars that a registrar knows. */

import { Command } from 'commander';
import { createOutput } from '../output.ts';
import { PEER_COLUMNS, peerRow } from './rows.ts';
import { addViewOptions, read, type ViewOptions } from './view-options.ts';

export function peersCommand(): Command {
  const command = new Command('peers')
    .description('list the peers that a registrar knows')
    .action(peers);
  return addViewOptions(command);
}

async function peers(options: ViewOptions): Promise<void> {
  const { peers } = await read(options.registrar, options, ['peers']);
  createOutput(options.json === true).table(PEER_COLUMNS, peers.map(peerRow), {
    nothing: `The registrar at ${options.registrar} has no peers.`,
  });
}
