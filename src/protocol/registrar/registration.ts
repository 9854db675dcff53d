/**
 * ASAP_REGISTRATION (RFC 5352 §3.1): a pool element joins a pool, or registers again. Every check, in the
 * order in which rsplib makes them where it makes them. Values that no registration may have were refused by
 * `wire/`, and whether it agrees with the rest of its pool is for the handlespace to say. A refusal names one
 * cause: rsplib reads no more.
 */

import { HandlespaceError } from '../../errors.ts';
import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { Milliseconds } from '../../types.ts';
import type { AsapRegistration } from '../../wire/asap-messages.ts';
import {
  CAUSE,
  type ErrorCause,
  type PoolElementParameter,
  type TransportParameter,
} from '../../wire/parameters.ts';
import { addressesOf, hasTooManyAddresses } from '../transport-addresses.ts';
import type { Association } from './associations.ts';
import { cause, causeWithPolicy, causeWithTransport } from './causes.ts';
import type { RegistrarContext } from './context.ts';
import { isStranger } from './identity.ts';
import type { RegistrarOptions } from './options.ts';
import { tellRefused } from './refusal.ts';
import { asapTransportOf, usableUserTransport } from './registered-transports.ts';

export function onRegistration(
  context: RegistrarContext,
  now: Milliseconds,
  association: Association,
  message: AsapRegistration,
): void {
  const { poolHandle, poolElement } = message;
  const poolElementId = poolElement.id;
  const refusal = register(context, now, association, message);
  if (refusal !== undefined) {
    const request = {
      request: message.type,
      association: association.id,
      poolHandle,
      poolElementId,
    };
    tellRefused(context, request, refusal, poolElement);
  }
  context.outbox.send(association.id, {
    type: 'ASAP_REGISTRATION_RESPONSE',
    isRejected: refusal !== undefined,
    poolHandle,
    poolElementId,
    errors: refusal === undefined ? [] : [refusal],
  });
}

/** The cause of a refusal, if it is one. */
function register(
  context: RegistrarContext,
  now: Milliseconds,
  association: Association,
  message: AsapRegistration,
): ErrorCause | undefined {
  const existing = context.handlespace.find(message.poolHandle, message.poolElement.id);
  return (
    refusalOfSender(context, now, association, existing, message) ??
    refusalOfValues(context, message) ??
    store(context, now, association, message)
  );
}

function refusalOfSender(
  context: RegistrarContext,
  now: Milliseconds,
  association: Association,
  existing: PoolElementState | undefined,
  { poolElement }: AsapRegistration,
): ErrorCause | undefined {
  const { handlespace, options } = context;
  if (!association.registrations.isOpen(now)) return cause(CAUSE.LACK_OF_RESOURCES);
  association.registrations.take();
  if (existing !== undefined && isStranger(context, association, existing)) {
    return cause(CAUSE.REJECTED_FOR_SECURITY);
  }
  if (existing !== undefined && isAnotherElement(context, association, existing, poolElement)) {
    return cause(CAUSE.NON_UNIQUE_PE_IDENTIFIER);
  }
  const isNewHere = existing?.association !== association.id;
  const isFull =
    handlespace.elementsOf(association.id) >= options.limits.maxPoolElementsPerAssociation;
  return isNewHere && isFull ? cause(CAUSE.LACK_OF_RESOURCES) : undefined;
}

/**
 * An element that comes back cannot be told from another one with the same identifier, except by its
 * addresses and by its former association being alive (asap.md 3.1.5).
 */
function isAnotherElement(
  { id, options, associations }: RegistrarContext,
  association: Association,
  existing: PoolElementState,
  poolElement: PoolElementParameter,
): boolean {
  if (!options.refusesNonUniqueIds || existing.association === association.id) return false;
  const isOursAndAlive = existing.homeRegistrarId === id && associations.has(existing.association);
  const known = addressesOf(existing.userTransport);
  return (
    isOursAndAlive && !addressesOf(poolElement.userTransport).some((one) => known.includes(one))
  );
}

function refusalOfValues(
  { options }: RegistrarContext,
  { poolElement }: AsapRegistration,
): ErrorCause | undefined {
  const { userTransport } = poolElement;
  return hasTooManyAddresses(userTransport, options.limits.maxTransportAddresses)
    ? causeWithTransport(CAUSE.INVALID_VALUES, userTransport)
    : undefined;
}

function store(
  context: RegistrarContext,
  now: Milliseconds,
  association: Association,
  { poolHandle, poolElement }: AsapRegistration,
): ErrorCause | undefined {
  const { handlespace, options, changes, counters } = context;
  const userTransport = usableUserTransport(poolElement.userTransport, association, options);
  if (userTransport === undefined) {
    return unusable(options, CAUSE.RSPLIB_NO_USABLE_USER_ADDRESSES, poolElement.userTransport);
  }
  const asapTransport = asapTransportOf(association, options);
  if (asapTransport === undefined) {
    return unusable(options, CAUSE.RSPLIB_NO_USABLE_ASAP_ADDRESSES, poolElement.userTransport);
  }
  try {
    // Named one by one: spread they take as long as all the rest.
    const outcome = handlespace.register(now, {
      poolHandle,
      id: poolElement.id,
      lifeMs: poolElement.lifeMs,
      policy: poolElement.policy,
      userTransport,
      asapTransport,
      homeRegistrarId: context.id,
      association: association.id,
      isWatched: true,
      expiresInMs: expiryOf(poolElement.lifeMs, options),
    });
    const stored = handlespace.find(poolHandle, poolElement.id) as PoolElementState;
    if (outcome === 'created') changes.onAdded(stored);
    else changes.onUpdated(stored);
    counters[outcome === 'created' ? 'registrations' : 'reregistrations'] += 1;
    return undefined;
  } catch (error) {
    if (!(error instanceof HandlespaceError)) throw error;
    return inconsistent(context, poolHandle, poolElement, error.causeCode);
  }
}

function unusable(
  { usesRsplibErrorCodes }: RegistrarOptions,
  rsplibCode: number,
  userTransport: TransportParameter,
): ErrorCause {
  if (usesRsplibErrorCodes) return cause(rsplibCode);
  return causeWithTransport(CAUSE.INVALID_VALUES, userTransport);
}

/**
 * When the registration lapses. 0 is "never" in profile `rsplib`, and refused in the other (decision 37).
 * Where lives are not enforced keep-alives alone tell who is gone (decision 49).
 */
export function expiryOf(
  lifeMs: Milliseconds,
  { enforcesRegistrationLife, registrationLifeGrace }: RegistrarOptions,
): Milliseconds {
  if (lifeMs === 0 || !enforcesRegistrationLife) return Number.POSITIVE_INFINITY;
  return Math.round(lifeMs * (1 + registrationLifeGrace));
}

/**
 * RFC 5354 §3.12.6, §3.12.8: a cause that shows what the pool is like. Where there is no pool yet, it is the
 * policy itself that cannot be selected by: it is shown, for the cause is not to be without one.
 */
function inconsistent(
  { handlespace }: RegistrarContext,
  poolHandle: Uint8Array,
  refused: AsapRegistration['poolElement'],
  causeCode: number,
): ErrorCause {
  const example = handlespace.peek(poolHandle) ?? refused;
  if (causeCode === CAUSE.INCONSISTENT_POOLING_POLICY) {
    return causeWithPolicy(causeCode, example.policy);
  }
  if (causeCode === CAUSE.INCONSISTENT_TRANSPORT_TYPE) {
    return causeWithTransport(causeCode, example.userTransport);
  }
  return cause(causeCode);
}
