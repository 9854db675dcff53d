/** What must be true of a scope in the end, when all is quiet. */

import type { SimRegistrar } from './participants.ts';
import type { World } from './world.ts';

/** All registrars know each other, and the same pool elements with the same homes. */
export function isOneScope(world: World): void {
  const [first, ...others] = world.registrars.values();
  for (const one of world.registrars.values()) {
    if (one.peerIds.length !== world.registrars.size - 1) {
      world.complain(`${one.id} knows ${one.peerIds}`);
    }
  }
  for (const other of others) {
    const [ours, theirs] = [viewOf(first), viewOf(other)];
    if (ours !== theirs) world.complain(`${first?.id} has ${ours}, ${other.id} has ${theirs}`);
  }
}

/** Each home is the registrar that the pool element is registered with, as that one knows itself. */
export function agreesOnHomes(world: World): void {
  const [first] = world.registrars.values();
  for (const [id, home] of first?.homes ?? []) {
    const address = world.addressOf(home);
    const registered = world.elements.get(id)?.registered?.address;
    if (address === undefined || address !== registered) {
      world.complain(`element ${id} is registered at ${registered}, its home is ${home}`);
    }
  }
}

/** All say the same of each pool element, and what it says of itself: once it has registered anew. */
export function agreesOnAttributes(world: World): void {
  const { registrars, elements, leaving } = world;
  const [first, ...others] = registrars.values();
  const ours = first?.attributes ?? new Map<number, string>();
  for (const other of others) {
    for (const [id, theirs] of other.attributes) {
      const attributes = ours.get(id);
      if (theirs !== attributes) world.complain(`${attributes} is ${theirs} at ${other.id}`);
    }
  }
  const weights = first?.weights;
  for (const element of elements.values()) {
    const weight = weights?.get(element.id);
    if (weight === element.weight || leaving.has(element)) continue;
    world.complain(`element ${element.id} weighs ${element.weight}, not ${weight}`);
  }
}

/** Every element that lives is known, no other one is, and users are told of those alone. */
export function isWhatLives(world: World): void {
  const { registrars, elements, leaving, users } = world;
  const living = [...elements.values()].filter((one) => !leaving.has(one)).map(({ id }) => id);
  const [first] = registrars.values();
  const known = [...(first?.homes.keys() ?? [])];
  if (inOrder(known) !== inOrder(living)) {
    world.complain(`${inOrder(living)} live, ${inOrder(known)} are known`);
  }
  for (const [index, { answer = [] }] of users.entries()) {
    const isRight = (living.length === 0) === (answer.length === 0);
    if (isRight && answer.every((id) => living.includes(id))) continue;
    world.complain(`user ${index + 1} is told of ${answer}, of ${inOrder(living)}`);
  }
}

function viewOf(registrar: SimRegistrar | undefined): string {
  return [...(registrar?.homes ?? [])]
    .map(([id, home]) => `${id}@${home}`)
    .sort()
    .join();
}

function inOrder(numbers: readonly number[]): string {
  return numbers.toSorted((a, b) => a - b).join();
}
