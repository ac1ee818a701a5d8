/**
 * Token ids of a text without special tokens, from what is known of its words. @huggingface/tokenizers takes a text apart and
 * looks at every word anew; most words of a text were met before, and a word always has the same pieces.
 */
import type { Tokenizer } from '@huggingface/tokenizers';
import { byteLevelPieces } from './byte-level-pieces.js';
import type { TokenizerFiles } from './load-tokenizer.js';
import { wordCache } from './word-cache.js';

interface Rules {
  readonly normalizer?: object | null;
  readonly pre_tokenizer?: { readonly type?: string } | null;
  readonly added_tokens?: readonly { readonly content: string; readonly normalized?: boolean }[];
}

interface Config {
  readonly remove_space?: boolean;
  readonly do_lowercase_and_remove_accent?: boolean;
}

/** Parts of the library that it calls as functions. */
interface Callable {
  normalizer: ((text: string) => string) | null;
  pre_tokenizer: ((text: string, options: { section_index: number }) => string[]) | null;
  model: ((words: string[]) => string[]) & { tokens_to_ids: Map<string, number>; unk_token_id?: number };
}

export function bareIds(tokenizer: Tokenizer, { tokenizer: file, config }: TokenizerFiles): (text: string) => number[] {
  const whole = (text: string): number[] => tokenizer.encode(text, { add_special_tokens: false }).ids;
  const rules = file as Rules;
  const { remove_space: removeSpace, do_lowercase_and_remove_accent: lowercase } = config as Config;
  if (removeSpace || lowercase) return whole; // what older files ask for: a text is changed once more before it is cut

  const { normalizer, pre_tokenizer: preTokenizer, model } = tokenizer as unknown as Callable;
  const added = rules.added_tokens ?? [];
  const isNormalized = ({ normalized = false }) => normalized && normalizer !== null;
  const before = anyOf(added.filter((token) => !isNormalized(token)).map(({ content }) => content));
  const after = anyOf(added.filter(isNormalized).map(({ content }) => normalizer!(content)));
  const idsOf = (word: string): number[] =>
    model([word]).map((token) => (model.tokens_to_ids.get(token) ?? model.unk_token_id)!);
  const byteLevel = byteLevelPieces(rules.pre_tokenizer ?? null);
  const words = wordCache((word) => idsOf(byteLevel ? byteLevel.asBytes(word) : word));

  return (text) => {
    if (before?.test(text)) return whole(text);
    const normalized = normalizer === null ? text : normalizer(text);
    if (normalized.length === 0) return [];
    if (after?.test(normalized)) return whole(text);
    const found = byteLevel
      ? byteLevel.cut(normalized)
      : (preTokenizer?.(normalized, { section_index: 0 }) ?? [normalized]);
    const ids: number[] = [];
    for (const word of found) {
      const own = words(word);
      for (let i = 0; i < own.length; i++) ids.push(own[i]!);
    }
    return ids;
  };
}

/** Whether a text holds any of these; null where there are none. Found in one pass over the text. */
function anyOf(contents: readonly string[]): RegExp | null {
  const given = contents.filter((content) => content !== '');
  if (given.length === 0) return null;
  return new RegExp(given.map((content) => content.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'));
}
