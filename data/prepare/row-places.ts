import { placeOf, placeOfRow } from '../readers/row.js';
import { placeAt, type FactsBatch } from './facts.js';
import type { PartedFile } from './parts.js';

/** The file of a part, as far as it tells where a row is. */
export interface PlacedFile {
  readonly name: string;
  readonly format: PartedFile['format'];
}

/** Tells where a row is, as its reader would say it. `parts` and `files` go together. */
export function rowPlaces(
  parts: readonly { readonly firstRow: number }[],
  files: readonly PlacedFile[],
): (batch: FactsBatch, row: number) => string {
  return (batch, row) => {
    const part = parts.findLastIndex(({ firstRow }) => firstRow <= batch.firstRow);
    const { name, format } = files[part]!;
    const line = batch.line[row]!;
    const ofRow = format === 'parquet' || format === 'arrow' ? placeOfRow : placeOf;
    return placeAt(batch, row) ?? ofRow(name, line);
  };
}
