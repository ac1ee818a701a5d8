import { z } from 'zod';
import { encoderFamily } from './encoder-family.js';
import { bertLayer, linear, type EncoderConfig } from './encoder-layout.js';
import { parseConfig, positive, rate, requireDivides, size, tokenId } from './parse-config.js';

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
  layer_norm_eps: positive.default(1e-12),
  initializer_range: positive.default(0.02),
  pad_token_id: tokenId.default(0),
  position_embedding_type: z.literal('absolute').default('absolute'),
  is_decoder: z.literal(false).default(false),
});

/** BERT (Devlin et al., 2018), and what is built like it: MiniLM, BGE, E5. */
export const bert = encoderFamily({
  name: 'bert',
  classes: { bert: 'Bert' },
  parse: (config, fileName) => bertConfig(parseConfig(hfBertSchema, config, fileName, 'an encoder'), fileName),
  layer: bertLayer,
  prefix: 'bert.',
  pooler: true,
  nativeHead: { head: 'classifier' },
  nativeHeadTensors: (width, outputs) => linear('head', width, outputs),
});

/** What config.json of BERT and RoBERTa say in the same words. */
export function bertConfig(
  hf: Omit<z.output<typeof hfBertSchema>, 'model_type'>,
  fileName: string,
  firstPosition = 0,
): EncoderConfig {
  requireDivides(fileName, ['num_attention_heads', hf.num_attention_heads], ['hidden_size', hf.hidden_size]);
  return {
    vocabSize: hf.vocab_size,
    hiddenSize: hf.hidden_size,
    layers: hf.num_hidden_layers,
    heads: hf.num_attention_heads,
    intermediateSize: hf.intermediate_size,
    hiddenDropout: hf.hidden_dropout_prob,
    attentionDropout: hf.attention_probs_dropout_prob,
    maxPositions: hf.max_position_embeddings,
    firstPosition,
    typeVocabSize: hf.type_vocab_size,
    layerNormEps: hf.layer_norm_eps,
    initializerRange: hf.initializer_range,
    padTokenId: hf.pad_token_id ?? 0,
  };
}

/** What RoBERTa's schema changes. */
export { hfBertSchema };
