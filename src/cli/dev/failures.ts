/** What the demonstration lets happen: a registrar dies, an echo server dies, and what comes of it. */

import { formatId, type Milliseconds } from '../../types.ts';
import type { Output } from '../output.ts';
import type { Member } from './member.ts';
import type { Scene } from './scene.ts';

/**
 * Kills the registrar that is home of the most pool elements. How long it took until each of these had another
 * home, by its own word; what is waited for besides is that its peers have given it up.
 */
export async function killRegistrar(scene: Scene, output: Output): Promise<Milliseconds> {
  const childrenOf = ({ role }: Member) =>
    [...scene.homes].filter(([, home]) => home === role.id).map(([id]) => id);
  const [victim] = scene.registrars.toSorted((a, b) => childrenOf(b).length - childrenOf(a).length);
  if (victim === undefined) throw new TypeError('There is no registrar to kill.');
  const { id } = victim.role;
  const children = childrenOf(victim);
  kill(scene, victim, `registrar ${formatId(id)}`, `, home of ${listOf(children)}`, output);
  const killedAt = performance.now();
  await scene.until(
    () => children.every((child) => scene.isAtHome(child)),
    `The pool elements of registrar ${formatId(id)} have found no other home.`,
  );
  const takeoverMs = Math.round(performance.now() - killedAt);
  await scene.until(
    () => scene.isWhole,
    `The peers of registrar ${formatId(id)} have not noticed that it is dead.`,
  );
  const successor = scene.successors.get(id);
  const how =
    successor === undefined
      ? `They had registered elsewhere by themselves: nothing was left to take over`
      : `Registrar ${formatId(successor)} has taken over`;
  const homes = children.map((child) => `${formatId(child)} at ${formatId(homeOf(scene, child))}`);
  output.event(
    'demonstration',
    'takenOver',
    `${how} from registrar ${formatId(id)}, all pool elements have a home registrar again after ${takeoverMs} ms: ${homes.join(', ')}`,
    {
      target: formatId(id),
      successor: successor === undefined ? undefined : formatId(successor),
      poolElements: children.map(formatId),
      takeoverMs,
    },
    'bold',
  );
  return takeoverMs;
}

/** Kills an echo server, and waits until a registrar has removed it. */
export async function killEchoServer(scene: Scene, id: number, output: Output): Promise<void> {
  const victim = scene.echoServers.find(({ role }) => role.id === id);
  if (victim === undefined) throw new TypeError(`There is no echo server ${formatId(id)} to kill.`);
  kill(scene, victim, `pool element ${formatId(id)}`, '', output);
  await scene.until(
    () => !scene.homes.has(id),
    `No registrar has noticed that ${formatId(id)} is dead.`,
  );
}

function kill(scene: Scene, victim: Member, what: string, more: string, output: Output): void {
  const { name, id } = victim.role;
  const text = `killing ${what} (${name}, process ${victim.processId}, SIGKILL)${more}`;
  output.event(
    'demonstration',
    'killed',
    text,
    { id: formatId(id), processId: victim.processId },
    'red',
  );
  scene.kill(victim);
}

function homeOf({ homes }: Scene, child: number): number {
  return homes.get(child) ?? 0;
}

function listOf(ids: readonly number[]): string {
  return ids.map(formatId).join(', ');
}
