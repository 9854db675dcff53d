/** The other half of the histories that every run plays, in a file of its own so that two workers share them. */

import { describeHistories } from './playing.ts';

describeHistories('fixed seeds 26 to 60', 26, 35);
