import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { bertNormalizer, bertWords, type BertNormalizerConfig } from './bert-normalizer.js';
import { DataError } from './data-error.js';
import { withUnicodeForms } from './unicode-forms.js';

/** The parsed tokenizer.json and, where there is one, tokenizer_config.json. */
export interface TokenizerFiles {
  readonly tokenizer: object;
  readonly config: object;
}

export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  const read = async (name: string): Promise<object> =>
    JSON.parse(await readFile(join(folder, name), 'utf8')) as object;
  const config = await read('tokenizer_config.json').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return {};
    throw error;
  });
  return { tokenizer: await read('tokenizer.json'), config };
}

/** @throws DataError when @huggingface/tokenizers cannot load it. */
export function loadTokenizer({ tokenizer, config }: TokenizerFiles): Tokenizer {
  try {
    const loaded = new Tokenizer(tokenizer, config);
    // The library calls both as functions, and its own differ from Hugging Face's (see bert-normalizer.ts).
    const { normalizer, pre_tokenizer: preTokenizer } = tokenizer as TextRules;
    if (normalizer?.type === 'BertNormalizer') loaded.normalizer = asCallable(bertNormalizer(normalizer));
    if (preTokenizer?.type === 'BertPreTokenizer') loaded.pre_tokenizer = asCallable(bertWords);
    withUnicodeForms(loaded.normalizer);
    loaded.model = wordByWord(loaded.model!);
    return loaded;
  } catch (error) {
    throw new DataError(
      `tokenizer.json: expected a tokenizer that @huggingface/tokenizers loads, found one it refuses: ${(error as Error).message}`,
    );
  }
}

interface TextRules {
  readonly normalizer?: (BertNormalizerConfig & { readonly type?: string }) | null;
  readonly pre_tokenizer?: PreTokenizerConfig | null;
  readonly post_processor?: { readonly type?: string } | null;
}

interface PreTokenizerConfig {
  readonly type?: string;
  readonly add_prefix_space?: boolean;
  readonly pretokenizers?: readonly PreTokenizerConfig[];
}

/** The library joins unknown pieces of neighbouring words to one; Hugging Face only those within a word. */
const wordByWord = <Model extends object>(model: Model): Model =>
  new Proxy(model, {
    apply: (own, _this, [words]: [string[]]) =>
      words.flatMap((word) => (own as unknown as (words: string[]) => string[])([word])),
  });

const asCallable = <T>(rule: (text: string) => unknown): T => rule as unknown as T;

export const postProcessorOf = ({ tokenizer }: TokenizerFiles): string | undefined =>
  (tokenizer as TextRules).post_processor?.type;

/**
 * The files of a tokenizer that is given single words (`is_split_into_words`): a byte-level one has to put the space before
 * each word that it would find in a text, as Hugging Face asks for with add_prefix_space.
 */
export function forWords({ tokenizer, config }: TokenizerFiles): TokenizerFiles {
  const preTokenizer = (tokenizer as TextRules).pre_tokenizer;
  return preTokenizer
    ? { tokenizer: { ...tokenizer, pre_tokenizer: withPrefixSpace(preTokenizer) }, config }
    : { tokenizer, config };
}

const withPrefixSpace = (rule: PreTokenizerConfig): PreTokenizerConfig => ({
  ...rule,
  ...(rule.type === 'ByteLevel' ? { add_prefix_space: true } : {}),
  ...(rule.pretokenizers ? { pretokenizers: rule.pretokenizers.map(withPrefixSpace) } : {}),
});

/** Name of the token that ends a text, as the files tell it; null where they tell none. */
export function endOfTextOf({ tokenizer, config }: TokenizerFiles): string | null {
  const { eos_token: eos } = config as { eos_token?: string | { content?: string } | null };
  const named = typeof eos === 'string' ? eos : eos?.content;
  if (named !== undefined) return named;
  const { added_tokens: added = [] } = tokenizer as { added_tokens?: readonly { content: string }[] };
  return added.some(({ content }) => content === GPT2_END) ? GPT2_END : null;
}

const GPT2_END = '<|endoftext|>';
