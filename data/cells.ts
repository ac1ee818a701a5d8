/** How single cells are read. Every error names the row and the column. */
import { DataError } from './data-error.js';

/** A cell and where it stands: `glosses.csv:17`. */
export interface Cell {
  readonly value: unknown;
  readonly column: string;
  readonly place: string;
}

const foundOf = (value: unknown): string =>
  Array.isArray(value)
    ? 'a list'
    : typeof value === 'object' && value !== null
      ? 'an object'
      : isMissing(value)
        ? 'an empty cell'
        : `"${String(value).slice(0, 40)}"`;

/** Nothing at all, or blanks only. */
export const isMissing = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === 'string' && value.trim() === '');

/** Texts stay as they are, numbers and booleans are written out, a null or absent cell is an empty text. */
export function textOf({ value, column, place }: Cell): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'boolean':
      return String(value);
    default:
      if (value === null || value === undefined) return '';
      throw new DataError(`${place}: expected a text in column \`${column}\`, found ${foundOf(value)}`);
  }
}

/** A list of texts: a JSON list, or a text that holds one. Numbers and booleans in it are written out. */
export function listOf(cell: Cell, ofWhat: string): readonly string[] {
  if (isMissing(cell.value)) return [];
  const list = typeof cell.value === 'string' ? parsedList(cell.value) : cell.value;
  const { column, place } = cell;
  if (!Array.isArray(list)) {
    const advice = `write ["…", "…"], as JSON Lines can`;
    throw new DataError(
      `${place}: expected a list of ${ofWhat} in column \`${column}\`, found ${foundOf(cell.value)}: ${advice}`,
    );
  }
  return list.map((value: unknown, index) => {
    if (value === null)
      throw new DataError(`${place}: expected a text in column \`${column}\`, found null as entry ${index + 1}`);
    return textOf({ value, column, place });
  });
}

function parsedList(text: string): unknown {
  if (!text.trimStart().startsWith('[')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Any number of classes: a list, or a text whose classes stand between `|`. Sorted, each once; an empty cell has none. */
export function classesOf(cell: Cell): readonly string[] {
  const { value } = cell;
  const isList = Array.isArray(value) || (typeof value === 'string' && Array.isArray(parsedList(value)));
  const named = isList ? listOf(cell, 'classes') : textOf(cell).split('|');
  return [...new Set(named.map((name) => name.trim()).filter((name) => name !== ''))].sort();
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** The finite number that a cell holds; null where it holds none. `1,5`, `0x10` and `1_000` are none. */
export function numberIn(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'string' || !decimal.test(value.trim())) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** @throws DataError with the place when the cell holds none. */
export function numberOf({ value, column, place }: Cell, advice: string): number {
  const number = numberIn(value);
  if (number !== null) return number;
  throw new DataError(`${place}: expected a number in column \`${column}\`, found ${foundOf(value)}: ${advice}`);
}
