/** The second half of the histories that every run plays, in a file of its own so that two workers share them. */

import { describeHistories } from './playing.ts';

describeHistories('fixed seeds 61 to 120', 61, 60);
