import type { ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
import { readArrow } from './arrow.js';
import type { ReadOptions } from './bad-row.js';
import { readCsv } from './csv.js';
import { isFilesSource, readFiles } from './files.js';
import { formatOf, type FileFormat, type SourceFormat } from './formats.js';
import { readImages } from './images.js';
import { readJson } from './json.js';
import { readJsonl } from './jsonl.js';
import { readParquet } from './parquet.js';
import type { Row } from './row.js';
import { readText } from './text.js';

export { formatOf, type FileFormat, type SourceFormat } from './formats.js';

/** The rows of a source, streamed. @throws DataError with file and line of what cannot be read. */
export function readRows(
  source: ByteSource,
  format: SourceFormat = formatOf(source.name),
  options: ReadOptions = {},
): AsyncGenerator<Row> {
  if (format === 'images') return readImages(source, options);
  if (format !== 'files') return readFile(source, format, options);
  if (isFilesSource(source)) return readFiles(source, options, readFile);
  throw new DataError(`${source.name}: expected a list of files with each of them at hand, found the list alone`);
}

/** The rows of one file. */
export function readFile(source: ByteSource, format: FileFormat, options: ReadOptions = {}): AsyncGenerator<Row> {
  switch (format) {
    case 'jsonl':
      return readJsonl(source, options);
    case 'json':
      return readJson(source, options);
    case 'csv':
      return readCsv(source, ',', options);
    case 'tsv':
      return readCsv(source, '\t', options);
    case 'parquet':
      return readParquet(source, options);
    case 'arrow':
      return readArrow(source, options);
    case 'text':
      return readText(source, options);
  }
}
