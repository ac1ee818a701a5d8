import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { verdictsFile } from '../../data/prepare/decisions-file.js';
import { eachOf } from '../../storage/each-of.js';
import type { DataActivities } from '../../workflows/contract.js';
import type { Attempt, DataDependencies } from './dependencies.js';
import { readPlan, type DataPlan } from './plan.js';
import { asStage, withScratch } from './stage-activity.js';
import { decisionsDigest, surveyDigest } from './stage-digests.js';
import { fetchOutput, findOutput, orAgain, storeOutput, type StageOutput } from './stage-output.js';
import { makeSurvey } from './survey-parts.js';

export const DECISIONS = 'decisions.json';

/** Surveys are small files, many of them. */
const FETCHED_AT_ONCE = 8;

export const decideDataset =
  (dependencies: DataDependencies): DataActivities['decideDataset'] =>
  ({ plan: ref }) =>
    asStage(async (attempt) => {
      const plan = await readPlan(dependencies, ref, attempt);
      const digest = decisionsDigest(plan);
      const found = await findOutput(dependencies.store, digest, attempt);
      if (!found) await makeDecisions(dependencies, plan, attempt);
      return { digest };
    });

/** Decides, also where that was done before and the store has lost it. */
export const makeDecisions = (dependencies: DataDependencies, plan: DataPlan, attempt: Attempt): Promise<StageOutput> =>
  withScratch(dependencies, async (scratch) => {
    const { job, source } = plan.context;
    const surveys = await fetchSurveys(dependencies, plan, scratch, attempt);
    const outFolder = join(scratch, 'decisions');
    const files = plan.parts.map(({ file }) => plan.files[file]!).map(({ name, format }) => ({ name, format }));
    const task = { surveys, files, job, sourceName: source.name, outFolder };
    await dependencies.threads.run('decide', task, { ...attempt, alone: true });
    const names = [...plan.parts.map(({ index }) => verdictsFile(index)), DECISIONS];
    return storeOutput(dependencies.store, decisionsDigest(plan), outFolder, names, attempt);
  });

async function fetchSurveys(
  dependencies: DataDependencies,
  plan: DataPlan,
  scratch: string,
  attempt: Attempt,
): Promise<string[]> {
  const { store } = dependencies;
  return eachOf(plan.parts, FETCHED_AT_ONCE, async (part) => {
    const digest = surveyDigest(plan, part);
    const folder = join(scratch, `survey-${part.index}`);
    await mkdir(folder);
    await orAgain(
      (output) => fetchOutput(store, digest, output, folder, attempt),
      await findOutput(store, digest, attempt),
      () => makeSurvey(dependencies, plan, part, attempt),
    );
    return folder;
  });
}
