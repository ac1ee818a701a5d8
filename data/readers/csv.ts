import { Readable } from 'node:stream';
import { CsvError, parse, type Options } from 'csv-parse';
import { quotedList } from '../../job/nearest.js';
import type { ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
import { decodeUtf8 } from './decode-utf8.js';
import { placeOf, type Row } from './row.js';

/** A longer record means a quote that was not closed. */
const MAX_RECORD_CHARACTERS = 16 * 2 ** 20;

/**
 * Rows of a CSV (RFC 4180) or TSV file; its first line names the columns. Cells are texts, as they stand.
 * @throws DataError with the line: ragged row, quote not closed, a column named twice, no header.
 */
export async function* readCsv(source: ByteSource, delimiter: ',' | '\t'): AsyncGenerator<Row> {
  const options: Options = {
    delimiter,
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD_CHARACTERS,
  };
  // Objects, so that Node does not join the pieces; the parser wants texts.
  const parser = Readable.from(decodeUtf8(source)).compose<ReturnType<typeof parse>>(parse(options));
  let columns: readonly string[] | null = null;
  let number = 0;
  let linesDone = 0;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      const line = linesDone + 1;
      linesDone = info.lines;
      if (columns === null) {
        columns = checkHeader(record, source.name);
        continue;
      }
      if (record.length !== columns.length) throw ragged(placeOf(source.name, line), columns, record);
      yield { number: ++number, line, fields: toFields(columns, record) };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new DataError(`${placeOf(source.name, linesDone + 1)}: ${sentence(error)}`);
  }
}

function checkHeader(columns: readonly string[], name: string): readonly string[] {
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice !== undefined)
    throw new DataError(`${placeOf(name, 1)}: the column \`${twice}\` is named twice: rename one of them`);
  return columns;
}

function toFields(columns: readonly string[], record: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let i = 0; i < columns.length; i++) fields[columns[i]!] = record[i]!;
  return fields;
}

function ragged(place: string, columns: readonly string[], record: readonly string[]): DataError {
  const expected = `${columns.length} cells (${quotedList(columns)})`;
  const advice =
    record.length > columns.length ? 'put cells that hold the separator in double quotes' : 'add the cells that lack';
  return new DataError(`${place}: expected ${expected}, found ${record.length}: ${advice}`);
}

function sentence(error: CsvError): string {
  switch (error.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
    case 'CSV_MAX_RECORD_SIZE':
      return 'a double quote is opened in this row and never closed: close it, or write it twice if it belongs to the text';
    default:
      return `not readable as a table: ${error.message}`;
  }
}
