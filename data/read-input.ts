import type { Job } from '../job/schema.js';
import { isMissing, listOf, textOf } from './cells.js';
import { cleanText, textCleaningOf } from './cleaning/text.js';
import { sha256Of } from './content-key.js';
import { explicitFeatures } from './features/columns.js';
import type { PackedImage, Row } from './readers/row.js';
import { splitColumnOf } from './splits/split-column.js';

/** What a model is given of a row, before it is tokenised, decoded or scaled. */
export type Input =
  | { readonly kind: 'text'; readonly text: string; readonly pair: string | null }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'image'; readonly image: PackedImage }
  | { readonly kind: 'features'; readonly cells: Readonly<Record<string, unknown>> };

export interface ReadInput {
  /** What a report shows of the row. */
  readonly text: string;
  /** Rows of the same content are twins: duplicates of each other, and never in two splits by fraction. */
  readonly content: string;
  readonly input: Input;
  readonly inputIsEmpty: boolean;
}

/** Takes what a task's model is given out of a row; `place` is for messages. What only one of the two passes needs is worked out when it is asked for. */
export function inputReader({ task, data }: Job): (row: Row, place: string) => ReadInput {
  const cleaning = textCleaningOf(data);
  const cleaned = (text: string): string => (cleaning === null ? text : cleanText(text, cleaning));
  switch (task) {
    case 'text-classification':
    case 'causal-lm': {
      const pairColumn = task === 'causal-lm' ? undefined : data.textPair;
      return ({ fields }, place) => {
        const text = cleaned(textOf({ value: fields[data.text], column: data.text, place }));
        const inputIsEmpty = text.trim() === '';
        if (pairColumn === undefined) {
          return { input: { kind: 'text', text, pair: null }, inputIsEmpty, text, content: text };
        }
        const pair = cleaned(textOf({ value: fields[pairColumn], column: pairColumn, place }));
        const input = { kind: 'text', text, pair } as const;
        const content = JSON.stringify([text, pair]);
        return { input, inputIsEmpty: inputIsEmpty || pair.trim() === '', text: `${text} [SEP] ${pair}`, content };
      };
    }
    case 'token-classification':
      return ({ fields }, place) => {
        const words = listOf({ value: fields[data.words], column: data.words, place }, 'words').map(cleaned);
        const inputIsEmpty = words.every((word) => word.trim() === '');
        return { input: { kind: 'words', words }, inputIsEmpty, text: words.join(' '), content: JSON.stringify(words) };
      };
    case 'image-classification':
      return ({ fields, image }, place) => {
        const path = textOf({ value: fields[data.image], column: data.image, place });
        if (!image) throw new Error(`${place}: a row of images holds none: the source was not packed`);
        return {
          input: { kind: 'image', image },
          inputIsEmpty: path.trim() === '',
          text: path,
          get content() {
            return sha256Of(image.bytes);
          },
        };
      };
    case 'tabular-classification':
    case 'tabular-regression': {
      const explicit = data.features === undefined ? null : [...explicitFeatures(data).values()];
      const excluded = new Set(['id', data.label, splitColumnOf(data)?.column]);
      return ({ fields }, place) => {
        const columns = explicit ?? Object.keys(fields).filter((column) => !excluded.has(column));
        let content: string | null = null;
        const cells: Record<string, string | number> = {};
        for (const column of columns) {
          const value = fields[column];
          if (isMissing(value)) continue;
          cells[column] = typeof value === 'number' ? value : textOf({ value, column, place });
        }
        const filled = Object.keys(cells);
        return {
          input: { kind: 'features', cells },
          inputIsEmpty: filled.length === 0,
          get text() {
            return filled.map((column) => `${column}=${cells[column]}`).join(', ');
          },
          get content() {
            return (content ??= JSON.stringify([...filled].sort().map((column) => [column, cells[column]])));
          },
        };
      };
    }
  }
}
