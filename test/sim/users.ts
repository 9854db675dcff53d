/** What pool users get while all that happens: answers wherever there is somebody to ask, and of nobody long dead. */

import { Lasting } from './lasting.ts';
import type { World } from './world.ts';

/** Two tries, each with all retransmissions (RFC 5352 §3.3) and the search for somebody after it. */
const ANSWERED_MS = 40_000;
/** Until a dead element is noticed: by who takes over from its home, which is dead, too. */
const NOTICED_MS = 60_000;

export class Users {
  readonly #world: World;
  readonly #unanswered = new Lasting<number>();

  constructor(world: World) {
    this.#world = world;
  }

  step(): void {
    const { users, ended, network, history } = this.#world;
    const unanswered = new Set<number>();
    for (const [index, { process, answeredAt, answer = [] }] of users.entries()) {
      const isLate = network.now() - answeredAt > ANSWERED_MS;
      if (isLate && this.#canAsk(process.address)) unanswered.add(index + 1);
      // The life of what rsplib's ways have left behind is over much later.
      if (isLate || history.hasRsplib) continue;
      for (const id of answer) {
        const endedAt = ended.get(id);
        if (endedAt === undefined || network.now() - endedAt < NOTICED_MS) continue;
        ended.delete(id); // once is enough
        this.#world.complain(`user ${index + 1} is told of element ${id}, which is dead`);
      }
    }
    for (const user of this.#unanswered.note(network.now(), unanswered, 0)) {
      this.#world.complain(`user ${user} gets no answer`);
    }
  }

  #canAsk(address: string): boolean {
    const { ways } = this.#world;
    return this.#world
      .settled(ANSWERED_MS)
      .some((one) => ways.openFor(address, one.process.address, 0) > ANSWERED_MS);
  }
}
