import type { ByteSource } from '../byte-source.js';
import { tellBadRow, type ReadOptions } from './bad-row.js';
import { readLines } from './lines.js';
import { placeOf, type Row } from './row.js';

/** Rows of JSON Lines: one object a line; blank lines are passed over. A line that is none is a bad row. */
export async function* readJsonl(source: ByteSource, options: ReadOptions = {}): AsyncGenerator<Row> {
  let number = 0;
  for await (const { text, line } of readLines(source, options, 'one JSON object')) {
    const parsed = parseObject(text);
    if ('found' in parsed) {
      const why = `expected one JSON object on each line, ${parsed.found}`;
      tellBadRow(options, { place: placeOf(source.name, line), why, raw: text });
      continue;
    }
    yield { number: ++number, line, fields: parsed.fields };
  }
}

/** The object that a text is, or what it is instead. */
export function parseObject(text: string): { readonly fields: Record<string, unknown> } | { readonly found: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { found: `found a line that is not JSON (${(error as Error).message.replace(/\s*\n[^]*/, '')})` };
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return { fields: value as Record<string, unknown> };
  const found = Array.isArray(value) ? 'a list' : JSON.stringify(value)?.slice(0, 40);
  return { found: `such as {"text": "…", "label": "…"}, found ${found}` };
}
