import type { DataActivities } from '../../workflows/contract.js';
import { assembleDataset } from './assemble-dataset.js';
import { cutSource } from './cut-source.js';
import { decideDataset } from './decide-dataset.js';
import type { DataDependencies } from './dependencies.js';
import { encodeParts } from './encode-parts.js';
import { surveyParts } from './survey-parts.js';

/** Activities of the data queue: they need the store, a disk and threads. */
export const createDataActivities = (dependencies: DataDependencies): DataActivities => ({
  cutSource: cutSource(dependencies),
  surveyParts: surveyParts(dependencies),
  decideDataset: decideDataset(dependencies),
  encodeParts: encodeParts(dependencies),
  assembleDataset: assembleDataset(dependencies),
});
