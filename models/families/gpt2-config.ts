import { z } from 'zod';
import { positive, rate, requireDivides, size, tokenId, parseConfig } from './parse-config.js';

const hfGpt2Schema = z.object({
  model_type: z.literal('gpt2'),
  vocab_size: size,
  n_embd: size,
  n_layer: size,
  n_head: size,
  n_positions: size.default(1024),
  n_inner: size.nullable().default(null),
  // The same function under two names: GELU by its tanh approximation.
  activation_function: z.enum(['gelu_new', 'gelu_pytorch_tanh']).default('gelu_new'),
  layer_norm_epsilon: positive.default(1e-5),
  initializer_range: positive.default(0.02),
  resid_pdrop: rate.default(0.1),
  embd_pdrop: rate.default(0.1),
  attn_pdrop: rate.default(0.1),
  tie_word_embeddings: z.literal(true).default(true),
  scale_attn_weights: z.literal(true).default(true),
  scale_attn_by_inverse_layer_idx: z.literal(false).default(false),
  add_cross_attention: z.literal(false).default(false),
  eos_token_id: tokenId.default(null),
  pad_token_id: tokenId.default(null),
});

/** A decoder of GPT-2's kind: pre-LayerNorm, learned absolute positions, tanh GELU, the word embeddings as its output layer. */
export interface Gpt2Config {
  readonly vocabSize: number;
  readonly width: number;
  readonly layers: number;
  /** Divides width. */
  readonly heads: number;
  readonly innerWidth: number;
  readonly maxPositions: number;
  readonly layerNormEps: number;
  readonly initializerRange: number;
  readonly embeddingDropout: number;
  readonly attentionDropout: number;
  readonly residualDropout: number;
  /** Ends a text; null where the configuration names none. */
  readonly endOfTextId: number | null;
  readonly padTokenId: number | null;
}

/**
 * Reads a parsed config.json of transformers' GPT2LMHeadModel; keys that do not matter here are passed over.
 * @throws ModelError naming the key, what was expected and what was found.
 */
export function parseGpt2Config(config: Readonly<Record<string, unknown>>, fileName = 'config.json'): Gpt2Config {
  const hf = parseConfig(hfGpt2Schema, config, fileName, 'a GPT-2');
  requireDivides(fileName, ['n_head', hf.n_head], ['n_embd', hf.n_embd]);
  return {
    vocabSize: hf.vocab_size,
    width: hf.n_embd,
    layers: hf.n_layer,
    heads: hf.n_head,
    innerWidth: hf.n_inner ?? 4 * hf.n_embd,
    maxPositions: hf.n_positions,
    layerNormEps: hf.layer_norm_epsilon,
    initializerRange: hf.initializer_range,
    embeddingDropout: hf.embd_pdrop,
    attentionDropout: hf.attn_pdrop,
    residualDropout: hf.resid_pdrop,
    endOfTextId: hf.eos_token_id,
    padTokenId: hf.pad_token_id,
  };
}
