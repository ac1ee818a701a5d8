import type { ControlActivities, ScheduleActivities } from '../../workflows/contract.js';
import type { ActivityDependencies } from '../dependencies.js';
import { cleanUp } from './clean-up.js';
import { findDataset } from './find-dataset.js';
import { freezeLayers } from './freeze-layers.js';
import { lookUpFiring } from './look-up-firing.js';
import { preprocess } from './preprocess.js';
import { readSource } from './read-source.js';

/** Activities of the control queue: they need the store and a disk, no device. */
export const createControlActivities = (
  dependencies: ActivityDependencies,
): ControlActivities & ScheduleActivities => ({
  findDataset: findDataset(dependencies),
  preprocess: preprocess(dependencies),
  freezeLayers: freezeLayers(dependencies),
  cleanUp: cleanUp(dependencies),
  lookUpFiring,
  readSource: readSource(dependencies),
});
