import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { ByteSource } from '../../data/byte-source.js';
import { DataError } from '../../data/data-error.js';
import { readRows } from '../../data/readers/read-rows.js';
import type { PartedFile } from '../../data/prepare/parts.js';

/** The start of a file, as much as readers of its parts read of it besides the part. */
export interface FileHead {
  readonly bytes: number;
  readonly sha256: string;
}

/** Whether parts of such files are read without the rest of the file, but for its head. */
export const isCutByBytes = (format: PartedFile['format']): boolean => BY_BYTES.includes(format);

const BY_BYTES: readonly string[] = ['csv', 'tsv', 'jsonl', 'text', 'images'];

const STEP_BYTES = 4096;

/** As much of a file as has to be read to read its first row: the line that names the columns is in it. */
export async function headOf(path: string, { source, format }: PartedFile): Promise<FileHead> {
  let bytes = 0;
  const counted: ByteSource = {
    ...source,
    async *open() {
      bytes = 0;
      yield* inSteps(path, (now) => (bytes = now));
    },
    openRange: (from, to) => (from === 0 ? counted.open() : source.openRange(from, to)),
  };
  try {
    for await (const _ of readRows(counted, format)) break;
  } catch (error) {
    if (!(error instanceof DataError)) throw error; // whoever surveys the row says so
  }
  const hash = createHash('sha256');
  for await (const chunk of source.openRange(0, bytes)) hash.update(chunk);
  return { bytes, sha256: hash.digest('hex') };
}

async function* inSteps(path: string, onBytes: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    for (let at = 0; ;) {
      const chunk = new Uint8Array(STEP_BYTES);
      const { bytesRead } = await file.read(chunk, 0, STEP_BYTES, at);
      if (bytesRead === 0) return;
      onBytes((at += bytesRead));
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
