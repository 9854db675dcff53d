/** Whether tests search for as long as `npm run check:long` allows, instead of as long as every push can wait. */

import process from 'node:process';

export const isLong = process.env.RSERPOOL_LONG === '1';
