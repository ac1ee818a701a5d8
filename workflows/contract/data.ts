/** The workflow prepareData: from a source to a data set of Arrow shards. */

/** In the order in which they come. */
export type PreparationStage = 'looking-up' | 'preparing' | 'finished';

export interface PreparationStatus {
  readonly stage: PreparationStage;
}
