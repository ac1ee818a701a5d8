import type { Draws } from './draws.js';
import type { TokenRow } from './token-row.js';

/** A word, or words, of the table as tokens. */
export interface SynonymWord {
  readonly ids: readonly number[];
  readonly synonyms: readonly (readonly number[])[];
}

/** A table of synonyms in the tokens of one tokenizer: plain data, which any thread can be sent. */
export interface SynonymRules {
  /** By their first token, the longest first. */
  readonly words: ReadonlyMap<number, readonly SynonymWord[]>;
  /** joins[id]: BEGINS_WITHIN, ENDS_WITHIN or both. */
  readonly joins: Uint8Array;
}

/** The token can go on with the word of the token before it. */
export const BEGINS_WITHIN = 1;
/** The token after it can go on with its word. */
export const ENDS_WITHIN = 2;

/**
 * Words of the table become one of their synonyms, each as likely, in the share `p` of the cases (synonym replacement of Zhang, Zhao
 * and LeCun, 2015). Of words that overlap the first counts, and of those the longest. A synonym for which there is no room is left
 * out: nothing else of the text has to go for it.
 */
export function withSynonyms(
  row: TokenRow,
  { p, rules, special, room }: { p: number; rules: SynonymRules; special: ReadonlySet<number>; room: number },
  draws: Draws,
): TokenRow {
  const { ids, types } = row;
  const isBorder = (at: number): boolean => {
    if (at === 0 || at === ids.length) return true;
    const [before, after] = [ids[at - 1]!, ids[at]!];
    if (special.has(before) || special.has(after) || (types !== null && types[at - 1] !== types[at])) return true;
    return ((rules.joins[before] ?? 0) & ENDS_WITHIN) === 0 || ((rules.joins[after] ?? 0) & BEGINS_WITHIN) === 0;
  };
  const isAt = ({ ids: wanted }: SynonymWord, at: number): boolean =>
    wanted.every((id, i) => ids[at + i] === id && (types === null || types[at + i] === types[at])) &&
    isBorder(at + wanted.length);

  const changed: number[] = [];
  const typed: number[] = [];
  let length = ids.length;
  for (let at = 0; at < ids.length;) {
    const known = rules.words.get(ids[at]!);
    const word = known && isBorder(at) ? known.find((candidate) => isAt(candidate, at)) : undefined;
    const taken = word?.ids.length ?? 1;
    let put: Iterable<number> & { readonly length: number } = ids.subarray(at, at + taken);
    if (word && draws.chance(p)) {
      const synonym = word.synonyms[draws.below(word.synonyms.length)]!;
      if (length - taken + synonym.length <= room) put = synonym;
    }
    length += put.length - taken;
    for (const id of put) {
      changed.push(id);
      if (types !== null) typed.push(types[at]!);
    }
    at += taken;
  }
  return { ids: Int32Array.from(changed), types: types && Int32Array.from(typed) };
}
