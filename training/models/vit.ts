import { vit as family, type ViTConfig } from '../../models/families/vit.js';
import type { Job } from '../../job/schema.js';
import type { Model, Parameters } from '../model.js';
import { attention } from '../ops/attention.js';
import { addBias, conv2d } from '../ops/conv.js';
import { dense } from '../ops/dense.js';
import { gelu } from '../ops/gelu.js';
import { layerNorm } from '../ops/layer-norm.js';
import { tf, type Tensor } from '../tensorflow.js';

/**
 * Vision Transformer (Dosovitskiy et al., 2020): pre-LayerNorm over patches and a class token, whose last vector is the
 * features (rows, width); the head is linear.
 * @throws ModelError for another image size than the position embeddings are of.
 */
export function vit(config: ViTConfig, job: Job, outputs: number): Model {
  const { hiddenSize: width, heads, imageSize: size, patchSize: patch } = config;
  family.checkJob?.(config, job);
  const patches = (size / patch) ** 2;
  const length = patches + 1;

  /** (rows, length, width): the class token first. */
  function embed(p: Parameters, pixels: Tensor): Tensor {
    const rows = pixels.shape[0]!;
    const kernel = p('embeddings.patch_embeddings.projection.weight');
    const projected = addBias(conv2d(pixels, kernel, patch, 'valid'), p('embeddings.patch_embeddings.projection.bias'));
    const tokens = tf.pad(tf.reshape(projected, [rows, patches, width]), [[0, 0], [1, 0], [0, 0]]); // prettier-ignore
    // The class token goes into the first position once, rather than into every row.
    const first = tf.pad(p('embeddings.cls_token'), [[0, 0], [0, patches], [0, 0]]); // prettier-ignore
    return tf.add(tokens, tf.add(p('embeddings.position_embeddings'), first));
  }

  return {
    tensors: [...family.tensors(config, job), ...family.head(config, job, outputs)],
    inputs: (rows) => ({ pixels: { shape: [rows, size, size, 3], dtype: 'float32' } }),
    features(p, { pixels }, { dropout, block }) {
      const rows = pixels!.shape[0]!;
      const linear = (x: Tensor, name: string) => dense(x, p(`${name}.weight`), p(`${name}.bias`));
      const norm = (x: Tensor, name: string) =>
        layerNorm(x, p(`${name}.weight`), p(`${name}.bias`), config.layerNormEps);
      const splitHeads = (x: Tensor) => tf.transpose(tf.reshape(x, [rows, length, heads, width / heads]), [0, 2, 1, 3]); // (rows, heads, length, width / heads)
      const joinHeads = (x: Tensor) => tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [rows * length, width]);

      let x = dropout.apply(tf.reshape(embed(p, pixels!), [rows * length, width])); // (rows · length, width)
      for (let i = 0; i < config.layers; i++) {
        const layer = `encoder.layer.${i}`;
        x = block(layer, x, (x) => {
          const before = norm(x, `${layer}.layernorm_before`);
          const [query, key, value] = ['query', 'key', 'value'].map((part) =>
            splitHeads(linear(before, `${layer}.attention.attention.${part}`)),
          ) as [Tensor, Tensor, Tensor];
          const mixed = joinHeads(attention(query, key, value, tf.scalar(0), dropout));
          const attended = tf.add(x, dropout.apply(linear(mixed, `${layer}.attention.output.dense`)));
          const inner = gelu(linear(norm(attended, `${layer}.layernorm_after`), `${layer}.intermediate.dense`));
          return tf.add(attended, dropout.apply(linear(inner, `${layer}.output.dense`)));
        });
      }
      const classToken = tf.slice(tf.reshape(x, [rows, length, width]), [0, 0, 0], [rows, 1, width]);
      return norm(tf.reshape(classToken, [rows, width]), 'layernorm');
    },
    outputs: (p, features) => dense(features, p('head.weight'), p('head.bias')),
  };
}
