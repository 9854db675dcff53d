/** `rserpool resolve HANDLE`: asks a registrar once and prints what it selected. */

import { Command } from 'commander';
import { createPoolUser } from '../client/pool-user.ts';
import { RejectedError } from '../errors.ts';
import { formatId } from '../types.ts';
import { CAUSE } from '../wire/parameters.ts';
import { describeLife, describePolicy, describeTransport } from './describe.ts';
import { openCommandLog } from './log/log-options.ts';
import { addRegistrarOptions, integerBetween, type RegistrarOptions } from './options.ts';
import { createOutput } from './output.ts';

interface ResolveOptions extends RegistrarOptions {
  readonly items?: number;
}

const COLUMNS = ['id', 'transport', 'policy', 'home', 'life'];

export function resolveCommand(): Command {
  const command = new Command('resolve')
    .description('ask a registrar for pool elements of a pool')
    .argument('<handle>', 'the pool handle')
    .option(
      '--items <number>',
      "how many pool elements (default: the registrar's choice)",
      integerBetween(1, 128),
    )
    .action(resolve);
  return addRegistrarOptions(command);
}

async function resolve(handle: string, options: ResolveOptions): Promise<void> {
  const user = await createPoolUser({
    registrars: options.registrar,
    transport: options.transport,
    udpPort: options.udpPort,
    registrarUdpPort: options.registrarUdpPort,
    log: openCommandLog(options),
    options: { staleCacheMs: 0 }, // one request: nothing is gained by asking for more than it wants
  });
  try {
    const elements = await user.resolve(handle, { items: options.items });
    if (elements === undefined) {
      throw new RejectedError(
        `No pool element is registered in pool "${handle}". Is the handle spelled right, and a server running?`,
        [CAUSE.UNKNOWN_POOL_HANDLE],
      );
    }
    const rows = elements.map((element) => ({
      id: formatId(element.id),
      transport: describeTransport(element.userTransport),
      policy: describePolicy(element.policy),
      home: formatId(element.homeRegistrarId),
      lifeMs: element.lifeMs,
    }));
    const cells = rows.map((row) => ({ ...row, life: describeLife(row.lifeMs) }));
    createOutput(options.json === true).table(COLUMNS, rows, {
      cells,
      nothing: `Pool "${handle}" has no elements.`,
    });
  } finally {
    await user.close();
  }
}
