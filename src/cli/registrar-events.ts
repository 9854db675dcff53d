/** What a registrar does, as lines. */

import type { RegistrarServer } from '../daemon/registrar-server.ts';
import type { PoolElementState } from '../handlespace/pool-element.ts';
import { formatAddress, formatId, formatPoolHandle } from '../types.ts';
import { describePolicy, describeTransport } from './describe.ts';
import type { Output } from './output.ts';

/** Why a pool element was removed, unless its home registrar, a peer, removed it. */
const REASONS: Readonly<Record<string, string>> = {
  deregistered: 'it deregistered',
  keepAliveTimeout: 'it left a keep-alive unanswered',
  registrationLife: 'its registration lapsed',
  associationLost: 'its association ended',
  reportedUnreachable: 'pool users could not reach it',
};

export function reportRegistrarEvents(registrar: RegistrarServer, output: Output): void {
  registrar.on('poolElementAdded', ({ poolElement, reason }) => {
    if (reason === 'toldByPeer') return; // its home says so
    const what = `${describe(poolElement)}, ${describePolicy(poolElement.policy)}`;
    output.event('registrar', 'registered', `registered ${what}`, fieldsOf(poolElement), 'green');
  });
  registrar.on('poolElementRemoved', ({ poolElement, reason }) => {
    const why = REASONS[reason];
    if (why === undefined) return; // its home says so
    const home = poolElement.homeRegistrarId;
    const whose = home === registrar.id ? '' : `, as its home registrar ${formatId(home)} knew it`;
    const text = `removed ${describe(poolElement)}: ${why}${whose}`;
    output.event('registrar', 'removed', text, { ...fieldsOf(poolElement), reason }, 'yellow');
  });
  registrar.on('requestRefused', ({ request, poolHandle, poolElementId, causeCode, reason }) => {
    const pool = formatPoolHandle(poolHandle);
    const id = formatId(poolElementId);
    const text = `rejected the ${REQUESTS[request]} of ${pool} ${id}: ${reason}`;
    const fields = { request, pool, id, causeCode, reason };
    output.event('registrar', 'refused', text, fields, 'yellow');
  });
  reportPeers(registrar, output);
}

const REQUESTS = {
  ASAP_REGISTRATION: 'registration',
  ASAP_DEREGISTRATION: 'deregistration',
} as const;

const PEER_REASONS: Readonly<Record<string, string>> = {
  left: 'left; it had no pool elements',
  silent: 'timed out; it had no pool elements',
  takenOver: 'timed out; its pool elements were taken over by this registrar',
  takenOverByPeer: 'timed out; its pool elements were taken over by another registrar',
};

function reportPeers(registrar: RegistrarServer, output: Output): void {
  registrar.on('inService', ({ mentor }) => {
    const fields = mentor === undefined ? {} : { mentor: formatId(mentor) };
    const how =
      mentor === undefined ? '(no mentor found)' : `with the table of ${formatId(mentor)}`;
    output.event('registrar', 'inService', `in service ${how}`, fields);
  });
  registrar.on('peerUp', ({ id, addresses }) => {
    const where = addresses.map(formatAddress).join(' ');
    output.event('registrar', 'peerUp', `peer ${formatId(id)} is at ${where}`, {
      id: formatId(id),
      addresses,
    });
  });
  registrar.on('peerDown', ({ id, reason }) => {
    const text = `peer ${formatId(id)} ${PEER_REASONS[reason] ?? reason}`;
    output.event('registrar', 'peerDown', text, { id: formatId(id), reason }, 'yellow');
  });
  registrar.on('takeover', ({ target, successor, poolElements }) => {
    const fields = { target: formatId(target), successor: formatId(successor), poolElements };
    const count = `${poolElements} pool element${poolElements === 1 ? '' : 's'}`;
    const text = `${formatId(successor)} took over ${count} of ${formatId(target)}`;
    output.event('registrar', 'takeover', text, fields, 'green');
  });
  registrar.on('duplicateId', ({ id, addresses }) => {
    const where = addresses.map(formatAddress).join(' ');
    const what =
      id === registrar.id
        ? `another registrar at ${where} uses our identifier ${formatId(id)}`
        : `two registrars use the identifier ${formatId(id)}, one of them at ${where}`;
    const text = `${what}; restart one of the two with another --id, or without`;
    output.event('registrar', 'duplicateId', text, { id: formatId(id), addresses }, 'yellow');
  });
}

function describe({ poolHandle, id, userTransport }: PoolElementState): string {
  const where = describeTransport(userTransport);
  return `${formatPoolHandle(poolHandle)} ${formatId(id)} at ${where}`;
}

function fieldsOf({ poolHandle, id, userTransport, policy }: PoolElementState): object {
  const transport = describeTransport(userTransport);
  return { pool: formatPoolHandle(poolHandle), id: formatId(id), transport, policy: policy.type };
}
