import type { Example } from '../pick-columns.js';
import { NO_TAG, tokenColumns } from '../shard-columns.js';
import { splits } from '../split.js';
import type { TextTokenizer } from '../tokenize.js';
import { targetCells, type EncodedCounts, type Encoder } from './encoder.js';

export interface TokenCounts {
  /** lengths[split][n]: rows of n tokens. */
  readonly lengths: readonly number[][];
  /** cut[split]: rows cut to maxLength. */
  readonly cut: number[];
  readonly texts: number[];
}

export const noCounts = (maxLength: number): TokenCounts => ({
  lengths: splits.map(() => new Array<number>(maxLength + 1).fill(0)),
  cut: splits.map(() => 0),
  texts: splits.map(() => 0),
});

export const tokenCounts = ({ lengths, cut, texts }: TokenCounts): EncodedCounts => ({
  lengths: lengths.map(trimmed),
  cut: cut.map((rows) => [rows]),
  texts: texts.map((rows) => [rows]),
});

const trimmed = (histogram: readonly number[]): number[] =>
  histogram.slice(0, histogram.findLastIndex((count) => count > 0) + 1);

/** Texts or pairs with their classes, words with their tags. */
export function tokenEncoder(
  tokenizer: TextTokenizer,
  target: 'class' | 'classes' | 'tags',
  labels: ReadonlyMap<string, number>,
  pairs: boolean,
): Encoder {
  const counts = noCounts(tokenizer.maxLength);
  return {
    columns: tokenColumns(target, pairs),
    atOnce: 1,
    encode(example, split) {
      const { id, text } = example;
      const cells = tokenCells(tokenizer, example, labels, target, pairs);
      counts.lengths[split]![cells.tokens.length]!++;
      counts.texts[split]!++;
      if (tokenizer.lastWasCut) counts.cut[split]!++;
      return Promise.resolve([{ id, text, ...cells }]);
    },
    finish: () => [],
    counts: () => tokenCounts(counts),
  };
}

function tokenCells(
  tokenizer: TextTokenizer,
  example: Example,
  labels: ReadonlyMap<string, number>,
  target: 'class' | 'classes' | 'tags',
  pairs: boolean,
) {
  const { input } = example;
  if (input.kind === 'words' && target === 'tags') {
    const { ids, firstPieces } = tokenizer.encodeWords(input.words);
    const tags = new Int32Array(ids.length).fill(NO_TAG);
    firstPieces.forEach((place, word) => {
      if (place !== -1) tags[place] = labels.get(example.target.names[word]!)!;
    });
    return { tokens: ids, tags };
  }
  if (input.kind !== 'text' || target === 'tags')
    throw new Error(`a row of ${input.kind} was to be tokenised for ${target}`);
  const cells = targetCells(example, labels, target);
  if (input.pair === null) return { tokens: tokenizer.encode(input.text), ...cells };
  const { ids, types } = tokenizer.encodePair(input.text, input.pair);
  return { tokens: ids, ...(pairs ? { types: types! } : {}), ...cells };
}
