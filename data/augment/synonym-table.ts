import { nearest, quotedList } from '../../job/nearest.js';
import type { ByteSource } from '../byte-source.js';
import { isMissing, listOf, textOf, type Cell } from '../cells.js';
import { DataError } from '../data-error.js';
import type { FileFormat } from '../readers/formats.js';
import { readFile } from '../readers/read-rows.js';
import { placeOf } from '../readers/row.js';

const WORD_COLUMN = 'word';
const SYNONYMS_COLUMN = 'synonyms';

/** Word -> what may stand in its place, both in the order of the file. */
export type SynonymTable = ReadonlyMap<string, readonly string[]>;

/** WordNet's synonyms have 4 MiB; the table is in memory with its tokens. */
const MAX_BYTES = 64 * 2 ** 20;

/** Rows of the same word add up. @throws DataError with file and line of the first thing that is wrong. */
export async function readSynonymTable(source: ByteSource, format: FileFormat): Promise<SynonymTable> {
  const { name, bytes } = source;
  if (bytes > MAX_BYTES) throw wrong(`expected at most ${MAX_BYTES} bytes in ${name}, found ${bytes}`);
  const table = new Map<string, Set<string>>();
  for await (const { fields, line, place = placeOf(name, line) } of readFile(source, format)) {
    requireColumns(name, Object.keys(fields));
    const cell = (column: string): Cell => ({ value: fields[column], column, place });
    for (const column of [WORD_COLUMN, SYNONYMS_COLUMN]) {
      if (isMissing(fields[column])) throw emptyCell(place, column);
    }
    const word = textOf(cell(WORD_COLUMN)).trim();
    const synonyms = synonymsOf(cell(SYNONYMS_COLUMN)).filter((synonym) => synonym !== word);
    if (synonyms.length === 0) {
      throw wrong(`${place}: expected another word than "${word}" in column \`${SYNONYMS_COLUMN}\`, found none`);
    }
    const known = table.get(word) ?? new Set();
    for (const synonym of synonyms) known.add(synonym);
    table.set(word, known);
  }
  if (table.size === 0) throw wrong(`expected words and their synonyms in ${name}, found no row`);
  return new Map(Array.from(table, ([word, synonyms]) => [word, [...synonyms]]));
}

/** The same for the same words in the same order, whatever they were read from. */
export const synonymLines = (table: SynonymTable): string =>
  Array.from(
    table,
    ([word, synonyms]) => `${JSON.stringify({ [WORD_COLUMN]: word, [SYNONYMS_COLUMN]: synonyms })}\n`,
  ).join('');

/** How synonymLines are read. */
export const LINES_FORMAT: FileFormat = 'jsonl';

function synonymsOf(cell: Cell): string[] {
  const { value } = cell;
  const isList = Array.isArray(value) || (typeof value === 'string' && value.trimStart().startsWith('["'));
  const found = isList ? listOf(cell, 'synonyms') : textOf(cell).split('|');
  return found.map((synonym) => synonym.trim()).filter((synonym) => synonym !== '');
}

function requireColumns(name: string, found: readonly string[]): void {
  for (const column of [WORD_COLUMN, SYNONYMS_COLUMN]) {
    if (found.includes(column)) continue;
    const near = nearest(column, found);
    const advice = near === null ? 'the first line names the columns' : `rename \`${near}\``;
    throw wrong(`expected a column \`${column}\` in ${name}, found ${quotedList(found)}: ${advice}`);
  }
}

const emptyCell = (place: string, column: string): DataError =>
  wrong(`${place}: expected a text in column \`${column}\`, found an empty cell: fill it in, or leave the row out`);

const wrong = (message: string): DataError => new DataError(`data.augment.synonyms.table: ${message}`);
