/** Failures of native code as the errors that callers know (`errors.ts`). */

import { ClosedError, HandlespaceError, type HandlespaceRefusal } from '../errors.ts';
import { FAILURE, type NativeHandlespace } from '../native.ts';
import { PROTOCOL_NAME, policyName } from '../wire/cause-text.ts';
import type { PoolElementState } from './pool-element.ts';
import type { Registration } from './registration.ts';

/**
 * Throws what a negative result of a hand-bound function means. `what` names the method; `describe` returns a
 * message that is better than the native one, for refusals for which the caller knows more.
 */
export function raise(
  status: number,
  native: NativeHandlespace,
  what: string,
  describe?: (reason: HandlespaceRefusal) => string | undefined,
): never {
  switch (status) {
    case FAILURE.CLOSED:
      throw new ClosedError(`${what}: the handlespace is closed.`);
    case FAILURE.WRONG_TYPE:
      throw new TypeError(`${what}: an argument has the wrong type.`);
    case FAILURE.OUT_OF_RANGE:
      throw new RangeError(
        `${what}: an argument is out of range; numbers and times are whole and not negative.`,
      );
    case FAILURE.TOO_SMALL:
      throw new HandlespaceError(`${what}: the answer does not fit.`, 0, 'OUTPUT_TOO_SMALL');
    case FAILURE.REFUSED: {
      const refusal = native.takeRefusal();
      if (refusal === null) break;
      const reason = refusal.reason as HandlespaceRefusal;
      const message = describe?.(reason) ?? refusal.message;
      throw new HandlespaceError(message, refusal.causeCode, reason);
    }
  }
  throw new HandlespaceError(`${what}: the native core failed (${status}).`, 0, 'INTERNAL');
}

/** Runs a call of a native method and gives its errors their types. */
export function attempt<Result>(
  native: NativeHandlespace,
  what: string,
  call: () => Result,
): Result {
  try {
    return call();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const status = FAILURE[code as keyof typeof FAILURE] as number | undefined;
    if (status !== undefined) raise(status, native, what);
    // What the binding itself finds: an argument that it cannot convert.
    throw new TypeError(`${what}: ${message}`, { cause: error });
  }
}

/** Says in which way a registration does not agree with its pool, an element of which is `example`. */
export function describeInconsistency(
  reason: HandlespaceRefusal,
  { policy, userTransport }: Pick<Registration, 'policy' | 'userTransport'>,
  example: PoolElementState | undefined,
): string | undefined {
  if (reason === 'UNKNOWN_POLICY') {
    return `The policy ${policyName(policy)} is not supported: use one of RFC 5356.`;
  }
  if (example === undefined) return undefined;
  if (reason === 'INCONSISTENT_POLICY') {
    return `The pool uses ${policyName(example.policy)}, not ${policyName(policy)}.`;
  }
  if (reason === 'INCONSISTENT_TRANSPORT') {
    const used = PROTOCOL_NAME[example.userTransport.protocol];
    return `The pool uses ${used} transports, not ${PROTOCOL_NAME[userTransport.protocol]}.`;
  }
  return undefined;
}
