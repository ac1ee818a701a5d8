import { createHash } from 'node:crypto';
import type { ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
import type { ReadOptions, ReadPart } from '../readers/bad-row.js';
import { isFilesSource, type SourceFile } from '../readers/files.js';
import { formatOf, readRows, type FileFormat, type SourceFormat } from '../readers/read-rows.js';
import type { Row } from '../readers/row.js';

/** What is prepared: one file, or several that follow each other. */
export interface SourceFiles {
  /** For messages. */
  readonly name: string;
  readonly files: readonly PartedFile[];
}

export type PartedFile = Omit<SourceFile, 'format'> & { readonly format: FileFormat | 'images' };

/** The files of a source that is one file, or a list of them. */
export function filesOf(source: ByteSource, format: SourceFormat = formatOf(source.name)): SourceFiles {
  if (isFilesSource(source)) return { name: source.name, files: source.files };
  if (format === 'files') {
    throw new DataError(`${source.name}: expected a list of files with each of them at hand, found the list alone`);
  }
  return { name: source.name, files: [{ source, format }] };
}

/** A run of rows of one file. All parts, in order, are all rows. */
export interface SourcePart extends ReadPart {
  /** Place among the parts, from 0. */
  readonly index: number;
  /** Place among the files. */
  readonly file: number;
  /** Of the bytes of the part. */
  readonly sha256: string;
  /** Of the file's head, the line that names the columns, where the part does not hold it; else null. */
  readonly headSha256: string | null;
}

export const fileOf = ({ files }: SourceFiles, { file }: Pick<SourcePart, 'file'>): PartedFile => {
  const found = files[file];
  if (!found) throw new Error(`a part of file ${file} of a source of ${files.length}`);
  return found;
};

/** All that the rows of a part are a function of, besides the place of the first. */
export function contentOf(source: SourceFiles, part: SourcePart): readonly unknown[] {
  const { format, fields } = fileOf(source, part);
  return [format, fields ?? null, part.headSha256, part.sha256];
}

/**
 * The rows of a part, numbered from 1. Row groups and record batches carry sums of their own; of other parts it is checked
 * that their bytes are still those that were cut.
 * @throws DataError for a row that cannot be read and, at the end, for bytes that changed.
 */
export function readPart(source: SourceFiles, part: SourcePart, options: ReadOptions = {}): AsyncGenerator<Row> {
  const { format, fields, source: file } = fileOf(source, part);
  const whole = { ...options, part };
  if (format === 'parquet' || format === 'arrow') return withFields(readRows(file, format, whole), fields);
  return withFields(readRows(checked(source, file, part), format, whole), fields);
}

async function* withFields(rows: AsyncGenerator<Row>, fields: PartedFile['fields']): AsyncGenerator<Row> {
  if (fields === undefined) yield* rows;
  else for await (const row of rows) yield { ...row, fields: { ...row.fields, ...fields } };
}

function checked(source: SourceFiles, file: ByteSource, part: SourcePart): ByteSource {
  return {
    ...file,
    async *openRange(from, to) {
      if (from !== part.from || to !== part.to) return yield* file.openRange(from, to);
      const hash = createHash('sha256');
      for await (const bytes of file.openRange(from, to)) {
        hash.update(bytes);
        yield bytes;
      }
      if (hash.digest('hex') !== part.sha256) throw changed(source);
    },
  };
}

export const changed = ({ name }: SourceFiles): DataError =>
  new DataError(`${name}: the file changed while it was read: start again once it stays as it is`);
