import type { ComparedRows } from '../near/compare-rows.js';
import type { NearPair } from '../near/near-pairs.js';
import { splits, type Split } from '../split.js';
import type { FactsBatch } from './facts.js';
import { isKept } from './verdicts.js';

/** Rows of one split that are nearly the same in another: what a model remembers looks like what it has learnt. */
export interface LeakageReport {
  /** Rows of validation that are nearly in train; of test, nearly in train or validation. */
  readonly rows: Readonly<Record<Exclude<Split, 'train'>, number>>;
  /** The first few pairs, each row with its split, its place in words, and the line of its file on which it begins. */
  readonly examples: readonly {
    readonly rows: readonly { readonly split: Split; readonly line: number; readonly place: string }[];
    readonly similarity: number;
  }[];
}

const SHOWN = 5;

export async function findLeakage(
  compared: ComparedRows,
  batches: () => AsyncIterable<FactsBatch>,
  verdicts: Uint8Array,
  placeOf: (batch: FactsBatch, row: number) => string,
): Promise<LeakageReport> {
  const leaks = new Uint8Array(verdicts.length);
  const first: NearPair[] = [];
  for (const pair of compared.pairs()) {
    const [a, b] = [verdicts[pair.row]!, verdicts[pair.earlier]!];
    if (!isKept(a) || !isKept(b) || a === b) continue;
    leaks[a > b ? pair.row : pair.earlier] = 1; // the one that is nearer to the end of the run
    if (first.length < SHOWN) first.push(pair);
  }
  const count = (split: Split): number =>
    leaks.reduce((sum, leak, row) => sum + Number(leak === 1 && verdicts[row] === splits.indexOf(split)), 0);
  const places = await placesOf(
    batches(),
    first.flatMap(({ row, earlier }) => [row, earlier]),
    placeOf,
  );
  const said = (row: number) => ({ split: splits[verdicts[row]!]!, ...places.get(row)! });
  return {
    rows: { validation: count('validation'), test: count('test') },
    examples: first.map(({ row, earlier, similarity }) => ({ rows: [said(earlier), said(row)], similarity })),
  };
}

async function placesOf(
  batches: AsyncIterable<FactsBatch>,
  rows: readonly number[],
  placeOf: (batch: FactsBatch, row: number) => string,
): Promise<ReadonlyMap<number, { readonly line: number; readonly place: string }>> {
  const places = new Map<number, { readonly line: number; readonly place: string }>();
  if (rows.length === 0) return places;
  for await (const batch of batches) {
    for (const row of rows) {
      const at = row - batch.firstRow;
      if (at >= 0 && at < batch.rows) places.set(row, { line: batch.line[at]!, place: placeOf(batch, at) });
    }
  }
  return places;
}
