import type { ComparedRows } from '../near/compare-rows.js';
import { droppedFor, isKept } from './verdicts.js';

/** A row goes that is nearly the same as one before it that stays: so of a chain of ever other rows not only the first stays. */
export function dropNearDuplicates(compared: ComparedRows, verdicts: Uint8Array): void {
  for (const { row, earlier } of compared.pairs()) {
    if (isKept(verdicts[earlier]!)) verdicts[row] = droppedFor('near-duplicate');
  }
}
