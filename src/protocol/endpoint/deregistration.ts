/** Deregistration of a pool element (RFC 5352 §3.2), T3-deregistration, and the end of it all. */

import type { Milliseconds } from '../../types.ts';
import { loseRegistration } from './home-registrar.ts';
import type { PoolElementContext } from './pool-element-context.ts';
import { register } from './registration.ts';

/** Deregisters where there may be a registration, and ends. */
export function stop(context: PoolElementContext, now: Milliseconds): void {
  const { hunt, home, phase, settings } = context;
  if (phase.name === 'deregistering') return; // T3 is not to begin anew
  hunt.stop();
  if (home === undefined || phase.name === 'idle') {
    end(context);
    return;
  }
  const t3Deregistration = now + settings.options.t3DeregistrationMs;
  context.phase = { name: 'deregistering', t3Deregistration };
  deregister(context);
}

/** Asks the home registrar, under the T3 that is running. */
export function deregister({ home, settings, outbox }: PoolElementContext): void {
  if (home === undefined) return;
  const { id, poolHandle } = settings;
  outbox.send(home.association, { type: 'ASAP_DEREGISTRATION', poolHandle, poolElementId: id });
}

/** Asked for: that was it. Unasked: our registration has lapsed (RFC 5352 §2.2.4), so register again. */
export function onDeregistrationResponse(context: PoolElementContext, now: Milliseconds): void {
  if (context.phase.name === 'deregistering') end(context);
  else if (context.phase.name === 'registered') {
    loseRegistration(context);
    register(context, now);
  }
}

/** Answered, refused, T3, or nobody to ask any more: it is over in any case. */
export function end(context: PoolElementContext): void {
  const { registrars, outbox, log } = context;
  context.phase = { name: 'stopped' };
  context.home = undefined;
  for (const association of registrars.keys()) outbox.push({ type: 'shutdown', association });
  registrars.clear();
  log.info({}, 'stopped');
  outbox.push({ type: 'stopped' });
}
