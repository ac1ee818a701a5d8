import { createHash } from 'node:crypto';
import type { ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
import type { ReadPart } from '../readers/bad-row.js';
import type { SourceFormat } from '../readers/read-rows.js';

/** What is prepared: one file, or several of one format that follow each other. */
export interface SourceFiles {
  /** For messages. */
  readonly name: string;
  readonly format: SourceFormat;
  readonly files: readonly ByteSource[];
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

/** All that the rows of a part are a function of, besides the source's format. */
export const contentOf = ({ sha256, headSha256 }: SourcePart): readonly (string | null)[] => [sha256, headSha256];

export const fileOf = ({ files }: Pick<SourceFiles, 'files'>, { file }: Pick<SourcePart, 'file'>): ByteSource => {
  const found = files[file];
  if (!found) throw new Error(`a part of file ${file} of a source of ${files.length}`);
  return found;
};

/**
 * The file of a part, which says so when the bytes of the part are no longer those that were cut.
 * @throws DataError when the last of them was read.
 */
export function checkedFile(source: SourceFiles, part: SourcePart): ByteSource {
  const file = fileOf(source, part);
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
