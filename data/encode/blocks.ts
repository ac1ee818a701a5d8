import { growingArray } from '../growing-array.js';
import { tokenColumns, type PreparedRow } from '../shard-columns.js';
import { splits } from '../split.js';
import type { TextTokenizer } from '../tokenize.js';
import type { Encoder } from './encoder.js';
import { noCounts, tokenCounts } from './tokens.js';

/**
 * Texts for a causal language model: those of a split stand one after the other, an end-of-text token before the first and
 * after each, and the row is cut into blocks of maxLength + 1 tokens that overlap by one. A block's inputs are all its tokens
 * but the last, its targets all but the first: every token of every text, and its end, is predicted exactly once. Each part of
 * a source is cut by itself: its last block of a split may be shorter. A block's id names the text of the first token that it predicts, and which of its tokens that is.
 */
export function blockEncoder(tokenizer: TextTokenizer): Encoder {
  const { maxLength } = tokenizer;
  const end = tokenizer.endOfText();
  const counts = noCounts(maxLength);
  const packers = splits.map(() => packer(maxLength, end));

  const toRow = (split: number, { id, tokens }: Block): PreparedRow => {
    counts.lengths[split]![tokens.length - 1]!++;
    return { id, text: tokenizer.decode([...tokens]), tokens };
  };
  return {
    columns: tokenColumns('next', false),
    atOnce: 1,
    encode({ id, input }, split) {
      if (input.kind !== 'text') throw new Error(`a row of ${input.kind} was to be cut into blocks`);
      counts.texts[split]!++;
      return Promise.resolve(
        packers[split]!.add(id, tokenizer.encodeBare(input.text)).map((block) => toRow(split, block)),
      );
    },
    finish: (split) => packers[split]!.finish().map((block) => toRow(split, block)),
    counts: () => tokenCounts(counts),
  };
}

interface Block {
  readonly id: string;
  readonly tokens: Int32Array;
}

function packer(maxLength: number, end: number) {
  const held = growingArray((length) => new Int32Array(length));
  let heldId = '';
  const firstTarget = (id: string, start: number): string => `${id}:${start + 1}`;

  function* cut(text: string, textStart: number, final: boolean): Generator<Block> {
    const tokens = held.view();
    let start = 0;
    while (tokens.length - start > (final ? 1 : maxLength)) {
      const block = tokens.slice(start, start + maxLength + 1);
      yield { id: start === 0 ? heldId : firstTarget(text, start - textStart), tokens: block };
      start += block.length - 1;
    }
    if (start === 0) return;
    heldId = firstTarget(text, start - textStart);
    const rest = tokens.slice(start);
    held.clear();
    held.append(rest);
  }
  return {
    add(id: string, tokens: readonly number[]): Block[] {
      if (held.length === 0) held.push(end);
      if (held.length === 1) heldId = `${id}:0`;
      const textStart = held.length;
      held.append(tokens);
      held.push(end);
      return [...cut(id, textStart, false)];
    },
    finish: (): Block[] => [...cut('', 0, true)],
  };
}
