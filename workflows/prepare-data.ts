/**
 * Prepares a data set, part by part, on any number of data workers: cut, survey, decide, encode, assemble. Every stage finds
 * what was made before by its digest, so that a second preparation is one look-up, a killed one goes on, and one of appended
 * data does only what is new.
 */
import { ActivityCancellationType, proxyActivities, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { DataActivities, DataContext, DatasetRef, PreparationStage, PreparationStatus } from './contract.js';
import { DATA_QUEUE, preparationQuery } from './handlers.js';
import { overParts } from './over-parts.js';

const data = proxyActivities<DataActivities>({
  taskQueue: DATA_QUEUE,
  startToCloseTimeout: '1 day',
  heartbeatTimeout: '10 seconds',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

export async function prepareData(input: DataContext): Promise<DatasetRef> {
  let status: PreparationStatus = { stage: 'cut', parts: null };
  setHandler(preparationQuery, () => status);
  const enter = (stage: PreparationStage, parts: PreparationStatus['parts'] = null): void => {
    status = { stage, parts };
    setCurrentDetails(parts === null ? `**${stage}**` : `**${stage}** · ${parts.done} of ${parts.total} parts`);
  };
  const partsOf = (stage: PreparationStage, total: number, work: Parameters<typeof overParts>[1]): Promise<void> => {
    let [done, found] = [0, 0];
    enter(stage, { done, total, found });
    return overParts(total, work, (range) => {
      done += range.found + range.made;
      found += range.found;
      enter(stage, { done, total, found });
    });
  };

  enter('cut');
  const cut = await data.cutSource(input);
  if (cut.kind === 'prepared') {
    enter('finished');
    return cut.dataset;
  }
  const { plan } = cut;
  await partsOf('survey', plan.parts, (parts) => data.surveyParts({ plan, parts }));
  enter('decide');
  const decisions = await data.decideDataset({ plan });
  await partsOf('encode', plan.parts, (parts) => data.encodeParts({ plan, decisions, parts }));
  enter('assemble');
  const dataset = await data.assembleDataset({ plan, decisions });
  enter('finished');
  return dataset;
}
