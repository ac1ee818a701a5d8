import { quotedList } from '../../job/nearest.js';
import type { ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
import { readRecord } from './csv-records.js';
import { countNewlines, decodeUtf8 } from './decode-utf8.js';
import { placeOf, type Row } from './row.js';

/** A longer record means a quote that was not closed. */
const MAX_RECORD_CHARACTERS = 16 * 2 ** 20;

/**
 * Rows of a CSV (RFC 4180) or TSV file; its first line names the columns, blank lines are passed over. Cells are texts,
 * as they stand.
 * @throws DataError with the line: ragged row, quote not closed, a column named twice.
 */
export async function* readCsv(source: ByteSource, delimiter: ',' | '\t'): AsyncGenerator<Row> {
  let columns: readonly string[] | null = null;
  let number = 0;
  for await (const { cells, line } of recordsOf(source, delimiter)) {
    if (cells.length === 1 && cells[0] === '') continue;
    if (columns === null) {
      columns = checkHeader(cells, placeOf(source.name, line));
      continue;
    }
    if (cells.length !== columns.length) throw ragged(placeOf(source.name, line), columns, cells);
    yield { number: ++number, line, fields: toFields(columns, cells) };
  }
}

async function* recordsOf(
  source: ByteSource,
  delimiter: ',' | '\t',
): AsyncGenerator<{ cells: readonly string[]; line: number }> {
  let rest = '';
  let line = 1;
  const drain = function* (final: boolean): Generator<{ cells: readonly string[]; line: number }> {
    let start = 0;
    while (start < rest.length) {
      const record = readRecord(rest, start, delimiter, final);
      if (record === 'open-quote' || (record === null && rest.length - start > MAX_RECORD_CHARACTERS)) {
        const advice = 'close it, or write it twice if it belongs to the text';
        throw new DataError(
          `${placeOf(source.name, line)}: a double quote is opened in this row and never closed: ${advice}`,
        );
      }
      if (record === null) break;
      yield { cells: record.cells, line };
      line += countNewlines(rest, start, record.end);
      start = record.end;
    }
    rest = rest.slice(start);
  };
  for await (const piece of decodeUtf8(source)) {
    rest += piece;
    yield* drain(false);
  }
  yield* drain(true);
}

function checkHeader(columns: readonly string[], place: string): readonly string[] {
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice !== undefined) throw new DataError(`${place}: the column \`${twice}\` is named twice: rename one of them`);
  return columns;
}

function toFields(columns: readonly string[], cells: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let i = 0; i < columns.length; i++) fields[columns[i]!] = cells[i]!;
  return fields;
}

function ragged(place: string, columns: readonly string[], cells: readonly string[]): DataError {
  const expected = `${columns.length} cells (${quotedList(columns)})`;
  const advice =
    cells.length > columns.length ? 'put cells that hold the separator in double quotes' : 'add the cells that lack';
  return new DataError(`${place}: expected ${expected}, found ${cells.length}: ${advice}`);
}
