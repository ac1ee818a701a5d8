import type { ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
import { NOT_UTF8, tellBadRow, type ReadOptions } from './bad-row.js';
import { decodeUtf8 } from './decode-utf8.js';
import { jsonElements } from './json-elements.js';
import { parseObject, readJsonl } from './jsonl.js';
import { placeOf, type Row } from './row.js';

/**
 * Rows of a JSON file: a list of objects, or an object with one list in it. The rows are found as the text streams by. A file
 * that is JSON Lines in truth, as many are, is read as such.
 * @throws DataError for a file of another shape, and for one that is cut short.
 */
export async function* readJson(source: ByteSource, options: ReadOptions = {}): AsyncGenerator<Row> {
  if (await isJsonLines(source)) {
    yield* readJsonl(source, options);
    return;
  }
  const badLines: number[] = [];
  const elements = jsonElements(source.name);
  let number = 0;
  const rows = function* (text: string): Generator<Row> {
    for (const { json, line, lastLine, isTooLong } of elements.push(text)) {
      while (badLines.length > 0 && badLines[0]! < line) badLines.shift();
      const isBad = badLines.length > 0 && badLines[0]! <= lastLine;
      const parsed = isBad || isTooLong ? null : parseObject(json);
      if (parsed !== null && 'fields' in parsed) {
        yield { number: ++number, line, fields: parsed.fields };
        continue;
      }
      const why = isBad
        ? NOT_UTF8
        : parsed === null
          ? 'the object is longer than 16 Mi characters'
          : `expected a list of objects, ${parsed.found}`;
      tellBadRow(options, { place: placeOf(source.name, line), why, raw: json });
    }
  };
  for await (const { text, badLines: bad } of decodeUtf8(source)) {
    for (const line of bad) if (badLines.at(-1) !== line) badLines.push(line);
    yield* rows(text);
  }
  elements.end();
}

/** An object on the first line, and another after it. */
async function isJsonLines(source: ByteSource): Promise<boolean> {
  let head = '';
  try {
    for await (const { text } of decodeUtf8(source)) {
      head += text;
      const [, first, next] = /^\s*(\{[^\n]*)\n\s*(\S)/.exec(head) ?? [];
      if (first !== undefined) return next === '{' && 'fields' in parseObject(first);
      if (head.length > MAX_HEAD_CHARACTERS || /^\s*[^{\s]/.test(head)) return false;
    }
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
  }
  return false; // what is wrong with the file is said by whoever reads it
}

const MAX_HEAD_CHARACTERS = 16 * 2 ** 20;
