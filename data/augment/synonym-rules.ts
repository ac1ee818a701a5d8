import { tokenText } from '../byte-level-pieces.js';
import { DataError } from '../data-error.js';
import type { TokenizerFiles } from '../load-tokenizer.js';
import type { TextTokenizer } from '../tokenize.js';
import type { SynonymTable } from './synonym-table.js';
import { BEGINS_WITHIN, ENDS_WITHIN, type SynonymRules, type SynonymWord } from './synonyms.js';

interface TokenizerFile {
  readonly pre_tokenizer?: PreTokenizer | null;
  readonly model?: {
    readonly vocab?: Readonly<Record<string, number>> | readonly (readonly [string, number])[];
    readonly continuing_subword_prefix?: string | null;
    readonly end_of_word_suffix?: string | null;
  };
}

interface PreTokenizer {
  readonly type?: string;
  readonly pretokenizers?: readonly PreTokenizer[];
}

export interface TokenisedSynonyms {
  readonly rules: SynonymRules;
  /** Words of the table that the tokenizer does not know, or for which it knows no other word. */
  readonly unknown: readonly string[];
}

const BRACKET = '(';

/**
 * The table in the tokens of a tokenizer. To many of them a word at the beginning of a text, after a blank and after a bracket is not
 * the same: all three are in.
 * @param foreign Ids that no word may have: special ones, and the one that stands for what is unknown.
 * @throws DataError where it knows no word of the table.
 */
export function synonymRules(
  table: SynonymTable,
  tokenizer: TextTokenizer,
  files: TokenizerFiles,
  foreign: ReadonlySet<number>,
): TokenisedSynonyms {
  const words = new Map<string, { ids: readonly number[]; synonyms: Map<string, readonly number[]> }>();
  const unknown: string[] = [];
  const bracket = tokenizer.encodeBare(BRACKET);
  const idsOf = (before: string, text: string): readonly number[] | null => {
    const all = tokenizer.encodeBare(`${before}${text}`);
    const isApart = before !== BRACKET || bracket.every((id, i) => all[i] === id);
    const ids = before === BRACKET ? all.slice(bracket.length) : all;
    return !isApart || ids.length === 0 || ids.some((id) => foreign.has(id)) ? null : ids;
  };
  for (const [word, synonyms] of table) {
    let isKnown = false;
    for (const before of ['', ' ', BRACKET]) {
      const ids = idsOf(before, word);
      if (ids === null) continue;
      const key = ids.join(' ');
      const others = words.get(key)?.synonyms ?? new Map<string, readonly number[]>();
      for (const synonym of synonyms) {
        const other = idsOf(before, synonym);
        if (other !== null && other.join(' ') !== key) others.set(other.join(' '), other);
      }
      if (others.size === 0) continue;
      isKnown = true;
      words.set(key, { ids, synonyms: others });
    }
    if (!isKnown) unknown.push(word);
  }
  if (words.size === 0) {
    throw new DataError(
      `data.augment.synonyms.table: expected words that the model's tokenizer knows, found ${table.size} that it does not, such as "${unknown[0]!}": look at their language and script`,
    );
  }
  return { rules: { words: byFirst(words.values()), joins: joinsOf(files) }, unknown };
}

function byFirst(
  words: Iterable<{ readonly ids: readonly number[]; readonly synonyms: ReadonlyMap<string, readonly number[]> }>,
): ReadonlyMap<number, readonly SynonymWord[]> {
  const found = new Map<number, SynonymWord[]>();
  for (const { ids, synonyms } of words) {
    const first = found.get(ids[0]!) ?? [];
    first.push({ ids, synonyms: [...synonyms.values()] });
    found.set(ids[0]!, first);
  }
  for (const first of found.values()) first.sort((a, b) => b.ids.length - a.ids.length);
  return found;
}

const lettersFirst = /^[\p{L}\p{N}\p{M}\uFFFD]/u;
const lettersLast = /[\p{L}\p{N}\p{M}\uFFFD]$/u;

/** Which tokens can be one word with their neighbours: by the mark of the tokenizer where it has one, else by letters and digits. */
function joinsOf({ tokenizer }: TokenizerFiles): Uint8Array {
  const { model = {}, pre_tokenizer: preTokenizer } = tokenizer as TokenizerFile;
  const { vocab = {}, continuing_subword_prefix: prefix, end_of_word_suffix: suffix } = model;
  const entries: [string, number][] = Array.isArray(vocab)
    ? (vocab as readonly (readonly [string, number])[]).map(([token], id) => [token, id])
    : Object.entries(vocab as Readonly<Record<string, number>>);
  const joins = new Uint8Array(1 + entries.reduce((largest, [, id]) => Math.max(largest, id), 0));
  const isByteLevel = hasByteLevel(preTokenizer);
  for (const [token, id] of entries) {
    const text = isByteLevel ? tokenText(token) : token;
    const begins = prefix ? token.startsWith(prefix) : lettersFirst.test(text);
    const ends = prefix ? true : suffix ? !token.endsWith(suffix) : lettersLast.test(text);
    joins[id] = (begins ? BEGINS_WITHIN : 0) | (ends ? ENDS_WITHIN : 0);
  }
  return joins;
}

const hasByteLevel = (rule: PreTokenizer | null | undefined): boolean =>
  rule?.type === 'ByteLevel' || (rule?.pretokenizers ?? []).some(hasByteLevel);
