import type { ByteSource } from '../byte-source.js';
import type { ReadOptions } from './bad-row.js';
import { readLines } from './lines.js';
import type { Row } from './row.js';

/** The column of plain text; data.text has the same default. */
export const TEXT_COLUMN = 'text';

/** Rows of plain text: each line that is not blank is one. */
export async function* readText(source: ByteSource, options: ReadOptions = {}): AsyncGenerator<Row> {
  let number = 0;
  for await (const { text, line } of readLines(source, options, 'a text')) {
    yield { number: ++number, line, fields: { [TEXT_COLUMN]: text } };
  }
}
