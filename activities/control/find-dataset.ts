import type { ControlActivities } from '../../workflows/contract.js';
import { asActivity } from '../as-activity.js';
import { findPrepared, nameDataset, toRef } from '../data/prepared.js';
import type { ActivityDependencies } from '../dependencies.js';

/** One look-up, so that a run on prepared data starts at once and needs no data worker. */
export const findDataset =
  (dependencies: ActivityDependencies): ControlActivities['findDataset'] =>
  (context) =>
    asActivity(async (signal) => {
      const { digest } = await nameDataset(dependencies, context, { signal });
      const found = await findPrepared(dependencies, digest, { signal });
      return found && toRef(context.job, digest, found);
    });
