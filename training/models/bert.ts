import { bertTensors, headTensors } from '../../models/bert-layout.js';
import type { BertConfig } from '../../models/bert-config.js';
import { tf, type Tensor } from '../tensorflow.js';
import type { ClassifierModel, Parameters, TokenBatch } from '../model.js';
import { attention } from '../ops/attention.js';
import { dense } from '../ops/dense.js';
import type { DropoutMasks } from '../ops/dropout.js';
import { embed } from '../ops/embedding.js';
import { gelu } from '../ops/gelu.js';
import { layerNorm } from '../ops/layer-norm.js';

/**
 * BERT encoder (Devlin et al., 2018) with a linear head over the mean of its token vectors, as sentence-transformers
 * pools MiniLM. Tensor names are those of Hugging Face's BertModel; the head's are `head.weight` and `head.bias`.
 */
export function bertClassifier(config: BertConfig, classes: number): ClassifierModel {
  const { hiddenSize: width, heads } = config;

  function encode(p: Parameters, { ids, mask }: TokenBatch, dropout: DropoutMasks): Tensor {
    const [rows, length] = ids.shape as [number, number];
    const linear = (x: Tensor, name: string) => dense(x, p(`${name}.weight`), p(`${name}.bias`));
    const norm = (x: Tensor, name: string) => layerNorm(x, p(`${name}.weight`), p(`${name}.bias`), config.layerNormEps);
    const splitHeads = (x: Tensor) => tf.transpose(tf.reshape(x, [rows, length, heads, width / heads]), [0, 2, 1, 3]); // (rows, heads, length, width / heads)
    const joinHeads = (x: Tensor) => tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [rows * length, width]);

    const words = tf.reshape(embed(p('embeddings.word_embeddings.weight'), tf.reshape(ids, [-1])), [
      rows,
      length,
      width,
    ]);
    const positions = tf.slice(p('embeddings.position_embeddings.weight'), [0, 0], [length, width]);
    const type = tf.slice(p('embeddings.token_type_embeddings.weight'), [0, 0], [1, width]);
    const embedded = tf.reshape(tf.add(words, tf.add(positions, type)), [rows * length, width]);
    const padding = tf.reshape(tf.mul(tf.sub(1, mask), -1e9), [rows, 1, 1, length]);

    let x = dropout.apply(norm(embedded, 'embeddings.LayerNorm')); // (rows · length, width)
    for (let i = 0; i < config.layers; i++) {
      const layer = `encoder.layer.${i}`;
      const [query, key, value] = ['query', 'key', 'value'].map((part) =>
        splitHeads(linear(x, `${layer}.attention.self.${part}`)),
      ) as [Tensor, Tensor, Tensor];
      const mixed = linear(
        joinHeads(attention(query, key, value, padding, dropout)),
        `${layer}.attention.output.dense`,
      );
      x = norm(tf.add(x, dropout.apply(mixed)), `${layer}.attention.output.LayerNorm`);
      const inner = gelu(linear(x, `${layer}.intermediate.dense`)); // (rows · length, intermediate)
      x = norm(tf.add(x, dropout.apply(linear(inner, `${layer}.output.dense`))), `${layer}.output.LayerNorm`);
    }
    const weights = tf.reshape(mask, [rows, length, 1]);
    const summed = tf.sum(tf.mul(tf.reshape(x, [rows, length, width]), weights), 1);
    return tf.div(summed, tf.maximum(tf.sum(weights, 1), 1)); // an empty row pads a batch: its mean is 0, not NaN
  }

  return {
    tensors: [...bertTensors(config), ...headTensors(config, classes)],
    maxLength: config.maxPositions,
    encode,
    logits: (p, batch, dropout) => dense(encode(p, batch, dropout), p('head.weight'), p('head.bias')),
  };
}
