import { quotedList } from '../../job/nearest.js';
import type { ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
import { NOT_UTF8, tellBadRow, type ReadOptions } from './bad-row.js';
import { readRecords, type PlacedRecord } from './csv-records.js';
import { placeOf, type Row } from './row.js';

export type Delimiter = ',' | '\t';

/**
 * Rows of a CSV (RFC 4180) or TSV file; its first line names the columns, blank lines are passed over. Cells are texts,
 * as they stand. Ragged rows and rows that are not UTF-8 are bad rows.
 * @throws DataError with the line: a quote that is not closed, a column named twice.
 */
export async function* readCsv(
  source: ByteSource,
  delimiter: Delimiter,
  options: ReadOptions = {},
): AsyncGenerator<Row> {
  const { part } = options;
  let columns = part !== undefined && part.from > 0 ? await readHeader(source, delimiter) : null;
  let number = 0;
  for await (const record of readRecords(source, delimiter, options)) {
    if (isBlank(record)) continue;
    const place = placeOf(source.name, record.line);
    if (columns === null) {
      columns = checkHeader(record, place);
      continue;
    }
    const { cells, line, isUtf8, text } = record;
    const why = !isUtf8 ? NOT_UTF8 : cells.length !== columns.length ? ragged(columns, cells) : null;
    if (why === null) yield { number: ++number, line, fields: toFields(columns, cells) };
    else tellBadRow(options, { place, why, raw: text() });
  }
}

async function readHeader(source: ByteSource, delimiter: Delimiter): Promise<readonly string[] | null> {
  for await (const record of readRecords(source, delimiter, {})) {
    if (!isBlank(record)) return checkHeader(record, placeOf(source.name, record.line));
  }
  return null;
}

const isBlank = ({ cells, isUtf8 }: PlacedRecord): boolean => isUtf8 && cells.length === 1 && cells[0] === '';

function checkHeader({ cells, isUtf8 }: PlacedRecord, place: string): readonly string[] {
  if (!isUtf8) throw new DataError(`${place}: ${NOT_UTF8}`);
  const seen = new Set<string>();
  for (const column of cells) {
    if (seen.has(column)) throw new DataError(`${place}: the column \`${column}\` is named twice: rename one of them`);
    // An object takes no text under this name.
    if (column === '__proto__') throw new DataError(`${place}: a column cannot be named \`__proto__\`: rename it`);
    seen.add(column);
  }
  return cells;
}

function toFields(columns: readonly string[], cells: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let i = 0; i < columns.length; i++) fields[columns[i]!] = cells[i]!;
  return fields;
}

const SHOWN_COLUMNS = 12;

function ragged(columns: readonly string[], cells: readonly string[]): string {
  const more = columns.length > SHOWN_COLUMNS ? ', …' : '';
  const expected = `${columns.length} cells (${quotedList(columns.slice(0, SHOWN_COLUMNS))}${more})`;
  const advice =
    cells.length > columns.length ? 'put cells that hold the separator in double quotes' : 'add the cells that lack';
  return `expected ${expected}, found ${cells.length}: ${advice}`;
}
