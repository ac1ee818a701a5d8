import { join } from 'node:path';
import { comparesSource } from '../../data/prepare/survey.js';
import type { SourcePart } from '../../data/prepare/parts.js';
import type { DataActivities } from '../../workflows/contract.js';
import type { Attempt, DataDependencies } from './dependencies.js';
import { fileOfPart } from './part-window.js';
import type { DataPlan } from './plan.js';
import { overRange, withScratch } from './stage-activity.js';
import { surveyDigest } from './stage-digests.js';
import { findOutput, storeOutput, type StageOutput } from './stage-output.js';

export const surveyParts =
  (dependencies: DataDependencies): DataActivities['surveyParts'] =>
  (input) =>
    overRange(dependencies, input, async (plan, part, attempt) => {
      if (await findOutput(dependencies.store, surveyDigest(plan, part), attempt)) return 'found';
      await makeSurvey(dependencies, plan, part, attempt);
      return 'made';
    });

/** Surveys a part, also where that was done before and the store has lost it. */
export const makeSurvey = (
  dependencies: DataDependencies,
  plan: DataPlan,
  part: SourcePart,
  attempt: Attempt,
): Promise<StageOutput> =>
  withScratch(dependencies, async (scratch) => {
    const { store, threads } = dependencies;
    const { job, source } = plan.context;
    const file = await fileOfPart(dependencies, plan, part, scratch, attempt.signal);
    const compares = comparesSource(job, plan.files);
    const outFolder = join(scratch, 'survey');
    await threads.run('survey', { sourceName: source.name, file, part, job, compares, outFolder }, attempt);
    return storeOutput(store, surveyDigest(plan, part), outFolder, ['survey.blocks', 'survey.json'], attempt);
  });
