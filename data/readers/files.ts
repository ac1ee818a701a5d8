import type { ByteSource } from '../byte-source.js';
import type { ReadOptions } from './bad-row.js';
import type { FileFormat } from './formats.js';
import { placeOf, type Row } from './row.js';

/** One of the files that a source is. */
export interface SourceFile {
  readonly source: ByteSource;
  readonly format: FileFormat;
  /** Cells that all of its rows have, besides those in it: the split or the class that its folder names. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
}

/** Several files whose rows are read one file after the other, as if they were one. */
export interface FilesSource extends ByteSource {
  readonly files: readonly SourceFile[];
}

export const filesSource = (name: string, files: readonly SourceFile[]): FilesSource => ({
  name,
  files,
  bytes: files.reduce((sum, { source }) => sum + source.bytes, 0),
  open: () => notOne(name),
  openRange: () => notOne(name),
});

const notOne = (name: string): never => {
  throw new Error(`${name}: several files cannot be opened as one`);
};

export const isFilesSource = (source: ByteSource): source is FilesSource => 'files' in source;

type ReadFile = (source: ByteSource, format: FileFormat, options: ReadOptions) => AsyncGenerator<Row>;

/** Rows of all files, numbered through; each knows its file. */
export async function* readFiles(
  { files }: FilesSource,
  options: ReadOptions,
  readFile: ReadFile,
): AsyncGenerator<Row> {
  let number = 0;
  for (const { source, format, fields } of files) {
    for await (const row of readFile(source, format, options)) {
      const place = row.place ?? placeOf(source.name, row.line);
      yield { ...row, number: ++number, place, fields: fields ? { ...row.fields, ...fields } : row.fields };
    }
  }
}
