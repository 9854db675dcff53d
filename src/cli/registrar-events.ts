/** What a registrar does, as lines. */

import type { RegistrarServer } from '../daemon/registrar-server.ts';
import type { PoolElementState } from '../handlespace/pool-element.ts';
import { formatAddress, formatId, formatPoolHandle } from '../types.ts';
import { describePolicy, describeTransport } from './describe.ts';
import type { Output } from './output.ts';

/** Why one was removed that was at home here, or whose home has not said that it is gone. */
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
  registrar.on('requestRefused', ({ request, poolHandle, poolElementId, causeCode }) => {
    const who = `${formatPoolHandle(poolHandle)} ${formatId(poolElementId)}`;
    const text = `refused ${request} of ${who} with cause 0x${causeCode.toString(16)}`;
    output.event(
      'registrar',
      'refused',
      text,
      { request, id: formatId(poolElementId), causeCode },
      'yellow',
    );
  });
  reportPeers(registrar, output);
}

const PEER_REASONS: Readonly<Record<string, string>> = {
  silent: 'it was silent, and owned nothing',
  takenOver: 'it was silent, its pool elements are ours now',
  takenOverByPeer: "it was silent, its pool elements are another registrar's now",
};

function reportPeers(registrar: RegistrarServer, output: Output): void {
  registrar.on('inService', ({ mentor }) => {
    const fields = mentor === undefined ? {} : { mentor: formatId(mentor) };
    const how = mentor === undefined ? 'without a mentor' : `with the table of ${formatId(mentor)}`;
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
    const text = `peer ${formatId(id)} is gone: ${PEER_REASONS[reason] ?? reason}`;
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
    const who =
      id === registrar.id
        ? `another registrar has our identifier ${formatId(id)}: it is at ${where}`
        : `two registrars have the identifier ${formatId(id)}: one of them is at ${where}`;
    const text = `${who}; end one of the two and start it with another --id, or without`;
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
