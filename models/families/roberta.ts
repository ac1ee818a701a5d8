import { z } from 'zod';
import { bertConfig, hfBertSchema } from './bert.js';
import { encoderFamily } from './encoder-family.js';
import { bertLayer, linear } from './encoder-layout.js';
import { parseConfig, positive, tokenId } from './parse-config.js';

const hfRobertaSchema = hfBertSchema.extend({
  model_type: z.literal(['roberta', 'xlm-roberta']),
  layer_norm_eps: positive.default(1e-12),
  pad_token_id: tokenId.default(1),
});

/**
 * RoBERTa (Liu et al., 2019) and XLM-RoBERTa: BERT's layers, with positions that begin after the padding token's id, one token
 * type, and a head of two layers on `<s>`.
 */
export const roberta = encoderFamily({
  name: 'roberta',
  classes: { roberta: 'Roberta', 'xlm-roberta': 'XLMRoberta' },
  parse(config, fileName) {
    const hf = parseConfig(hfRobertaSchema, config, fileName, 'an encoder');
    const padTokenId = hf.pad_token_id ?? 1;
    return bertConfig({ ...hf, pad_token_id: padTokenId }, fileName, padTokenId + 1);
  },
  layer: bertLayer,
  prefix: 'roberta.',
  pooler: false,
  nativeHead: { 'head.dense': 'classifier.dense', 'head.out_proj': 'classifier.out_proj' },
  nativeHeadTensors: (width, outputs) => [
    ...linear('head.dense', width, width),
    ...linear('head.out_proj', width, outputs),
  ],
});
