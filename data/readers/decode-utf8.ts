import { isUtf8 } from 'node:buffer';
import type { ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
import type { ReadPart } from './bad-row.js';
import { placeOf } from './row.js';

/** Some of a file's text. A line, and even a surrogate pair, may go on in the next piece. */
export interface TextPiece {
  readonly text: string;
  /** Lines of the file that hold bytes which are not UTF-8; in `text` U+FFFD stands for them. */
  readonly badLines: readonly number[];
}

const NEWLINE = 0x0a;

/**
 * The text of a source or of a part of it, piece by piece, without a byte order mark.
 * @throws DataError for UTF-16 and for an archive.
 */
export async function* decodeUtf8(source: ByteSource, part?: ReadPart): AsyncGenerator<TextPiece> {
  let line = part?.firstLine ?? 1;
  let atStart = part === undefined || part.from === 0;
  let carried: Buffer = Buffer.alloc(0);
  const decode = (bytes: Buffer): TextPiece => {
    const fromLine = line;
    line += newlinesIn(bytes);
    return { text: bytes.toString('utf8'), badLines: isUtf8(bytes) ? [] : linesWithFaults(bytes, fromLine) };
  };
  for await (const bytes of part ? source.openRange(part.from, part.to) : source.open()) {
    let buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (carried.length > 0) buffer = Buffer.concat([carried, buffer]);
    carried = buffer;
    if (atStart && buffer.length < LONGEST_CHARACTER) continue;
    if (atStart) buffer = withoutMark(source.name, buffer);
    atStart = false;
    const whole = buffer.length - bytesOfOpenCharacter(buffer);
    carried = Buffer.from(buffer.subarray(whole));
    if (whole > 0) yield decode(buffer.subarray(0, whole));
  }
  if (atStart) carried = withoutMark(source.name, carried);
  if (carried.length > 0) yield decode(carried);
}

/** The first bytes tell what a file is. */
function withoutMark(name: string, bytes: Buffer): Buffer {
  const [a, b, c, d] = bytes;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) {
    throw new DataError(`${placeOf(name, 1)}: expected UTF-8, found UTF-16: save the file as UTF-8`);
  }
  const archive =
    a === 0x1f && b === 0x8b
      ? 'a gzip archive: let its name end in .gz'
      : a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd
        ? 'a zstd archive: let its name end in .zst'
        : a === 0x50 && b === 0x4b && c === 0x03 && d === 0x04
          ? 'a zip archive or a spreadsheet: unpack it, or save it as CSV'
          : null;
  if (archive !== null) throw new DataError(`${name}: expected text, found ${archive}`);
  return a === 0xef && b === 0xbb && c === 0xbf ? bytes.subarray(3) : bytes;
}

const LONGEST_CHARACTER = 4;

/** Bytes of a character at the end whose rest is still to come. */
function bytesOfOpenCharacter(bytes: Uint8Array): number {
  for (let back = 1; back < LONGEST_CHARACTER && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte >> 6 === 0b10) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

function linesWithFaults(bytes: Buffer, firstLine: number): number[] {
  const lines: number[] = [];
  let start = 0;
  for (let line = firstLine; start < bytes.length; line++) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline + 1;
    if (!isUtf8(bytes.subarray(start, end))) lines.push(line);
    start = end;
  }
  return lines;
}

function newlinesIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

/** Line feeds in text[start, end). */
export function countNewlines(text: string, start = 0, end = text.length): number {
  let count = 0;
  for (let at = text.indexOf('\n', start); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
