/**
 * ASAP_ENDPOINT_UNREACHABLE (RFC 5352 §3.5): a pool user could not reach a pool element. The element is asked
 * at once whether it lives, and goes when the reports are too many (decision 23). There is no answer.
 */

import type { Milliseconds } from '../../types.ts';
import type { AsapEndpointUnreachable } from '../../wire/asap-messages.ts';
import type { Adoption } from './adoption.ts';
import type { Association } from './associations.ts';
import type { RegistrarContext } from './context.ts';
import { sendKeepAlive } from './endpoint-keep-alive.ts';

export function onEndpointUnreachable(
  context: RegistrarContext,
  now: Milliseconds,
  { reports }: Association,
  { poolHandle, poolElementId }: AsapEndpointUnreachable,
  adoption: Adoption,
): void {
  const { handlespace, options, changes, counters } = context;
  if (!reports.isOpen(now)) {
    counters.ignoredMessages += 1;
    return;
  }
  reports.take();
  counters.failureReports += 1;
  const reportCount = handlespace.reportUnreachable(poolHandle, poolElementId);
  const element = handlespace.find(poolHandle, poolElementId);
  // The elements of others are only counted: to remove one here would look like a lost update (asap.md 3.4).
  if (element === undefined || element.homeRegistrarId !== context.id) return;
  if (reportCount >= options.maxBadPeReports) {
    handlespace.deregister(poolHandle, poolElementId);
    changes.onRemoved(element, 'reportedUnreachable');
  } else if (!element.awaitsAcknowledgement && !adoption.isToBeAsked(element)) {
    // One that is awaited decides: reports must not put off the time-out, nor multiply keep-alives. Nor may they
    // let the time run of one that is in line and cannot be asked yet.
    handlespace.probe(now, poolHandle, poolElementId);
    sendKeepAlive(context, element);
  }
}
