/**
 * Which files of a folder (or of a prefix on S3) are the data, and what their paths say of them. Only names are looked at, so that
 * it holds for both.
 */
import { posix } from 'node:path';
import { DataError } from '../data-error.js';
import { fileFormatOf, type FileFormat } from '../readers/formats.js';
import type { Split } from '../split.js';

export interface ArrangedFile {
  /** Relative, with slashes. */
  readonly path: string;
  readonly format: FileFormat;
  readonly fields?: Readonly<Record<string, string>>;
}

export interface Arranged {
  /** `texts`: each file is one example whose class is its folder. */
  readonly kind: 'tables' | 'texts';
  readonly files: readonly ArrangedFile[];
}

/** The column of the split that a file's name or folder tells. */
export const SPLIT_COLUMN = 'split';

/** What Hugging Face datasets and others keep beside the data. */
const besideTheData = /^(?:dataset_infos?|dataset_dict|state|metadata|license|readme|cache-.*)\b/i;

/**
 * In the order of their names. @param given The format, whatever the names end in.
 * @throws DataError where nothing can be read, or where the files are of several formats.
 */
export function arrange(paths: readonly string[], folder: string, given?: FileFormat): Arranged {
  const seen = paths.filter((path) => path.split('/').every((part) => !/^[._]/.test(part))).sort();
  const isSaved = seen.some((path) => ['state.json', 'dataset_dict.json'].includes(posix.basename(path)));
  const data = seen.filter((path) => {
    const name = posix.basename(path);
    if (isSaved) return /^data-.*\.arrow$/.test(name);
    return !besideTheData.test(name) && (given !== undefined || fileFormatOf(name) !== null);
  });
  if (data.length === 0) {
    const found =
      seen.length === 0 ? 'no file' : `none among ${seen.slice(0, 3).join(', ')}${seen.length > 3 ? ', …' : ''}`;
    const advice = seen.some((path) => /\.(?:jpe?g|png|webp|gif|tiff?|avif)$/i.test(path))
      ? ': images are read by `task: image-classification`, from a folder of this machine'
      : '';
    throw new DataError(
      `data.source: expected files that end in .csv, .tsv, .jsonl, .json, .parquet, .arrow or .txt (and .gz or .zst) in ${folder}, found ${found}${advice}`,
    );
  }
  const files = data.map((path) => ({ path, format: given ?? fileFormatOf(path)! }));
  const formats = [...new Set(files.map(({ format }) => format))];
  if (formats.length > 1) {
    const examples = formats.map((format) => files.find((file) => file.format === format)!.path).slice(0, 2);
    throw new DataError(
      `data.source: expected files of one format in ${folder}, found ${examples.join(' and ')}: name those that are meant, such as ${folder}/*${posix.extname(examples[0]!)}`,
    );
  }
  const splits = data.map(splitOfPath);
  if (splits.every((split) => split !== null)) {
    return { kind: 'tables', files: files.map((file, i) => ({ ...file, fields: { [SPLIT_COLUMN]: splits[i]! } })) };
  }
  const isTexts = formats[0] === 'text' && data.every((path) => path.includes('/'));
  return { kind: isTexts ? 'texts' : 'tables', files };
}

const splitNames: ReadonlyMap<string, Split> = new Map([
  ['train', 'train'],
  ['training', 'train'],
  ['validation', 'validation'],
  ['valid', 'validation'],
  ['val', 'validation'],
  ['dev', 'validation'],
  ['test', 'test'],
  ['testing', 'test'],
  ['eval', 'test'],
  ['evaluation', 'test'],
]);

/** Of a folder that is named as Hugging Face datasets name a split; else null. */
export const splitOfName = (name: string): Split | null => splitNames.get(name.toLowerCase()) ?? null;

/** By a folder (`train/…`), or the first word of the file's name (`train-00000-of-00002.parquet`). */
function splitOfPath(path: string): Split | null {
  const parts = path.split('/');
  const words = [...parts.slice(0, -1), parts.at(-1)!.split(/[-_.]/)[0]!];
  for (const word of words) {
    const split = splitOfName(word);
    if (split !== null) return split;
  }
  return null;
}
