import { z } from 'zod';
import { encoderFamily } from './encoder-family.js';
import { distilbertLayer, linear } from './encoder-layout.js';
import { parseConfig, positive, rate, requireDivides, size, tokenId } from './parse-config.js';

/** Whether positions began as sinusoids makes no difference: the file has them as a table. */
const hfDistilbertSchema = z.object({
  vocab_size: size,
  dim: size,
  n_layers: size,
  n_heads: size,
  hidden_dim: size,
  activation: z.literal('gelu').default('gelu'),
  dropout: rate.default(0.1),
  attention_dropout: rate.default(0.1),
  max_position_embeddings: size.default(512),
  initializer_range: positive.default(0.02),
  pad_token_id: tokenId.default(0),
});

/** DistilBERT (Sanh et al., 2019): BERT without token types and pooler. */
export const distilbert = encoderFamily({
  name: 'distilbert',
  classes: { distilbert: 'DistilBert' },
  parse(config, fileName) {
    const hf = parseConfig(hfDistilbertSchema, config, fileName, 'an encoder');
    requireDivides(fileName, ['n_heads', hf.n_heads], ['dim', hf.dim]);
    return {
      vocabSize: hf.vocab_size,
      hiddenSize: hf.dim,
      layers: hf.n_layers,
      heads: hf.n_heads,
      intermediateSize: hf.hidden_dim,
      hiddenDropout: hf.dropout,
      attentionDropout: hf.attention_dropout,
      maxPositions: hf.max_position_embeddings,
      firstPosition: 0,
      typeVocabSize: 0,
      layerNormEps: 1e-12,
      initializerRange: hf.initializer_range,
      padTokenId: hf.pad_token_id ?? 0,
    };
  },
  layer: distilbertLayer,
  prefix: 'distilbert.',
  pooler: false,
  nativeHead: { 'head.pre_classifier': 'pre_classifier', 'head.classifier': 'classifier' },
  nativeHeadTensors: (width, outputs) => [
    ...linear('head.pre_classifier', width, width),
    ...linear('head.classifier', width, outputs),
  ],
});
