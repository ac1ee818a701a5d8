import type { SourceRef } from '../../workflows/contract.js';
import type { ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
import type { ReadOptions } from './bad-row.js';
import { readCsv } from './csv.js';
import { readImages } from './images.js';
import { readJsonl } from './jsonl.js';
import type { Row } from './row.js';

export type SourceFormat = SourceRef['format'];

/** The format that a table's name tells. @throws DataError naming the formats that can be read. */
export function formatOf(name: string): Exclude<SourceFormat, 'images'> {
  const ending = /\.([^./\\]+)$/.exec(name)?.[1]?.toLowerCase();
  switch (ending) {
    case 'jsonl':
    case 'ndjson':
      return 'jsonl';
    case 'csv':
      return 'csv';
    case 'tsv':
      return 'tsv';
    default:
      throw new DataError(`data.source: expected a name that ends in .jsonl, .csv or .tsv, found ${name}`);
  }
}

/** The rows of a source, streamed. @throws DataError with file and line of what cannot be read. */
export function readRows(
  source: ByteSource,
  format: SourceFormat = formatOf(source.name),
  options: ReadOptions = {},
): AsyncGenerator<Row> {
  switch (format) {
    case 'jsonl':
      return readJsonl(source, options);
    case 'csv':
      return readCsv(source, ',', options);
    case 'tsv':
      return readCsv(source, '\t', options);
    case 'images':
      return readImages(source, options);
  }
}
