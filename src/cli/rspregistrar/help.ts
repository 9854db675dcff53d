/** What `rspregistrar -help` prints and what it says at the start, both made of the option table. */

import type { RegistrarServer } from '../../daemon/registrar-server.ts';
import type { AnnounceGroup } from '../../transport/announce.ts';
import { formatId, type SctpAddress } from '../../types.ts';
import { formatHostAndPort } from './address.ts';
import type { Option } from './option-kinds.ts';
import { type OptionValues, SECTIONS } from './option-table.ts';

const LINE = 100;
const INDENT = '      ';

export function helpText(): string {
  const sections = Object.entries(SECTIONS).map(([title, options]) => {
    const lines = entriesOf(options).map(([name, option]) => optionHelp(name, option));
    return `${title}\n${lines.join('')}`;
  });
  return `Usage: rspregistrar [-NAME=VALUE]...\n
A registrar for reliable server pooling (RFC 5351-5356), called like rsplib's program. ADDRESS is HOST,
HOST:PORT, [IPV6] or [IPV6]:PORT; "!" may stand for the last ":".\n
${sections.join('\n')}`;
}

function optionHelp(name: string, option: Option<unknown>): string {
  const { placeholder, isEffective } = option;
  const value = placeholder === undefined ? '' : `=${placeholder}`;
  const facts = [...factsOf(option), ...(isEffective ? [] : ['no effect yet'])];
  const text = facts.length === 0 ? option.text : `${option.text} (${facts.join('; ')})`;
  return `  -${name}${value}\n${wrap(`${text}.`)}`;
}

/** Unit, bounds, default. */
export function factsOf(option: Option<unknown>): string[] {
  const isFlag = option.placeholder === undefined;
  const range = [option.range, option.range === '' ? '' : option.unit].join(' ').trim();
  return [range, isFlag ? '' : `default ${option.show(option.default)}`].filter(
    (fact) => fact !== '',
  );
}

/** What runs, and with which settings. */
export function startText(
  version: string,
  registrar: RegistrarServer,
  values: OptionValues,
): string {
  const { id, transport, udpPort } = registrar;
  const placesOf = (addresses: readonly SctpAddress[]) =>
    addresses.map(({ address, port }) => formatHostAndPort({ host: address, port })).join(', ');
  const announcesTo = (group: AnnounceGroup | undefined) =>
    group ? `${placesOf([group])}, TTL ${values.announcettl}` : 'none';
  const sections = Object.entries(SECTIONS).map(([title, options]) => {
    const lines = entriesOf(options).map(([name, option]) => {
      const value = option.show(values[name as keyof OptionValues]);
      return `  ${`-${name}`.padEnd(42)}${value}\n`;
    });
    return `${title}\n${lines.join('')}`;
  });
  return `rspregistrar ${version}, registrar ${formatId(id)}\n
  ASAP addresses        ${placesOf(registrar.addresses)}
  ASAP announces        ${announcesTo(registrar.announceGroup)}
  ENRP addresses        ${placesOf(registrar.enrpAddresses)}
  ENRP presences        ${announcesTo(registrar.enrpAnnounceGroup)}
  SCTP                  ${transport === 'udp' ? `over UDP port ${udpPort}` : transport}\n
${sections.join('\n')}\n`;
}

export function entriesOf(options: object): [string, Option<unknown>][] {
  return Object.entries(options) as [string, Option<unknown>][];
}

function wrap(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    const fits = last !== undefined && INDENT.length + last.length + 1 + word.length <= LINE;
    if (fits) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => `${INDENT}${line}\n`).join('');
}
