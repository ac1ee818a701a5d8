import type { PreparationStage, PreparationStatus } from '../../workflows/contract.js';

const names: Readonly<Record<PreparationStage, string>> = {
  'looking-up': 'looking for data that are prepared already',
  preparing: 'preparing the data',
  finished: 'finished',
};

/** What the preparation is at, in words. null: no worker answers. */
export const preparationText = (status: PreparationStatus | null): string =>
  status === null ? 'no worker answers, waiting' : names[status.stage];
