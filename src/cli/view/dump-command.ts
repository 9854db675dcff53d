/**
 * `rserpool dump`: all that a registrar tells, one line each, in an order that does not change: for programs,
 * and for comparing what two of them have written.
 */

import process from 'node:process';
import { Command } from 'commander';
import { formatId } from '../../types.ts';
import { createOutput } from '../output.ts';
import { peerRow, poolElementRow, poolElementText } from './rows.ts';
import { addViewOptions, read, type ViewOptions } from './view-options.ts';

export function dumpCommand(): Command {
  const command = new Command('dump')
    .description('print all that a registrar knows, line by line')
    .action(dump);
  return addViewOptions(command);
}

async function dump(options: ViewOptions): Promise<void> {
  const view = await read(options.registrar, options, ['peers', 'poolElements']);
  const output = createOutput(options.json === true);
  const records = [
    { what: 'registrar', id: formatId(view.id) },
    ...view.peers.map((peer) => ({ what: 'peer', ...peerRow(peer) })),
    ...view.poolElements.map((element) => ({
      what: 'poolElement',
      ...(output.isJson ? poolElementRow(element) : poolElementText(element)),
    })),
  ];
  if (output.isJson) output.list(records);
  else for (const one of records) process.stdout.write(`${textOf(one)}\n`);
}

/** `poolElement pool=EchoPool id=0x00000001 ... transport="tcp 10.1.2.3:7"` */
function textOf({ what, ...values }: { readonly what: string }): string {
  const pairs = Object.entries(values).map(([name, value]) => {
    const text = String(value);
    return `${name}=${/^[^\s"]+$/.test(text) ? text : JSON.stringify(text)}`;
  });
  return [what, ...pairs].join(' ');
}
