import { numberIn, isMissing } from '../cells.js';

export type ColumnType =
  | 'numbers'
  | 'whole numbers'
  | 'booleans'
  | 'texts'
  | 'categories'
  | 'lists'
  | 'objects'
  | 'bytes'
  | 'times'
  | 'nothing';

export interface ColumnProfile {
  readonly name: string;
  readonly type: ColumnType;
  readonly filled: number;
  readonly missing: number;
  /** Different values, at most MAX_DISTINCT: `atLeast` says that there are more. */
  readonly distinct: number;
  readonly atLeast: boolean;
  /** Of numbers. */
  readonly numbers: { readonly min: number; readonly max: number; readonly mean: number } | null;
  /** Of texts and lists: words, or entries. Half have up to `median`. */
  readonly lengths: { readonly median: number; readonly p95: number; readonly max: number } | null;
  /** The most frequent values among the first MAX_DISTINCT. */
  readonly top: readonly { readonly value: string; readonly rows: number }[];
}

export const MAX_DISTINCT = 10_000;
const SHOWN_VALUES = 10;
const SHOWN_CHARACTERS = 80;
/** So few values are categories, and so few for each row. */
const ALWAYS_CATEGORIES = 20;
const MAX_CATEGORIES = 1000;
const LONGEST_COUNTED = 1 << 14;

const time = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/** Collects what the cells of a column say of it: bounded, whatever the number of rows. */
export function columnCollector(name: string) {
  const kinds = { number: 0, whole: 0, boolean: 0, list: 0, object: 0, bytes: 0, time: 0, text: 0 };
  const values = new Map<string, number>();
  const lengths = new Uint32Array(LONGEST_COUNTED + 1);
  let filled = 0;
  let longest = 0;
  let atLeast = false;
  let [min, max, sum] = [Infinity, -Infinity, 0];

  const addNumber = (number: number): void => {
    kinds.number++;
    if (Number.isInteger(number)) kinds.whole++;
    min = Math.min(min, number);
    max = Math.max(max, number);
    sum += number;
  };
  const addLength = (length: number): void => {
    lengths[Math.min(length, LONGEST_COUNTED)]!++;
    longest = Math.max(longest, length);
  };
  const typeOf = (): ColumnType => {
    if (filled === 0) return 'nothing';
    const kind = (Object.keys(kinds) as (keyof typeof kinds)[]).find(
      (kind) => kind !== 'whole' && kinds[kind] === filled,
    );
    switch (kind) {
      case 'number':
        return kinds.whole === filled ? 'whole numbers' : 'numbers';
      case 'boolean':
        return 'booleans';
      case 'list':
        return 'lists';
      case 'object':
        return 'objects';
      case 'bytes':
        return 'bytes';
      case 'time':
        return 'times';
      default: {
        const few =
          values.size <= ALWAYS_CATEGORIES ? values.size * 2 <= filled || filled < 40 : values.size * 10 <= filled;
        return !atLeast && values.size <= MAX_CATEGORIES && few ? 'categories' : 'texts';
      }
    }
  };

  return {
    add(value: unknown): void {
      if (isMissing(value)) return;
      filled++;
      const number = numberIn(value);
      if (number !== null) addNumber(number);
      else if (typeof value === 'boolean') kinds.boolean++;
      else if (value instanceof Uint8Array) kinds.bytes++;
      else if (Array.isArray(value)) kinds.list++;
      else if (typeof value === 'object') kinds.object++;
      else if (typeof value === 'string' && time.test(value)) kinds.time++;
      else kinds.text++;
      if (typeof value === 'string') addLength(wordsIn(value));
      if (Array.isArray(value)) addLength(value.length);
      if (typeof value === 'object') return;
      const text = shown(String(value));
      const seen = values.get(text);
      if (seen !== undefined || values.size < MAX_DISTINCT) values.set(text, (seen ?? 0) + 1);
      else atLeast = true;
    },

    finish(rows: number): ColumnProfile {
      const measured = lengths.reduce((total, each) => total + each, 0);
      const top = [...values].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, SHOWN_VALUES);
      return {
        name,
        type: typeOf(),
        filled,
        missing: rows - filled,
        distinct: values.size,
        atLeast,
        numbers: kinds.number > 0 && kinds.number === filled ? { min, max, mean: sum / kinds.number } : null,
        lengths:
          measured === 0
            ? null
            : { median: quantile(lengths, measured, 0.5), p95: quantile(lengths, measured, 0.95), max: longest },
        top: top.map(([value, rows]) => ({ value, rows })),
      };
    },
  };
}

export const shown = (text: string, characters = SHOWN_CHARACTERS): string =>
  text.length > characters ? `${text.slice(0, characters)}…` : text;

function quantile(histogram: Uint32Array, total: number, share: number): number {
  let seen = 0;
  for (let length = 0; length < histogram.length; length++) {
    seen += histogram[length]!;
    if (seen >= share * total && seen > 0) return length;
  }
  return histogram.length - 1;
}

/** Runs of what is not blank. */
export function wordsIn(text: string): number {
  let words = 0;
  let inWord = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isBlank = code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0xa0;
    if (!isBlank && !inWord) words++;
    inWord = !isBlank;
  }
  return words;
}
