import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { ModelError } from './model-error.js';

export interface TokenizerInfo {
  /** The algorithm, such as WordPiece. */
  readonly type: string;
  readonly vocabularySize: number;
  readonly largestId: number;
}

const vocabularySchema = z.object({
  model: z.looseObject({
    type: z.string().optional(),
    vocab: z.union([z.record(z.string(), z.int()), z.array(z.unknown())]),
  }),
  added_tokens: z.array(z.object({ id: z.int(), content: z.string() })).default([]),
});

/**
 * Checks that a tokenizer.json loads and that every id it can give has a row in the model's word embeddings.
 * @throws ModelError naming the token that has none.
 */
export function checkTokenizer(
  tokenizer: object,
  tokenizerConfig: object,
  vocabularySize: number,
  fileName: string,
): TokenizerInfo {
  const parsed = vocabularySchema.safeParse(tokenizer);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new ModelError(
      `${fileName}: expected a tokenizer with a vocabulary, found none that is valid at ${issue.path.join('.')}`,
    );
  }
  const type = parsed.data.model.type ?? 'unnamed';
  try {
    new Tokenizer(tokenizer, tokenizerConfig).encode('a');
  } catch (error) {
    throw new ModelError(
      `${fileName}: expected a tokenizer that @huggingface/tokenizers loads, found type ${type}, which it refuses: ${(error as Error).message}`,
    );
  }
  const { vocab } = parsed.data.model;
  const tokens = new Map<string, number>(
    Array.isArray(vocab)
      ? vocab.map((entry, id) => [String(Array.isArray(entry) ? entry[0] : entry), id])
      : Object.entries(vocab),
  );
  for (const { id, content } of parsed.data.added_tokens) tokens.set(content, id);
  let largest: readonly [string, number] = ['', -1];
  for (const entry of tokens) if (entry[1] > largest[1]) largest = entry;
  if (largest[1] >= vocabularySize) {
    const found = `"${largest[0]}" with id ${largest[1]}`;
    throw new ModelError(
      `${fileName}: expected ids below ${vocabularySize} (vocab_size in config.json), found ${found}: use the tokenizer of this model`,
    );
  }
  return { type, vocabularySize: tokens.size, largestId: largest[1] };
}
