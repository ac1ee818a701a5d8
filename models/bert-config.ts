import { z } from 'zod';
import { ModelError } from './model-error.js';

const size = z.int('a whole number above 0').positive('a whole number above 0');
const rate = z
  .number('a number from 0 to below 1')
  .min(0, 'a number from 0 to below 1')
  .lt(1, 'a number from 0 to below 1');

const hfBertSchema = z.object({
  model_type: z.literal('bert'),
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  intermediate_size: size,
  hidden_act: z.literal('gelu').default('gelu'),
  hidden_dropout_prob: rate.default(0.1),
  attention_probs_dropout_prob: rate.default(0.1),
  max_position_embeddings: size.default(512),
  type_vocab_size: size.default(2),
  layer_norm_eps: z.number('a number above 0').positive('a number above 0').default(1e-12),
  initializer_range: z.number('a number above 0').positive('a number above 0').default(0.02),
  pad_token_id: z.int('a whole number').nonnegative('a whole number').nullable().default(0),
  position_embedding_type: z.literal('absolute').default('absolute'),
  is_decoder: z.literal(false).default(false),
});

/** An encoder of the BERT family: post-LayerNorm, learned absolute positions, exact (erf) GELU. */
export interface BertConfig {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  /** Divides hiddenSize. */
  readonly heads: number;
  readonly intermediateSize: number;
  readonly hiddenDropout: number;
  readonly attentionDropout: number;
  readonly maxPositions: number;
  readonly typeVocabSize: number;
  readonly layerNormEps: number;
  /** Standard deviation of a new head's weights. */
  readonly initializerRange: number;
  readonly padTokenId: number;
}

/**
 * Parses a Hugging Face config.json (as text); keys that do not matter here are passed over.
 * @throws ModelError naming the key, what was expected and what was found.
 */
export function parseBertConfig(text: string, fileName = 'config.json'): BertConfig {
  const json = parseJson(text, fileName);
  const parsed = hfBertSchema.safeParse(json);
  if (!parsed.success) {
    const said = parsed.error.issues.map((issue) => {
      const key = String(issue.path[0]);
      const value = (json as Record<string, unknown>)[key];
      const expected = issue.code === 'invalid_value' ? issue.values.map(String).join(' or ') : issue.message;
      return `${key}: expected ${expected}, found ${value === undefined ? 'none' : JSON.stringify(value)}`;
    });
    throw new ModelError(`${fileName}: not an encoder that can be trained here: ${said.join('; ')}`);
  }
  const hf = parsed.data;
  if (hf.hidden_size % hf.num_attention_heads !== 0) {
    const found = `${hf.num_attention_heads} and ${hf.hidden_size}`;
    throw new ModelError(`${fileName}: expected num_attention_heads to divide hidden_size, found ${found}`);
  }
  return {
    vocabSize: hf.vocab_size,
    hiddenSize: hf.hidden_size,
    layers: hf.num_hidden_layers,
    heads: hf.num_attention_heads,
    intermediateSize: hf.intermediate_size,
    hiddenDropout: hf.hidden_dropout_prob,
    attentionDropout: hf.attention_probs_dropout_prob,
    maxPositions: hf.max_position_embeddings,
    typeVocabSize: hf.type_vocab_size,
    layerNormEps: hf.layer_norm_eps,
    initializerRange: hf.initializer_range,
    padTokenId: hf.pad_token_id ?? 0,
  };
}

function parseJson(text: string, fileName: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    throw new ModelError(`${fileName}: not valid JSON: ${(error as Error).message}`);
  }
  throw new ModelError(`${fileName}: expected a JSON object`);
}
