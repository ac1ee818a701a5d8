import type { ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
import { decodeUtf8 } from './decode-utf8.js';
import { placeOf, type Row } from './row.js';

/** A longer line is a mistake, and would fill the memory. */
const MAX_LINE_CHARACTERS = 16 * 2 ** 20;

/** Rows of JSON Lines: one object a line; blank lines are passed over. @throws DataError with the line. */
export async function* readJsonl(source: ByteSource): AsyncGenerator<Row> {
  let number = 0;
  for await (const { text, line } of linesOf(source)) {
    if (text.trim() === '') continue;
    yield { number: ++number, line, fields: parseLine(text, placeOf(source.name, line)) };
  }
}

function parseLine(text: string, place: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const said = (error as Error).message.replace(/\s*\n[^]*/, '');
    throw new DataError(`${place}: expected one JSON object on each line, found a line that is not JSON (${said})`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  const found = Array.isArray(value) ? 'a list' : JSON.stringify(value)?.slice(0, 40);
  throw new DataError(
    `${place}: expected one JSON object on each line, such as {"text": "…", "label": "…"}, found ${found}`,
  );
}

async function* linesOf(source: ByteSource): AsyncGenerator<{ text: string; line: number }> {
  let rest = '';
  let line = 1;
  for await (const piece of decodeUtf8(source)) {
    let start = 0;
    for (let end = piece.indexOf('\n'); end !== -1; end = piece.indexOf('\n', start)) {
      yield { text: rest + piece.slice(start, end), line: line++ };
      rest = '';
      start = end + 1;
    }
    rest += piece.slice(start);
    if (rest.length > MAX_LINE_CHARACTERS) {
      throw new DataError(
        `${placeOf(source.name, line)}: the line is longer than 16 Mi characters: expected one JSON object on each line`,
      );
    }
  }
  if (rest !== '') yield { text: rest, line };
}
