/** What a tokenizer puts around texts, learnt from a probe. */
import type { Tokenizer } from '@huggingface/tokenizers';
import { DataError } from './data-error.js';

/** Special tokens before, between and after, with their types. */
export interface TokenTemplate {
  readonly before: readonly number[];
  readonly between: readonly number[];
  readonly after: readonly number[];
  /** Of all parts in order: before, first text, between, second text, after; null where the model has no types. */
  readonly types: {
    readonly before: readonly number[];
    readonly first: number;
    readonly between: readonly number[];
    readonly second: number;
    readonly after: readonly number[];
  } | null;
}

const [FIRST, SECOND] = ['a', 'b'];

const bareIds = (tokenizer: Tokenizer, text: string): number[] =>
  tokenizer.encode(text, { add_special_tokens: false }).ids;

/** The ids that go before and after every single text. */
export function singleTemplate(tokenizer: Tokenizer): Pick<TokenTemplate, 'before' | 'after'> {
  const bare = bareIds(tokenizer, FIRST);
  const whole: number[] = tokenizer.encode(FIRST).ids;
  const start = indexOfRun(whole, bare, 0);
  return { before: whole.slice(0, start), after: whole.slice(start + bare.length) };
}

/**
 * The ids that go around two texts. Without types where all are 0, and for RobertaProcessing, whose types
 * @huggingface/tokenizers makes up.
 * @throws DataError for a tokenizer that has no template for pairs.
 */
export function pairTemplate(tokenizer: Tokenizer, postProcessor: string | undefined): TokenTemplate {
  const first = bareIds(tokenizer, FIRST);
  const second = bareIds(tokenizer, SECOND);
  const encoded = tokenizer.encode(FIRST, { text_pair: SECOND, return_token_type_ids: true });
  const whole: number[] = encoded.ids;
  const start = indexOfRun(whole, first, 0);
  const next = indexOfRun(whole, second, start + first.length);
  if (start === -1 || next === -1) {
    throw new DataError('data.textPair: expected a tokenizer that joins two texts, found one that does not');
  }
  const ends = [start, start + first.length, next, next + second.length] as const;
  const parts = <T>(values: readonly T[]) => ({
    before: values.slice(0, ends[0]),
    between: values.slice(ends[1], ends[2]),
    after: values.slice(ends[3]),
  });
  const types = encoded.token_type_ids as number[] | undefined;
  const typed = types !== undefined && types.some((type) => type !== 0) && postProcessor !== 'RobertaProcessing';
  return {
    ...parts(whole),
    types: typed ? { ...parts(types), first: types[ends[0]]!, second: types[ends[2]]! } : null,
  };
}

const indexOfRun = (ids: readonly number[], run: readonly number[], from: number): number =>
  ids.findIndex((_, index) => index >= from && run.every((id, offset) => ids[index + offset] === id));
