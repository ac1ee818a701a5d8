import type { Job } from '../../job/schema.js';
import type { Family } from '../../models/families/family.js';
import { POOLER, poolingOf, type EncoderConfig, type EncoderLayer } from '../../models/families/encoder-layout.js';
import type { Inputs, Model, Parameters, Pass } from '../model.js';
import { attention } from '../ops/attention.js';
import { embed } from '../ops/embedding.js';
import { gelu } from '../ops/gelu.js';
import { layerNorm } from '../ops/layer-norm.js';
import { linear } from '../ops/linear.js';
import { tf, type Tensor } from '../tensorflow.js';

/** What tells one encoder from another. */
export interface EncoderModel {
  readonly family: Family<EncoderConfig>;
  readonly layer: (index: number) => EncoderLayer;
  /** Whether what attention mixes is dropped out before it is added; DistilBERT's is not. */
  readonly dropsMixed: boolean;
  /** The family's own head: x (rows, width), what the base gives of the first token -> scores. */
  readonly nativeHead: (parameters: Parameters, x: Tensor, pass: Pass) => Tensor;
}

/**
 * A transformer encoder with post-LayerNorm (Devlin et al., 2018) and a head on the mean of its token vectors, as
 * sentence-transformers pools MiniLM, on the first of them, or on every one. Inputs: `ids` and `mask` (rows, bucket), and
 * `types` for sentence pairs where the model knows token types.
 */
export function encoderModel(
  { family, layer, dropsMixed, nativeHead }: EncoderModel,
  config: EncoderConfig,
  job: Job,
  outputs: number,
): Model {
  const { hiddenSize: width } = config;
  const pooling = poolingOf(job);
  const hasTypes = job.data.textPair !== undefined && config.typeVocabSize > 1;
  const tensors = [...family.tensors(config, job), ...family.head(config, job, outputs)];
  const hasPooler = tensors.some(({ name }) => name === `${POOLER}.weight`);

  return {
    tensors,
    inputs: (rows, bucket) => ({
      ids: { shape: [rows, bucket], dtype: 'int32' },
      mask: { shape: [rows, bucket], dtype: 'float32' },
      ...(hasTypes ? { types: { shape: [rows, bucket], dtype: 'int32' } } : {}),
    }),
    features(parameters, inputs, pass) {
      const [rows, length] = inputs['ids']!.shape as [number, number];
      const hidden = encode(parameters, inputs, pass);
      if (pooling === 'tokens') return hidden;
      if (pooling === 'mean') return meanOf(tf.reshape(hidden, [rows, length, width]), inputs['mask']!);
      const first = tf.reshape(tf.slice(tf.reshape(hidden, [rows, length, width]), [0, 0, 0], [rows, 1, width]), [
        rows,
        width,
      ]);
      return hasPooler ? tf.tanh(linear(parameters, first, POOLER)) : first;
    },
    outputs(parameters, features, _, pass) {
      if (pooling === 'native') return nativeHead(parameters, features, pass);
      return linear(parameters, pooling === 'tokens' ? pass.dropout.apply(features) : features, 'head');
    },
  };

  /** Vectors of all positions, (rows · length, width). */
  function encode(p: Parameters, inputs: Inputs, { dropout, block }: Pass): Tensor {
    const { ids, mask } = inputs as { ids: Tensor; mask: Tensor };
    const [rows, length] = ids.shape as [number, number];
    const { heads } = config;
    const norm = (x: Tensor, name: string) => layerNorm(x, p(`${name}.weight`), p(`${name}.bias`), config.layerNormEps);
    const splitHeads = (x: Tensor) => tf.transpose(tf.reshape(x, [rows, length, heads, width / heads]), [0, 2, 1, 3]); // (rows, heads, length, width / heads)
    const joinHeads = (x: Tensor) => tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [rows * length, width]);
    const padding = tf.reshape(tf.mul(tf.sub(1, mask), -1e9), [rows, 1, 1, length]);

    let x = dropout.apply(norm(embedded(p, inputs), 'embeddings.LayerNorm')); // (rows · length, width)
    for (let i = 0; i < config.layers; i++) {
      const names = layer(i);
      x = block(names.block, x, (x) => {
        const [query, key, value] = [names.query, names.key, names.value].map((part) =>
          splitHeads(linear(p, x, part)),
        ) as [Tensor, Tensor, Tensor];
        const mixed = linear(p, joinHeads(attention(query, key, value, padding, dropout)), names.mixed);
        const attended = norm(tf.add(x, dropsMixed ? dropout.apply(mixed) : mixed), names.mixedNorm);
        const inner = gelu(linear(p, attended, names.inner)); // (rows · length, intermediate)
        return norm(tf.add(attended, dropout.apply(linear(p, inner, names.output))), names.outputNorm);
      });
    }
    return x;
  }

  /** Sum of a token's word, position and type, (rows · length, width). */
  function embedded(p: Parameters, { ids, types }: Inputs): Tensor {
    const [rows, length] = ids!.shape as [number, number];
    const rowsOf = (table: string, index: Tensor) =>
      tf.reshape(embed(p(`embeddings.${table}.weight`), tf.reshape(index, [-1])), [rows, length, width]);
    const words = rowsOf('word_embeddings', ids!);
    const first = config.firstPosition; // inputs are padded on the right, so positions count from there in every row
    const positions = tf.slice(p('embeddings.position_embeddings.weight'), [first, 0], [length, width]);
    const sum = () => {
      if (config.typeVocabSize === 0) return tf.add(words, positions);
      if (hasTypes) return tf.add(tf.add(words, positions), rowsOf('token_type_embeddings', types!));
      return tf.add(
        words,
        tf.add(positions, tf.slice(p('embeddings.token_type_embeddings.weight'), [0, 0], [1, width])),
      );
    };
    return tf.reshape(sum(), [rows * length, width]);
  }
}

/** Mean of the vectors x (rows, length, width) where mask (rows, length) is 1: (rows, width). */
function meanOf(x: Tensor, mask: Tensor): Tensor {
  const [rows, length] = mask.shape as [number, number];
  const weights = tf.reshape(mask, [rows, length, 1]);
  const summed = tf.sum(tf.mul(x, weights), 1);
  return tf.div(summed, tf.maximum(tf.sum(weights, 1), 1)); // an empty row pads a batch: its mean is 0, not NaN
}
