import { deleteRun } from '../../storage/checkpoint/delete-run.js';
import { deleteUncommitted } from '../../storage/checkpoint/orphans.js';
import type { RunId } from '../../workflows/contract.js';
import { asActivity } from '../as-activity.js';
import type { ActivityDependencies } from '../dependencies.js';

/** What a cancelled run leaves: with `purge` nothing, else its committed checkpoints. A pinned run is never purged. */
export const cleanUp =
  ({ store }: ActivityDependencies) =>
  ({ run, purge }: { run: RunId; purge: boolean }): Promise<{ deletedObjects: number }> =>
    asActivity(async (signal) => {
      if (!purge) return deleteUncommitted(store, run, { signal });
      const deleted = await deleteRun(store, run, { signal });
      return { deletedObjects: deleted.kind === 'deleted' ? deleted.deletedObjects : 0 };
    });
