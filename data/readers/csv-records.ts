import type { ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
import { tellBadRow, type ReadOptions } from './bad-row.js';
import { countNewlines, decodeUtf8 } from './decode-utf8.js';
import { placeOf } from './row.js';

/** A record's cells, and where the next record begins. */
export interface CsvRecord {
  readonly cells: readonly string[];
  readonly end: number;
}

export interface PlacedRecord {
  readonly cells: readonly string[];
  /** On which it begins. */
  readonly line: number;
  readonly isUtf8: boolean;
  /** As it stands in the file. To be called before the next record is read. */
  text(): string;
}

const QUOTE = 0x22;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A longer record is a mistake, and would fill the memory. */
export const MAX_RECORD_CHARACTERS = 16 * 2 ** 20;

/** Records of a source or of a part of it that begins where a record does. @throws DataError for a quote that is never closed. */
export async function* readRecords(
  source: ByteSource,
  delimiter: ',' | '\t',
  options: ReadOptions,
): AsyncGenerator<PlacedRecord> {
  let rest = '';
  let line = options.part?.firstLine ?? 1;
  let isTooLong = false;
  const badLines = new Set<number>();

  const drain = function* (final: boolean): Generator<PlacedRecord> {
    let start = 0;
    let quote = rest.indexOf('"');
    while (start < rest.length) {
      const newline = rest.indexOf('\n', start);
      if (quote !== -1 && quote < start) quote = rest.indexOf('"', start);
      const isPlain = newline !== -1 && (quote === -1 || quote > newline);
      const record = isPlain
        ? { cells: cellsOf(rest, start, newline, delimiter), end: newline + 1 }
        : readRecord(rest, start, delimiter, final);
      if (record === 'open-quote' || (record === null && rest.length - start > MAX_RECORD_CHARACTERS)) {
        const isOpen = quote >= start && quote !== -1 && (newline === -1 || quote < newline);
        if (isOpen) throw neverClosed(placeOf(source.name, line));
        // A line of plain text without an end: what comes of it until then is passed over.
        isTooLong = true;
        if (!options.onBadRow) tellTooLong('');
        rest = rest.slice(start, start + 1000);
        return;
      }
      if (record === null) break;
      const [begin, { cells, end }] = [start, record];
      const lines = isPlain ? 1 : countNewlines(rest, begin, end);
      const lastLine = line + lines - Number(rest.charCodeAt(end - 1) === NEWLINE);
      let isUtf8 = true;
      if (badLines.size > 0) for (let i = line; i <= lastLine; i++) if (badLines.delete(i)) isUtf8 = false;
      yield { cells, line, isUtf8, text: () => rest.slice(begin, end).replace(/\r?\n$/, '') };
      line += lines;
      start = end;
    }
    rest = rest.slice(start);
  };

  const tellTooLong = (raw: string): void => {
    const why = `the row is longer than ${MAX_RECORD_CHARACTERS / 2 ** 20} Mi characters: expected one row on each line`;
    tellBadRow(options, { place: placeOf(source.name, line), why, raw });
  };

  for await (const { text, badLines: bad } of decodeUtf8(source, options.part)) {
    for (const number of bad) badLines.add(number);
    if (!isTooLong) rest += text;
    else {
      const newline = text.indexOf('\n');
      if (newline === -1) continue;
      tellTooLong(rest);
      badLines.delete(line++);
      isTooLong = false;
      rest = text.slice(newline + 1);
    }
    yield* drain(false);
  }
  if (isTooLong) tellTooLong(rest);
  else yield* drain(true);
}

const neverClosed = (place: string): DataError =>
  new DataError(
    `${place}: a double quote is opened in this row and never closed: close it, or write it twice if it belongs to the text`,
  );

/** Of a record without quotes in text[start, newline). */
function cellsOf(text: string, start: number, newline: number, delimiter: string): readonly string[] {
  const end = newline > start && text.charCodeAt(newline - 1) === CARRIAGE_RETURN ? newline - 1 : newline;
  return text.slice(start, end).split(delimiter);
}

/**
 * The record that begins at `start` (RFC 4180): cells between delimiters, ended by LF or CR LF; a cell in double quotes
 * may hold delimiters, line ends and doubled quotes. Quotes elsewhere, as in `5" pipe` or `"yes" he said`, are letters.
 * `null`: the text ends before the record does; with `final` the end of the text ends the record.
 * `'open-quote'`: the text is final and a quote is never closed.
 */
export function readRecord(
  text: string,
  start: number,
  delimiter: ',' | '\t',
  final: boolean,
): CsvRecord | null | 'open-quote' {
  const separator = delimiter.charCodeAt(0);
  const cells: string[] = [];
  let at = start;
  for (;;) {
    const quoted = text.charCodeAt(at) === QUOTE ? closeQuote(text, at) : at;
    if (quoted === -1) return final ? 'open-quote' : null;
    let end = quoted;
    while (end < text.length && text.charCodeAt(end) !== separator && text.charCodeAt(end) !== NEWLINE) end++;
    if (end === text.length && !final) return null;

    const endsRecord = end === text.length || text.charCodeAt(end) === NEWLINE;
    const cellEnd = endsRecord && end > quoted && text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end;
    const wholeCellQuoted = quoted > at && cellEnd === quoted;
    cells.push(wholeCellQuoted ? text.slice(at + 1, cellEnd - 1).replaceAll('""', '"') : text.slice(at, cellEnd));
    at = end + 1;
    if (endsRecord) return { cells, end: Math.min(at, text.length) };
  }
}

/** Where the text goes on after the quote that closes the one at `open`; -1 when none does. */
function closeQuote(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); at !== -1; at = text.indexOf('"', at + 2)) {
    if (text.charCodeAt(at + 1) !== QUOTE) return at + 1;
  }
  return -1;
}
