import type { Block, Numbers } from './blocks.js';
import { EMPTY } from './cells.js';
import type { PartSurvey } from './survey-file.js';

/**
 * Rows of a batch as a fitter takes them: numbers of numeric columns, texts of categorical ones; what is empty is absent.
 * `wants` tells which rows.
 */
export function* rowsOfCells(
  { numeric, categorical }: { readonly numeric: readonly string[]; readonly categorical: readonly string[] },
  { rows, cells }: PartSurvey['batches'][number],
  read: (block: Block) => Numbers,
  valuesOf: (column: string) => readonly string[],
  wants: (row: number) => boolean,
): Generator<Record<string, unknown>> {
  const numbersOf = numeric.flatMap((column) => {
    const block = cells[column]?.numbers;
    return block ? [{ column, numbers: read(block) }] : [];
  });
  const codesOf = categorical.flatMap((column) => {
    const block = cells[column]?.codes;
    return block ? [{ column, codes: read(block), values: valuesOf(column) }] : [];
  });
  for (let row = 0; row < rows; row++) {
    if (!wants(row)) continue;
    const found: Record<string, unknown> = {};
    for (const { column, numbers } of numbersOf) if (!Number.isNaN(numbers[row]!)) found[column] = numbers[row];
    for (const { column, codes, values } of codesOf) if (codes[row] !== EMPTY) found[column] = values[codes[row]!];
    yield found;
  }
}
