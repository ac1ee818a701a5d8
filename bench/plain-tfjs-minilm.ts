import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import type { EncoderConfig } from '../models/families/encoder-layout.js';
import { tf, type Tensor } from '../training/tensorflow.js';

/** MiniLM with a head in plain TensorFlow.js: public ops and their own gradients, nothing of Temper's. */
export function plainMiniLm(config: EncoderConfig, weight: (name: string) => Tensor) {
  const { hiddenSize: width, heads, layers } = config;
  const dense = (x: Tensor, name: string): Tensor =>
    tf.add(tf.matMul(x as Tensor2D, weight(`${name}.weight`) as Tensor2D, false, true), weight(`${name}.bias`));
  const gelu = (x: Tensor): Tensor => tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
  const layerNorm = (x: Tensor, name: string): Tensor => {
    const centred = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centred), -1, true);
    const normalised = tf.mul(centred, tf.rsqrt(tf.add(variance, config.layerNormEps)));
    return tf.add(tf.mul(normalised, weight(`${name}.weight`)), weight(`${name}.bias`));
  };
  return (ids: Tensor, mask: Tensor): Tensor => {
    const [rows, length] = ids.shape as [number, number];
    const split = (x: Tensor) =>
      tf.transpose(tf.reshape(x, [rows, length, heads, width / heads]), [0, 2, 1, 3]) as Tensor4D;
    const words = tf.gather(weight('embeddings.word_embeddings.weight'), tf.reshape(ids, [-1]) as never);
    const positions = tf.slice(weight('embeddings.position_embeddings.weight'), [0, 0], [length, width]);
    const type = tf.slice(weight('embeddings.token_type_embeddings.weight'), [0, 0], [1, width]);
    const embedded = tf.add(tf.add(tf.reshape(words, [rows, length, width]), positions), type);
    const hidden = tf.reshape(tf.mul(tf.sub(1, mask), -1e9), [rows, 1, 1, length]);
    let x = tf.reshape(layerNorm(embedded, 'embeddings.LayerNorm'), [rows * length, width]);
    for (let i = 0; i < layers; i++) {
      const at = `encoder.layer.${i}`;
      const part = (name: string) => split(dense(x, `${at}.attention.self.${name}`));
      const scores = tf.mul(tf.matMul(part('query'), part('key'), false, true), 1 / Math.sqrt(width / heads));
      const mixed = tf.matMul(tf.softmax(tf.add(scores, hidden)) as Tensor4D, part('value'));
      const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [rows * length, width]);
      x = layerNorm(tf.add(x, dense(joined, `${at}.attention.output.dense`)), `${at}.attention.output.LayerNorm`);
      const inner = gelu(dense(x, `${at}.intermediate.dense`));
      x = layerNorm(tf.add(x, dense(inner, `${at}.output.dense`)), `${at}.output.LayerNorm`);
    }
    const weights = tf.reshape(mask, [rows, length, 1]);
    const pooled = tf.div(tf.sum(tf.mul(tf.reshape(x, [rows, length, width]), weights), 1), tf.sum(weights, 1));
    return dense(pooled, 'head');
  };
}
