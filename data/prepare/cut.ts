/**
 * Cuts a source into parts that can be read apart from each other, each ending where a record does. Where a part ends is a
 * function of the bytes from the start of its file to there: when rows are added, all parts but the last stay as they were,
 * and with them all that was made of them.
 */
import { createHash, type Hash } from 'node:crypto';
import type { ByteSource } from '../byte-source.js';
import { sha256Of } from '../content-key.js';
import { cutArrow } from './cut-arrow.js';
import { cutImages } from './cut-images.js';
import { cutParquet } from './cut-parquet.js';
import { bytesOfPart, partSize, type FilePart, type PartSize } from './part-size.js';
import type { PartedFile, SourceFiles, SourcePart } from './parts.js';
import { csvEnds, lineEnds, type RecordEnds } from './record-ends.js';

export interface CutOptions {
  readonly size?: PartSize;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: { readonly bytes: number; readonly totalBytes: number }) => void) | undefined;
}

/** The parts, as they are found. A file without records has none. */
export async function* cutParts(
  { files }: SourceFiles,
  { size = partSize, signal, onProgress }: CutOptions = {},
): AsyncGenerator<SourcePart> {
  const totalBytes = files.reduce((sum, { source }) => sum + source.bytes, 0);
  let index = 0;
  let before = 0;
  for (const [file, { source, format }] of files.entries()) {
    for await (const part of cutFile(source, format, size)) {
      signal?.throwIfAborted();
      yield { index: index++, file, ...part };
      onProgress?.({ bytes: before + Math.min(part.to, source.bytes), totalBytes });
    }
    before += source.bytes;
  }
}

export async function cutSource(source: SourceFiles, options: CutOptions = {}): Promise<SourcePart[]> {
  const parts: SourcePart[] = [];
  for await (const part of cutParts(source, options)) parts.push(part);
  return parts;
}

function cutFile(source: ByteSource, format: PartedFile['format'], size: PartSize): AsyncGenerator<FilePart> {
  switch (format) {
    case 'csv':
      return cutText(source, csvEnds(','), size, true);
    case 'tsv':
      return cutText(source, csvEnds('\t'), size, true);
    case 'jsonl':
    case 'text':
      return cutText(source, lineEnds(), size, false);
    case 'json':
      return wholeFile(source);
    case 'parquet':
      return cutParquet(source, size);
    case 'arrow':
      return cutArrow(source, size);
    case 'images':
      return cutImages(source, size);
  }
}

/** A list in JSON is found out row by row: it is one part, read as a stream. */
async function* wholeFile(source: ByteSource): AsyncGenerator<FilePart> {
  const hash = createHash('sha256');
  let to = 0;
  for await (const bytes of source.open()) {
    hash.update(bytes);
    to += bytes.byteLength;
  }
  yield { from: 0, to, firstLine: 1, headSha256: null, sha256: hash.digest('hex') };
}

const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Text whose records `ends` finds; `hasHead`: the first record that is not blank names the columns. */
async function* cutText(
  source: ByteSource,
  ends: RecordEnds,
  size: PartSize,
  hasHead: boolean,
): AsyncGenerator<FilePart> {
  const head = hasHead ? headCollector() : null;
  let part: Omit<FilePart, 'to' | 'sha256'> = { from: 0, firstLine: 1, headSha256: null };
  let index = 0;
  let hash: Hash = createHash('sha256');
  let records = 0;
  let at = 0; // of the chunk, in the file

  for await (const chunk of wholeMark(source.open())) {
    let hashed = 0;
    const found: FilePart[] = [];
    const marked = at === 0 && chunk.subarray(0, MARK.length).equals(MARK) ? MARK.length : 0;
    head?.passOver(marked);
    ends.scan(marked > 0 ? chunk.subarray(marked) : chunk, (endOfScanned, lines) => {
      const end = endOfScanned + marked;
      head?.recordEnds(chunk, end);
      records++;
      if (head && !head.isWhole()) return;
      if (at + end - part.from < bytesOfPart(index, size) && records < size.records) return;
      hash.update(chunk.subarray(hashed, end));
      hashed = end;
      found.push({ ...part, to: at + end, sha256: hash.digest('hex') });
      part = { from: at + end, firstLine: lines + 1, headSha256: head?.sha256() ?? null };
      hash = createHash('sha256');
      index++;
      records = 0;
    });
    head?.chunkEnds(chunk);
    hash.update(chunk.subarray(hashed));
    at += chunk.length;
    yield* found;
  }
  if (at > part.from) yield { ...part, to: at, sha256: hash.digest('hex') };
}

/** Digest of the bytes of the first record that is not blank, and of the blank ones before it. */
function headCollector() {
  const pieces: Buffer[] = [];
  let isWhole = false;
  let taken = 0; // of the chunk
  let recordBytes = 0;
  let lastByte: number | undefined; // of the chunk before
  let digest: string | null = null;
  return {
    /** Bytes that count as part of the head, but not of its record. */
    passOver(bytes: number): void {
      recordBytes -= bytes;
    },
    recordEnds(chunk: Buffer, end: number): void {
      if (isWhole) return;
      pieces.push(chunk.subarray(taken, end));
      recordBytes += end - taken;
      taken = end;
      const isBlank =
        recordBytes === 1 || (recordBytes === 2 && (end > 1 ? chunk[end - 2] : lastByte) === CARRIAGE_RETURN);
      isWhole = !isBlank;
      recordBytes = 0;
    },
    chunkEnds(chunk: Buffer): void {
      if (isWhole) return;
      pieces.push(Buffer.from(chunk.subarray(taken)));
      recordBytes += chunk.length - taken;
      taken = 0;
      lastByte = chunk.at(-1);
    },
    isWhole: (): boolean => isWhole,
    /** Of a head that is whole. */
    sha256: (): string => (digest ??= sha256Of(Buffer.concat(pieces))),
  };
}

const CARRIAGE_RETURN = 0x0d;

/** The chunks, the first of at least as many bytes as a byte order mark has. */
async function* wholeMark(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let held: Buffer | null = Buffer.alloc(0);
  for await (const bytes of chunks) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (held === null) yield chunk;
    else {
      held = Buffer.concat([held, chunk]);
      if (held.length < MARK.length) continue;
      yield held;
      held = null;
    }
  }
  if (held !== null && held.length > 0) yield held;
}
