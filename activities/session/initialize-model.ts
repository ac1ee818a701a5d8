import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unpin } from '../../storage/checkpoint/pins.js';
import { findNewestCheckpoint } from '../../storage/checkpoint/restore.js';
import { untilReachable } from '../../storage/until-reachable.js';
import type { CheckpointRef, DatasetRef, RunContext } from '../../workflows/contract.js';
import { asActivity } from '../as-activity.js';
import type { SessionDesk } from '../dependencies.js';
import { askEngine } from './ask-engine.js';
import { datasetOf } from '../dataset-of.js';
import { modelFolder } from '../model-folder.js';
import { commitState } from './commit.js';
import { forkedState } from './fork-checkpoint.js';
import { lineageOf } from './lineage-of.js';

/**
 * Checks the base model's architecture, makes the new head from the seed, and commits both as step 0. A fork commits the state that
 * it begins from as its own, and needs the other run no more.
 */
export const initializeModel =
  (session: SessionDesk) =>
  ({ context, dataset }: { context: RunContext; dataset: DatasetRef }): Promise<CheckpointRef> =>
    asActivity(async (signal) => {
      const { host, workFolder } = session;
      const folder = await untilReachable(() => modelFolder(session, context.model, { signal }), { signal });
      const manifest = await untilReachable(() => datasetOf(session, dataset, signal), { signal });
      const stateFolder = join(workFolder, `initial-${randomUUID()}`);
      try {
        // The engine checks the base's architecture before it makes what is new.
        const input = { job: context.job, modelFolder: folder, dataset: manifest, folder: stateFolder };
        const fresh = await askEngine(session, 'initialize', input);
        const lineage = lineageOf(context, dataset, host.fingerprint);
        const { run, fork } = context;
        if (fork) {
          // Committed before, by an attempt whose answer was lost: the other run's checkpoint may be gone by now.
          const wanted = { run, lineage, cacheFolder: stateFolder, signal };
          const found = await untilReachable(() => findNewestCheckpoint(session.store, wanted), { signal });
          if (found.kind === 'found') return found.ref;
        }
        const state = fork ? await forkedState(session, fork, fresh, stateFolder, signal) : fresh;
        const commit = { parent: null, observations: fork?.observations ?? [], keepSteps: [] };
        const ref = await commitState(session, { ...context, lineage }, state, commit, signal);
        if (fork) await untilReachable(() => unpin(session.store, fork.from.run, fork.pin, { signal }), { signal });
        return ref;
      } finally {
        await rm(stateFolder, { recursive: true, force: true });
      }
    });
