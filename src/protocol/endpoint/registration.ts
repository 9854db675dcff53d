/**
 * Registration of a pool element (RFC 5352 §3.1): register at the home registrar, or look for one first;
 * T2-registration, T4-reregistration, MAX-REG-ATTEMPT, and what a registrar's answer leads to.
 */

import type { AssociationId, Milliseconds } from '../../types.ts';
import type { AsapRegistration, AsapRegistrationResponse } from '../../wire/asap-messages.ts';
import { describeCauses } from '../../wire/cause-text.ts';
import { CAUSE, type ErrorCause, type Policy } from '../../wire/parameters.ts';
import {
  endHomeAssociation,
  loseRegistration,
  settleAt,
  UNKNOWN_REGISTRAR,
} from './home-registrar.ts';
import type { PoolElementContext } from './pool-element-context.ts';
import type { PoolElementSettings } from './pool-element-events.ts';
import type { RegistrarAddresses } from './registrar-list.ts';

/** Registers, for the first time or anew; without a home one is looked for first. */
export function register(context: PoolElementContext, now: Milliseconds): void {
  const { home, settings, policy, outbox } = context;
  if (home === undefined) {
    findHome(context, now);
    return;
  }
  const t2Registration = now + settings.options.t2RegistrationMs;
  context.phase = { name: 'registering', t2Registration, policy };
  const registration = registrationOf(settings, policy);
  const poolElement = { ...registration.poolElement, homeRegistrarId: home.id };
  outbox.send(home.association, { ...registration, poolElement });
}

/** `avoided`: a registrar that was of no use. */
export function findHome(
  context: PoolElementContext,
  now: Milliseconds,
  avoided?: RegistrarAddresses,
): void {
  const { registrars, hunt } = context;
  context.phase = { name: 'hunting' };
  // A registrar that has called us, for a takeover, need not be called.
  for (const [association, addresses] of registrars) {
    if (hunt.knows(now, addresses)) {
      onHomeFound(context, now, association);
      return;
    }
  }
  hunt.start(now, avoided);
}

export function onHomeFound(
  context: PoolElementContext,
  now: Milliseconds,
  association: AssociationId,
): void {
  settleAt(context, association);
  register(context, now);
}

/** The home's association has ended: another registrar at once (RFC 5352 §3.6), whatever was under way. */
export function onHomeLost(context: PoolElementContext, now: Milliseconds): void {
  const isWanted = context.phase.name !== 'idle';
  context.home = undefined;
  loseRegistration(context);
  if (isWanted) findHome(context, now);
}

/** The home has started anew and knows nothing of us. */
export function onHomeRestarted(
  context: PoolElementContext,
  now: Milliseconds,
  association: AssociationId,
): void {
  settleAt(context, association); // who it is now remains to be seen
  loseRegistration(context);
  if (context.phase.name !== 'idle') register(context, now);
}

/** T2: this registrar does not answer; SCTP has lost nothing, so another one must do better. */
export function onT2Registration(context: PoolElementContext, now: Milliseconds): void {
  const { settings, outbox, log } = context;
  context.failures += 1;
  log.warn({ failures: context.failures }, 'no answer to a registration');
  if (context.failures % settings.options.maxRegistrationAttempts === 0) {
    outbox.push({ type: 'registrarUnreachable' });
  }
  leaveHome(context, now, 'no answer to a registration');
}

export function onRegistrationResponse(
  context: PoolElementContext,
  now: Milliseconds,
  response: AsapRegistrationResponse,
): void {
  const { phase, home, settings, outbox, hunt, log } = context;
  if (phase.name !== 'registering' || home === undefined) return;
  if (response.isRejected) {
    onRegistrationRejected(context, now, response.errors);
    return;
  }
  const { policy } = phase;
  const { association } = home;
  const t4Reregistration = now + settings.options.reregistrationIntervalMs;
  context.accepted = { policy, t4Reregistration };
  context.phase = { name: 'registered', t4Reregistration };
  context.failures = 0;
  hunt.onProven();
  const registrar = context.registrars.get(association) ?? [];
  const warningCauseCodes = codesOf(response.errors);
  log.debug({ association, policy: policy.type, warningCauseCodes }, 'registered');
  outbox.push({ type: 'registered', association, registrar, policy, warningCauseCodes });
  if (policy !== context.policy) register(context, now); // changed while this was under way
}

/**
 * No. The same again would be refused again, here and elsewhere. Only "no usable address" may be this
 * association's fault (rsplib's own causes, decision 20): then another one is tried.
 */
export function onRegistrationRejected(
  context: PoolElementContext,
  now: Milliseconds,
  errors: readonly ErrorCause[],
): void {
  const { phase, settings, outbox, log } = context;
  if (phase.name !== 'registering') return;
  const { policy } = phase;
  const causeCodes = codesOf(errors);
  const { userTransport } = settings;
  const reason = describeCauses(errors, { policy, userTransport });
  context.failures += 1;
  log.warn({ causeCodes, reason, failures: context.failures }, 'registration rejected');
  const isAboutAddresses = causeCodes.some((code) => ADDRESS_CAUSES.includes(code));
  if (isAboutAddresses && context.failures < settings.options.maxRegistrationAttempts) {
    leaveHome(context, now, 'no usable addresses');
    return;
  }
  outbox.push({ type: 'registrationRejected', policy, causeCodes, reason });
  if (policy === context.policy) fallBack(context, now);
  else register(context, now); // changed while this was under way: that is not the same again
}

/** What the registrar had accepted stands, and is kept up; else there is nothing to do until told so. */
function fallBack(context: PoolElementContext, now: Milliseconds): void {
  const { accepted, settings } = context;
  context.failures = 0;
  if (accepted === undefined) {
    context.phase = { name: 'idle' };
    return;
  }
  context.policy = accepted.policy;
  // It lapses no later for the attempt; what was refused at T4 itself waits for the next one.
  if (accepted.t4Reregistration <= now) {
    accepted.t4Reregistration = now + settings.options.reregistrationIntervalMs;
  }
  context.phase = { name: 'registered', t4Reregistration: accepted.t4Reregistration };
}

function leaveHome(context: PoolElementContext, now: Milliseconds, reason: string): void {
  const { home, registrars } = context;
  const left = home && registrars.get(home.association);
  endHomeAssociation(context, reason);
  loseRegistration(context);
  findHome(context, now, left);
}

/** The message, but for the home registrar's identifier. */
export function registrationOf(
  { id, poolHandle, userTransport, options }: PoolElementSettings,
  policy: Policy,
): AsapRegistration {
  const { lifeMs } = options;
  const homeRegistrarId = UNKNOWN_REGISTRAR;
  const poolElement = { id, homeRegistrarId, lifeMs, userTransport, policy };
  return { type: 'ASAP_REGISTRATION', poolHandle, poolElement };
}

function codesOf(errors: readonly ErrorCause[]): number[] {
  return errors.map(({ code }) => code);
}

const ADDRESS_CAUSES: readonly number[] = [
  CAUSE.RSPLIB_NO_USABLE_ASAP_ADDRESSES,
  CAUSE.RSPLIB_NO_USABLE_USER_ADDRESSES,
];
