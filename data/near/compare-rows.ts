import type { Job } from '../../job/schema.js';
import { sketchAt, type FactsBatch } from '../prepare/facts.js';
import { nearPairs, type NearPair } from './near-pairs.js';
import { nearSimilarity, nearThreshold } from './sketcher.js';

/** Rows compared with each other: which are nearly the same, and where each begins. */
export interface ComparedRows {
  /** In the order of rows; as often as wanted. */
  pairs(): Iterable<NearPair>;
  close(): void;
}

/** Compares the rows that `takes` takes. */
export async function compareRows(
  batches: AsyncIterable<FactsBatch>,
  job: Pick<Job, 'task' | 'data'>,
  takes: (row: number) => boolean,
): Promise<ComparedRows> {
  const compared = nearPairs({ threshold: nearThreshold(job), similarity: nearSimilarity(job) });
  for await (const batch of batches) {
    for (let row = 0; row < batch.rows; row++) {
      compared.add(takes(batch.firstRow + row) ? sketchAt(batch, row) : null);
    }
  }
  return compared;
}
