import type { Row } from '../row.js';
import { bodies } from './bodies.js';
import { brokenObjects, manifestFlips, payloadFlips } from './damage.js';
import { damagedRuns } from './damaged-run.js';
import { dataKills } from './data.js';
import { emptied } from './emptied.js';
import { partitions, twoWorkers, zombies } from './hosts.js';
import { killsAtRandom, killsAtRequests } from './kills.js';
import { killsInBodies } from './kills-in-bodies.js';
import { clockJumps, fullDisk, wrongYear } from './machine.js';
import { exploration, simulation } from './protocol.js';
import { freezes, killsAtPoints, serverAway } from './servers.js';
import { heldWriters, twoWriters } from './small-runs.js';
import { storeKills } from './store-kills.js';
import { away, expired, fullBucket, half503, hanging, storms } from './store.js';

/** In the order of the table. */
export const rows: readonly Row[] = [
  simulation,
  exploration,
  killsAtRandom,
  killsAtRequests,
  killsInBodies,
  killsAtPoints,
  storeKills,
  dataKills,
  freezes,
  serverAway,
  zombies,
  heldWriters,
  twoWorkers,
  twoWriters,
  partitions,
  manifestFlips,
  payloadFlips,
  brokenObjects,
  damagedRuns,
  bodies,
  storms,
  half503,
  away,
  hanging,
  expired,
  fullBucket,
  emptied,
  fullDisk,
  wrongYear,
  clockJumps,
];
