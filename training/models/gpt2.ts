import type { Job } from '../../job/schema.js';
import { gpt2Head, gpt2Tensors, WORD_EMBEDDINGS, type Gpt2Config } from '../../models/families/gpt2.js';
import type { Inputs, Model, Parameters, Pass } from '../model.js';
import { causalAttention, causalBias } from '../ops/causal-attention.js';
import { dense } from '../ops/dense.js';
import { denseInOut } from '../ops/dense-in-out.js';
import { embed } from '../ops/embedding.js';
import { geluTanh } from '../ops/gelu-tanh.js';
import { layerNorm } from '../ops/layer-norm.js';
import { tokenScores } from '../ops/token-scores.js';
import { tf, type Tensor } from '../tensorflow.js';

/**
 * GPT-2 (Radford et al., 2019). Rows are padded at their end: causality keeps padding out of every position before it.
 *
 * causal-lm: features (rows · bucket, width) of every position; outputs (rows · bucket, vocabulary), scores of the next token.
 * text-classification: features (rows, width) of each row's last token; outputs (rows, classes).
 */
export function gpt2Model(config: Gpt2Config, job: Job, outputs: number): Model {
  const head = gpt2Head(config, job, outputs);
  const everyPosition = job.task === 'causal-lm';
  const hasBias = head.some(({ name }) => name === 'head.bias');
  return {
    tensors: [...gpt2Tensors(config), ...head],
    inputs: (rows, bucket) => ({
      ids: { shape: [rows, bucket], dtype: 'int32' },
      mask: { shape: [rows, bucket], dtype: 'float32' },
    }),
    features(parameters, inputs, pass: Pass) {
      const hidden = hiddenStates(config, parameters, inputs['ids']!, pass);
      return everyPosition ? hidden : embed(hidden, lastTokens(inputs));
    },
    outputs(p, features) {
      if (everyPosition) return tokenScores(features, p(WORD_EMBEDDINGS));
      return hasBias ? dense(features, p('head.weight'), p('head.bias')) : tokenScores(features, p('head.weight'));
    },
  };
}

/** The blocks of the model over embedded tokens (rows · length, width), `attend` giving the attention of each. */
export function gpt2Blocks(
  { layers, layerNormEps }: Gpt2Config,
  p: Parameters,
  embedded: Tensor,
  { dropout, block }: Pick<Pass, 'dropout' | 'block'>,
  attend: (projected: Tensor, block: number) => Tensor,
): Tensor {
  const linear = (x: Tensor, name: string) => denseInOut(x, p(`${name}.weight`), p(`${name}.bias`));
  const norm = (x: Tensor, name: string) => layerNorm(x, p(`${name}.weight`), p(`${name}.bias`), layerNormEps);
  let x = embedded;
  for (let i = 0; i < layers; i++) {
    x = block(`h.${i}`, x, (x) => {
      const mixed = attend(linear(norm(x, `h.${i}.ln_1`), `h.${i}.attn.c_attn`), i);
      const attended = tf.add(x, dropout.apply(linear(mixed, `h.${i}.attn.c_proj`)));
      const inner = geluTanh(linear(norm(attended, `h.${i}.ln_2`), `h.${i}.mlp.c_fc`)); // (rows · length, inner width)
      return tf.add(attended, dropout.apply(linear(inner, `h.${i}.mlp.c_proj`)));
    });
  }
  return norm(x, 'ln_f');
}

function hiddenStates(config: Gpt2Config, p: Parameters, ids: Tensor, pass: Pass): Tensor {
  const { dropout } = pass;
  const [rows, length] = ids.shape as [number, number];
  const { width, heads } = config;
  const words = tf.reshape(embed(p(WORD_EMBEDDINGS), tf.reshape(ids, [-1])), [rows, length, width]);
  const positions = tf.slice(p('wpe.weight'), [0, 0], [length, width]);
  const embedded = dropout.apply(tf.reshape(tf.add(words, positions), [rows * length, width]));
  const bias = causalBias(length);
  return gpt2Blocks(config, p, embedded, pass, (projected) =>
    causalAttention(projected, bias, { rows, heads }, dropout),
  );
}

/** Place of each row's last token among all positions (rows · bucket); of an empty row's first. */
export function lastTokens({ mask }: Inputs): Tensor {
  const [rows, bucket] = mask!.shape as [number, number];
  const starts = tf.tensor1d(
    Int32Array.from({ length: rows }, (_, row) => row * bucket),
    'int32',
  );
  const last = tf.cast(tf.sub(tf.maximum(tf.sum(mask!, 1), 1), 1), 'int32');
  return tf.add(starts, last);
}
