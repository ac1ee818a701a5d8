/** A record's cells, and where the next record begins. */
export interface CsvRecord {
  readonly cells: readonly string[];
  readonly end: number;
}

const QUOTE = 0x22;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

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
