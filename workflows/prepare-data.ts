/** Prepares a data set, and nothing else: what is on S3 already is found by its digest and not made again. */
import { ActivityCancellationType, proxyActivities, setHandler } from '@temporalio/workflow';
import type { ControlActivities, DataContext, DatasetRef, PreparationStatus } from './contract.js';
import { preparationQuery } from './handlers.js';

const control = proxyActivities<ControlActivities>({
  startToCloseTimeout: '1 day',
  heartbeatTimeout: '30 seconds',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

export async function prepareData(input: DataContext): Promise<DatasetRef> {
  let status: PreparationStatus = { stage: 'preparing' };
  setHandler(preparationQuery, () => status);
  const dataset = await control.preprocess(input);
  status = { stage: 'finished' };
  return dataset;
}
