import type { Job } from '../../job/schema.js';
import { fractionSplitter } from '../split.js';
import { labelsOf } from './class-counts.js';
import { classesAt, type FactsBatch } from './facts.js';
import { isKept } from './verdicts.js';

interface Placing {
  /** From the first row on, each time. */
  readonly batches: () => AsyncIterable<FactsBatch>;
  readonly verdicts: Uint8Array;
  readonly labels: ReadonlyMap<string, number>;
  /** Rows that stay, by label. */
  readonly rowsPerLabel: readonly number[];
  readonly split: Job['data']['split'];
}

/** Turns UNDECIDED into the split of every row that stays. */
export async function placeRows(placing: Placing): Promise<void> {
  const { split, verdicts } = placing;
  if ('column' in split) {
    await eachKept(placing, (batch, row) => {
      verdicts[batch.firstRow + row] = batch.split[row]!;
    });
    return;
  }
  const strata = new Float64Array(placing.labels.size + 1);
  await eachKept(placing, (_batch, _row, stratum) => void strata[stratum]!++);
  const splitter = fractionSplitter(strata, split);
  await eachKept(placing, (batch, row, stratum) => splitter.add(stratum, batch.order[row]!));
  const splitOf = splitter.finish();
  await eachKept(placing, (batch, row, stratum) => {
    verdicts[batch.firstRow + row] = splitOf(stratum, batch.order[row]!);
  });
}

/**
 * `stratum` is what a row counts as when a split is stratified: its class; of several the rarest, so that rare ones are shared
 * out, too; one more than the last class for a row without any.
 */
async function eachKept(
  { batches, verdicts, labels, rowsPerLabel }: Placing,
  work: (batch: FactsBatch, row: number, stratum: number) => void,
): Promise<void> {
  const rarer = (a: number, b: number): number => {
    if (a === labels.size) return b;
    return rowsPerLabel[b]! < rowsPerLabel[a]! || (rowsPerLabel[b] === rowsPerLabel[a] && b < a) ? b : a;
  };
  for await (const batch of batches()) {
    const labelOf = labelsOf(batch, labels);
    for (let row = 0; row < batch.rows; row++) {
      if (!isKept(verdicts[batch.firstRow + row]!)) continue;
      let stratum = labels.size;
      for (const number of classesAt(batch, row))
        if (labelOf[number] !== -1) stratum = rarer(stratum, labelOf[number]!);
      work(batch, row, stratum);
    }
  }
}
