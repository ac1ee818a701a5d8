import { extname } from 'node:path';
import type { SourceRef } from '../../workflows/contract.js';
import { DataError } from '../data-error.js';

export type SourceFormat = SourceRef['format'];

/** How the bytes of one file of a user are laid out. */
export type FileFormat = Exclude<SourceFormat, 'images' | 'files'>;

export type Compression = 'gzip' | 'zstd';

const endings: Readonly<Record<string, FileFormat>> = {
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.json': 'json',
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.parquet': 'parquet',
  '.arrow': 'arrow',
  '.feather': 'arrow',
  '.txt': 'text',
};

const compressions: Readonly<Record<string, Compression>> = { '.gz': 'gzip', '.zst': 'zstd', '.zstd': 'zstd' };

/** `null` for a file that is not packed, by its name. */
export const compressionOf = (name: string): Compression | null => compressions[extname(name).toLowerCase()] ?? null;

/** `rows.csv` for `rows.csv.gz`. */
export const unpackedName = (name: string): string =>
  compressionOf(name) === null ? name : name.slice(0, -extname(name).length);

/** The format that a name tells; null for another. */
export const fileFormatOf = (name: string): FileFormat | null =>
  endings[extname(unpackedName(name)).toLowerCase()] ?? null;

/** The format that a file's name tells. @throws DataError naming the formats that can be read. */
export function formatOf(name: string): FileFormat {
  const format = fileFormatOf(name);
  if (format !== null) return format;
  throw new DataError(
    `data.source: expected a name that ends in .csv, .tsv, .jsonl, .json, .parquet, .arrow, .feather or .txt (and .gz or .zst), found ${name}: rename it, or say what it is by data.format`,
  );
}
