import type { SourcePart } from './parts.js';

/** A part is full when it has as many bytes or records. The first parts are smaller, so that small sources have several, too. */
export interface PartSize {
  readonly firstBytes: number;
  readonly bytes: number;
  readonly records: number;
}

const MiB = 2 ** 20;
export const partSize: PartSize = { firstBytes: 4 * MiB, bytes: 32 * MiB, records: 100_000 };

/** Bytes that fill a part of a file: 4 parts of the first size, 4 of twice as much, and so on. */
export const bytesOfPart = (indexInFile: number, { firstBytes, bytes }: PartSize): number =>
  Math.min(bytes, firstBytes * 2 ** Math.floor(indexInFile / 4));

/** A part of one file, before it has its place among all parts. */
export type FilePart = Omit<SourcePart, 'index' | 'file'>;
