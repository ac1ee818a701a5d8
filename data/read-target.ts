import { classesOf, isMissing, listOf, numberOf, textOf, type Cell } from './cells.js';
import { DataError } from './data-error.js';
import type { Input } from './read-input.js';
import type { Target } from './targets.js';

/** What the label cell of a row says. */
export interface TargetCell {
  /** Class names: one, any number, one a word, or none. */
  readonly names: readonly string[];
  /** The number to predict; NaN where classes are. */
  readonly value: number;
  /** The row cannot be learnt from: its label is missing. */
  readonly isEmpty: boolean;
  /** Equal for equal labels: twins of unlike labels contradict each other. */
  readonly key: string;
}

/** @throws DataError for a number that is none, and for tags that are not as many as the words. */
export function readTarget(target: Target, cell: Cell, input: Input): TargetCell {
  switch (target) {
    case 'class': {
      const name = textOf(cell);
      return { names: [name], value: NaN, isEmpty: name.trim() === '', key: name };
    }
    case 'classes': {
      const names = classesOf(cell);
      return { names, value: NaN, isEmpty: false, key: JSON.stringify(names) };
    }
    case 'tags': {
      const names = listOf(cell, 'tags, one a word,');
      const words = input.kind === 'words' ? input.words.length : 0;
      if (names.length !== words && names.length > 0) {
        throw new DataError(
          `${cell.place}: expected as many tags in column \`${cell.column}\` as there are words (${words}), found ${names.length}`,
        );
      }
      const blank = names.findIndex((name) => name.trim() === '');
      if (blank !== -1) {
        throw new DataError(
          `${cell.place}: expected a tag for every word in column \`${cell.column}\`, found none for word ${blank + 1}`,
        );
      }
      return { names, value: NaN, isEmpty: names.length === 0, key: JSON.stringify(names) };
    }
    case 'value': {
      if (isMissing(cell.value)) return { names: [], value: NaN, isEmpty: true, key: '' };
      const value = Math.fround(numberOf(cell, 'write it as 1234.5, or leave the row out'));
      if (!Number.isFinite(value)) {
        throw new DataError(
          `${cell.place}: expected a number that a float32 holds in column \`${cell.column}\`, found ${String(cell.value)}`,
        );
      }
      return { names: [], value, isEmpty: false, key: String(value) };
    }
    case 'next':
      return { names: [], value: NaN, isEmpty: false, key: '' };
  }
}
