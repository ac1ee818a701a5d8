import type { ControlActivities } from '../../workflows/contract.js';
import type { ActivityDependencies } from '../dependencies.js';
import { cleanUp } from './clean-up.js';
import { freezeLayers } from './freeze-layers.js';
import { preprocess } from './preprocess.js';

/** Activities of the control queue: they need the store and a disk, no device. */
export const createControlActivities = (dependencies: ActivityDependencies): ControlActivities => ({
  preprocess: preprocess(dependencies),
  freezeLayers: freezeLayers(dependencies),
  cleanUp: cleanUp(dependencies),
});
