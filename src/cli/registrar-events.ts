/** What a registrar does, as lines. */

import type { RegistrarServer } from '../daemon/registrar-server.ts';
import type { PoolElementState } from '../handlespace/pool-element.ts';
import { formatId, formatPoolHandle } from '../types.ts';
import { describePolicy, describeTransport } from './describe.ts';
import type { Output } from './output.ts';

const REASONS: Readonly<Record<string, string>> = {
  deregistered: 'it deregistered',
  keepAliveTimeout: 'it left a keep-alive unanswered',
  registrationLife: 'its registration lapsed',
  associationLost: 'its association ended',
  reportedUnreachable: 'pool users could not reach it',
};

export function reportRegistrarEvents(registrar: RegistrarServer, output: Output): void {
  registrar.on('poolElementRegistered', ({ poolElement }) => {
    const what = `${describe(poolElement)}, ${describePolicy(poolElement.policy)}`;
    output.event('registrar', 'registered', `registered ${what}`, fieldsOf(poolElement), 'green');
  });
  registrar.on('poolElementRemoved', ({ poolElement, reason }) => {
    const text = `removed ${describe(poolElement)}: ${REASONS[reason] ?? reason}`;
    output.event('registrar', 'removed', text, { ...fieldsOf(poolElement), reason }, 'yellow');
  });
  registrar.on('requestRefused', ({ request, poolHandle, poolElementId, causeCode }) => {
    const who = `${formatPoolHandle(poolHandle)} ${formatId(poolElementId)}`;
    const text = `refused ${request} of ${who} with cause 0x${causeCode.toString(16)}`;
    output.event('registrar', 'refused', text, { request, id: poolElementId, causeCode }, 'yellow');
  });
}

function describe({ poolHandle, id, userTransport }: PoolElementState): string {
  const where = describeTransport(userTransport);
  return `${formatPoolHandle(poolHandle)} ${formatId(id)} at ${where}`;
}

function fieldsOf({ poolHandle, id, userTransport, policy }: PoolElementState): object {
  const transport = describeTransport(userTransport);
  return { pool: formatPoolHandle(poolHandle), id, transport, policy: policy.type };
}
