/** How long things may take in a simulated scope, by the settings of those who live in it. */

import type { History } from './history.ts';

/** Also by a slow clock. */
const HEARTBEAT_MS = 1.03 * 1.125 * 2_444;
export const TWO_HEARTBEATS_MS = 2 * HEARTBEAT_MS;
/** When two have settled which of them has an element, others learn of it by the next audit of the one that has it. */
export const THREE_HEARTBEATS_MS = 3 * HEARTBEAT_MS;
/** In which two that claim the same pool element agree, in each other's updates or in the audit that follows. */
export const CLAIM_MS = TWO_HEARTBEATS_MS;
/** What rsplib's ways have lost is back with the next registration, also by a slow clock. */
export const repairMs = ({ lives }: History) => 1.1 * lives.reregistrationMs;
