import type { ByteSource } from '../byte-source.js';
import { NOT_UTF8, tellBadRow, type ReadOptions } from './bad-row.js';
import { decodeUtf8 } from './decode-utf8.js';
import { placeOf } from './row.js';

/** A longer line is a mistake, and would fill the memory. */
export const MAX_LINE_CHARACTERS = 16 * 2 ** 20;

export interface Line {
  readonly text: string;
  readonly line: number;
}

/**
 * The lines of a text without their ends (LF or CR LF), blank ones passed over. Lines that are not UTF-8, and lines of more than
 * 16 Mi characters, are bad rows; `expected` says what a line should be.
 */
export async function* readLines(source: ByteSource, options: ReadOptions, expected: string): AsyncGenerator<Line> {
  let rest = '';
  let isTooLong = false;
  let line = options.part?.firstLine ?? 1;
  const badLines = new Set<number>();

  const whole = (text: string): Line | null => {
    const at = line++;
    const place = placeOf(source.name, at);
    const isBad = badLines.delete(at);
    if (isTooLong) {
      isTooLong = false;
      const why = `the line is longer than ${MAX_LINE_CHARACTERS / 2 ** 20} Mi characters: expected ${expected} on each line`;
      tellBadRow(options, { place, why, raw: text });
      return null;
    }
    if (isBad) tellBadRow(options, { place, why: NOT_UTF8, raw: text });
    return isBad || text.trim() === '' ? null : { text: text.endsWith('\r') ? text.slice(0, -1) : text, line: at };
  };

  for await (const { text: piece, badLines: bad } of decodeUtf8(source, options.part)) {
    for (const number of bad) badLines.add(number);
    let start = 0;
    for (let end = piece.indexOf('\n'); end !== -1; end = piece.indexOf('\n', start)) {
      const found = whole(isTooLong ? rest : rest + piece.slice(start, end));
      rest = '';
      start = end + 1;
      if (found) yield found;
    }
    if (!isTooLong) rest += piece.slice(start);
    if (rest.length > MAX_LINE_CHARACTERS) {
      isTooLong = true;
      rest = rest.slice(0, 1000);
      if (!options.onBadRow) whole(rest);
    }
  }
  const last = rest === '' ? null : whole(rest);
  if (last) yield last;
}
