import type { Job } from '../../job/schema.js';
import { fractionSplitter } from '../split.js';
import { foldSplitter, splitOfFold } from '../splits/fold-splitter.js';
import { groupSplitter } from '../splits/group-splitter.js';
import { labelsOf } from './class-counts.js';
import { classesAt, type FactsBatch } from './facts.js';
import { isKept } from './verdicts.js';

interface Placing {
  /** From the first row on, each time. */
  readonly batches: () => AsyncIterable<FactsBatch>;
  readonly verdicts: Uint8Array;
  /** Every name of a class. */
  readonly labels: ReadonlyMap<string, number>;
  /** Rows that stay, by label. */
  readonly rowsPerLabel: readonly number[];
  readonly split: Job['data']['split'];
}

/** Turns UNDECIDED into the split of every row that stays. */
export async function placeRows(placing: Placing): Promise<void> {
  const { split, verdicts } = placing;
  if ('column' in split || ('by' in split && split.by === 'hash')) {
    await eachKept(placing, (batch, row) => {
      verdicts[batch.firstRow + row] = batch.split[row]!;
    });
    return;
  }
  const strata = new Float64Array(placing.rowsPerLabel.length + 1);
  await eachKept(placing, (_batch, _row, stratum) => void strata[stratum]!++);
  const splitter = splitterFor(split, strata);
  await eachKept(placing, (batch, row, stratum) => splitter.add(stratum, batch.order[row]!));
  const splitOf = splitter.finish();
  await eachKept(placing, (batch, row, stratum) => {
    verdicts[batch.firstRow + row] = splitOf(stratum, batch.order[row]!);
  });
}

/** Sees every row once, then tells its split. */
interface Splitter {
  add(stratum: number, order: number): void;
  finish(): (stratum: number, order: number) => number;
}

function splitterFor(split: SplitOfRows, strata: Float64Array): Splitter {
  if ('folds' in split) {
    if (split.group === undefined) return foldSplitter(strata, split);
    const { folds, stratify } = split;
    const groups = groupSplitter(strata, new Array<number>(folds).fill(1 / folds), stratify);
    const finish = (): ReturnType<Splitter['finish']> => {
      const foldOf = groups.finish();
      return (stratum, order) => splitOfFold(foldOf(stratum, order), split);
    };
    return { add: groups.add, finish };
  }
  const { train, validation, test } = split;
  if ('by' in split && split.by === 'group') return groupSplitter(strata, [train, validation, test], split.stratify);
  // The latest are the last by rank.
  return fractionSplitter(strata, { validation, test, stratify: 'stratify' in split && split.stratify });
}

/** Splits that all rows together decide. */
type SplitOfRows = Exclude<Job['data']['split'], { column: string } | { by: 'hash' }>;

/**
 * `stratum` is what a row counts as when a split is stratified: its class; of several the rarest, so that rare ones are shared
 * out, too; one more than the last class for a row without any.
 */
async function eachKept(
  { batches, verdicts, labels, rowsPerLabel }: Placing,
  work: (batch: FactsBatch, row: number, stratum: number) => void,
): Promise<void> {
  const rarer = (a: number, b: number): number => {
    if (a === rowsPerLabel.length) return b;
    return rowsPerLabel[b]! < rowsPerLabel[a]! || (rowsPerLabel[b] === rowsPerLabel[a] && b < a) ? b : a;
  };
  for await (const batch of batches()) {
    const labelOf = labelsOf(batch, labels);
    for (let row = 0; row < batch.rows; row++) {
      if (!isKept(verdicts[batch.firstRow + row]!)) continue;
      let stratum = rowsPerLabel.length;
      for (const number of classesAt(batch, row))
        if (labelOf[number] !== -1) stratum = rarer(stratum, labelOf[number]!);
      work(batch, row, stratum);
    }
  }
}
