import { findNewestCheckpoint } from '../../storage/checkpoint/restore.js';
import { untilReachable } from '../../storage/until-reachable.js';
import type { SessionActivities } from '../../workflows/contract.js';
import { asActivity } from '../as-activity.js';
import type { SessionDesk } from '../dependencies.js';
import { shardFolder } from './engine-state.js';
import { lineOf } from './in-force.js';
import { offerLocalState } from './local-state.js';

/** Where to go on from: the newest checkpoint of the lineage whose every shard verified, downloaded or as this host's copy. */
export const findCheckpoint =
  (session: SessionDesk): SessionActivities['findCheckpoint'] =>
  ({ run, known, ...adjusted }) =>
    asActivity(async (signal) => {
      await offerLocalState(session, run, shardFolder(session));
      const wanted = { run, lineage: lineOf(adjusted), known, cacheFolder: shardFolder(session), signal };
      const found = await untilReachable(() => findNewestCheckpoint(session.store, wanted), { signal });
      if (found.kind === 'none') return { ref: null, observations: [], damaged: found.damaged };
      return { ref: found.ref, observations: found.manifest.observations, damaged: found.damaged };
    });
