import type { Row } from '../row.js';
import { partitions, twoWorkers, zombies } from './hosts.js';
import { killsAtRandom, killsAtRequests } from './kills.js';
import { clockJumps, fullDisk, wrongYear } from './machine.js';
import { away, expired, fullBucket, half503, hanging, storms } from './store.js';

/** In the order of the table. */
export const rows: readonly Row[] = [
  killsAtRandom,
  killsAtRequests,
  zombies,
  twoWorkers,
  partitions,
  storms,
  half503,
  away,
  hanging,
  expired,
  fullBucket,
  fullDisk,
  wrongYear,
  clockJumps,
];
