import { MOST_CLASSES } from '../labels.js';
import { classesAt, type FactsBatch } from './facts.js';
import { isKept } from './verdicts.js';

/** Rows of each class among those that stay, in the order in which classes were first met. */
export async function countClasses(
  batches: AsyncIterable<FactsBatch>,
  verdicts: Uint8Array,
): Promise<ReadonlyMap<string, number>> {
  const rowsPerClass = new Map<string, number>();
  for await (const batch of batches) {
    const counts = new Float64Array(batch.classNames.length);
    for (let row = 0; row < batch.rows; row++) {
      if (isKept(verdicts[batch.firstRow + row]!)) for (const number of classesAt(batch, row)) counts[number]!++;
    }
    batch.classNames.forEach((name, number) => {
      if (counts[number]! > 0) rowsPerClass.set(name, (rowsPerClass.get(name) ?? 0) + counts[number]!);
    });
    if (rowsPerClass.size > MOST_CLASSES) return rowsPerClass; // too many to be classes: labelMap says so
  }
  return rowsPerClass;
}

/** For each class number of a batch its index in the label map, -1 where it is none. */
export const labelsOf = ({ classNames }: FactsBatch, labels: ReadonlyMap<string, number>): Int32Array =>
  Int32Array.from(classNames, (name) => labels.get(name) ?? -1);
