import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { bertNormalizer, bertWords, type BertNormalizerConfig } from './bert-normalizer.js';
import { DataError } from './data-error.js';

export interface TextTokenizer {
  readonly maxLength: number;
  /** Token ids of a text as Hugging Face gives them, special tokens included, cut to maxLength with the final ones kept. */
  encode(text: string): Int32Array;
  /** Whether the last text given to `encode` was cut. */
  readonly lastWasCut: boolean;
}

/** The parsed tokenizer.json and, where there is one, tokenizer_config.json. */
export interface TokenizerFiles {
  readonly tokenizer: object;
  readonly config: object;
}

/**
 * Opens the tokenizer of a model's folder, or of its parsed files. Truncation and padding that the file asks for do not
 * count; `maxLength` does.
 * @throws DataError when @huggingface/tokenizers cannot load it.
 */
export async function openTokenizer(from: string | TokenizerFiles, maxLength: number): Promise<TextTokenizer> {
  const files = typeof from === 'string' ? await readTokenizerFiles(from) : from;
  const tokenizer = loadTokenizer(files);
  const { before, after } = specialTokens(tokenizer);
  const room = maxLength - before.length - after.length;
  if (room < 1)
    throw new DataError(`data.maxLength: expected at least ${before.length + after.length + 1}, found ${maxLength}`);

  let lastWasCut = false;
  return {
    maxLength,
    get lastWasCut() {
      return lastWasCut;
    },
    encode(text) {
      const content: number[] = tokenizer.encode(text, { add_special_tokens: false }).ids;
      const kept = Math.min(content.length, room);
      lastWasCut = kept < content.length;
      const ids = new Int32Array(before.length + kept + after.length);
      ids.set(before);
      for (let i = 0; i < kept; i++) ids[before.length + i] = content[i]!;
      ids.set(after, before.length + kept);
      return ids;
    },
  };
}

async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  const read = async (name: string): Promise<object> =>
    JSON.parse(await readFile(join(folder, name), 'utf8')) as object;
  const config = await read('tokenizer_config.json').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return {};
    throw error;
  });
  return { tokenizer: await read('tokenizer.json'), config };
}

function loadTokenizer({ tokenizer, config }: TokenizerFiles): Tokenizer {
  try {
    const loaded = new Tokenizer(tokenizer, config);
    // The library calls both as functions, and its own differ from Hugging Face's (see bert-normalizer.ts).
    const { normalizer, pre_tokenizer: preTokenizer } = tokenizer as TextRules;
    if (normalizer?.type === 'BertNormalizer') loaded.normalizer = asCallable(bertNormalizer(normalizer));
    if (preTokenizer?.type === 'BertPreTokenizer') loaded.pre_tokenizer = asCallable(bertWords);
    return loaded;
  } catch (error) {
    throw new DataError(
      `tokenizer.json: expected a tokenizer that @huggingface/tokenizers loads, found one it refuses: ${(error as Error).message}`,
    );
  }
}

interface TextRules {
  readonly normalizer?: (BertNormalizerConfig & { readonly type?: string }) | null;
  readonly pre_tokenizer?: { readonly type?: string } | null;
}

const asCallable = <T>(rule: (text: string) => unknown): T => rule as unknown as T;

/** The ids that go before and after every text, learnt from a probe. */
function specialTokens(tokenizer: Tokenizer): { before: number[]; after: number[] } {
  const bare: number[] = tokenizer.encode('a', { add_special_tokens: false }).ids;
  const whole: number[] = tokenizer.encode('a').ids;
  const start = whole.findIndex((_, index) => bare.every((id, offset) => whole[index + offset] === id));
  return { before: whole.slice(0, start), after: whole.slice(start + bare.length) };
}
