import { bareIds } from './bare-ids.js';
import { DataError } from './data-error.js';
import {
  endOfTextOf,
  forWords,
  loadTokenizer,
  postProcessorOf,
  readTokenizerFiles,
  type TokenizerFiles,
} from './load-tokenizer.js';
import { pairTemplate, singleTemplate } from './token-template.js';
import { truncatePair } from './truncate-pair.js';

export type { TokenizerFiles } from './load-tokenizer.js';

export interface TextTokenizer {
  readonly maxLength: number;
  /** Token ids of a text as Hugging Face gives them, special tokens included, cut to maxLength with the final ones kept. */
  encode(text: string): Int32Array;
  /**
   * Two texts as the tokenizer's template joins them, the longer one cut first (`longest_first`). Types are 0 for the first
   * text and 1 for the second, with the special tokens as the template has them; null where the model knows none.
   */
  encodePair(first: string, second: string): { readonly ids: Int32Array; readonly types: Int32Array | null };
  /**
   * Words one by one (`is_split_into_words`). `firstPieces[word]` is the place of its first piece among the ids, -1 for a
   * word that was cut or has no piece at all.
   */
  encodeWords(words: readonly string[]): { readonly ids: Int32Array; readonly firstPieces: Int32Array };
  /** Ids of a text without special tokens, whole. */
  encodeBare(text: string): readonly number[];
  /** Id of the token that ends a text. @throws DataError where the tokenizer has none. */
  endOfText(): number;
  decode(ids: readonly number[]): string;
  /** Whether the last text, pair or words given were cut. */
  readonly lastWasCut: boolean;
}

/**
 * Opens the tokenizer of a model's folder, or of its parsed files. Truncation and padding that the file asks for do not
 * count; `maxLength` does.
 * @throws DataError when @huggingface/tokenizers cannot load it.
 */
export async function openTokenizer(from: string | TokenizerFiles, maxLength: number): Promise<TextTokenizer> {
  const files = typeof from === 'string' ? await readTokenizerFiles(from) : from;
  const tokenizer = loadTokenizer(files);
  const { before, after } = singleTemplate(tokenizer);
  const room = roomFor(maxLength, before.length + after.length, 1);
  // Most jobs want neither.
  const pairs = lazily(() => pairTemplate(tokenizer, postProcessorOf(files)));
  const bareWord = lazily(() => {
    const spaced = forWords(files);
    return bareIds(loadTokenizer(spaced), spaced);
  });
  const bare = bareIds(tokenizer, files);
  const framed = (content: readonly number[], kept: number): Int32Array => {
    const ids = new Int32Array(before.length + kept + after.length);
    ids.set(before);
    for (let i = 0; i < kept; i++) ids[before.length + i] = content[i]!;
    ids.set(after, before.length + kept);
    return ids;
  };

  let lastWasCut = false;
  return {
    maxLength,
    get lastWasCut() {
      return lastWasCut;
    },
    encode(text) {
      const content = bare(text);
      const kept = Math.min(content.length, room);
      lastWasCut = kept < content.length;
      return framed(content, kept);
    },
    encodePair(first, second) {
      const { before, between, after, types } = pairs();
      const [a, b] = [bare(first), bare(second)];
      const [keptA, keptB] = truncatePair(
        a.length,
        b.length,
        roomFor(maxLength, before.length + between.length + after.length, 2),
      );
      lastWasCut = keptA + keptB < a.length + b.length;
      const joined = [...before, ...a.slice(0, keptA), ...between, ...b.slice(0, keptB), ...after];
      if (types === null) return { ids: Int32Array.from(joined), types };
      const repeated = (type: number, times: number) => new Array<number>(times).fill(type);
      const typed = [
        ...types.before,
        ...repeated(types.first, keptA),
        ...types.between,
        ...repeated(types.second, keptB),
        ...types.after,
      ];
      return { ids: Int32Array.from(joined), types: Int32Array.from(typed) };
    },
    encodeWords(words) {
      const content: number[] = [];
      const firstPieces = Int32Array.from(words, (word) => {
        const start = content.length;
        for (const id of bareWord()(word)) content.push(id);
        return start < Math.min(content.length, room) ? before.length + start : -1;
      });
      const kept = Math.min(content.length, room);
      lastWasCut = kept < content.length;
      return { ids: framed(content, kept), firstPieces };
    },
    encodeBare: bare,
    endOfText() {
      const name = endOfTextOf(files);
      const id = name === null ? undefined : tokenizer.token_to_id(name);
      if (id !== undefined) return id;
      throw new DataError(
        `tokenizer.json: expected a token that ends a text (eos_token in tokenizer_config.json), found ${name === null ? 'none' : `"${name}", which the vocabulary lacks`}`,
      );
    },
    decode: (ids) => (ids.length === 0 ? '' : tokenizer.decode([...ids], { clean_up_tokenization_spaces: false })),
  };
}

function roomFor(maxLength: number, special: number, texts: number): number {
  const room = maxLength - special;
  if (room >= texts) return room;
  throw new DataError(`data.maxLength: expected at least ${special + texts}, found ${maxLength}`);
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
