import type { ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
import { placeOf } from './row.js';

/**
 * The text of a source, piece by piece, without a byte order mark.
 * @throws DataError with the line of the first bytes that are not UTF-8.
 */
export async function* decodeUtf8(source: ByteSource): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  let first = true;
  for await (const bytes of source.open()) {
    if (first) refuseUtf16(source.name, bytes);
    first = false;
    let text: string;
    try {
      text = decoder.decode(bytes, { stream: true });
    } catch {
      throw notUtf8(source.name, line + linesBeforeFault(bytes));
    }
    line += countNewlines(text);
    if (text !== '') yield text;
  }
  try {
    decoder.decode();
  } catch {
    throw notUtf8(source.name, line);
  }
}

function refuseUtf16(name: string, bytes: Uint8Array): void {
  const [a, b] = bytes;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) {
    throw new DataError(`${placeOf(name, 1)}: expected UTF-8, found UTF-16: save the file as UTF-8`);
  }
  if (a === 0x1f && b === 0x8b) throw new DataError(`${name}: expected text, found a gzip archive: unpack it first`);
}

const notUtf8 = (name: string, line: number): DataError =>
  new DataError(
    `${placeOf(name, line)}: expected UTF-8, found other bytes (Latin-1 or Windows-1252?): save the file as UTF-8`,
  );

/** Newlines of a piece before its first fault. A character begun in the piece before can make this one too low, by none. */
function linesBeforeFault(bytes: Uint8Array): number {
  const lossy = new TextDecoder('utf-8').decode(bytes);
  const fault = lossy.indexOf('\ufffd');
  return countNewlines(fault === -1 ? lossy : lossy.slice(0, fault));
}

/** Line feeds in text[start, end). */
export function countNewlines(text: string, start = 0, end = text.length): number {
  let count = 0;
  for (let at = text.indexOf('\n', start); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
