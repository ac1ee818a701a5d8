import { expect, test } from 'vitest';
import { cnn as family } from '../../models/families/cnn.js';
import { initialTensor } from '../../training/initial-weights.js';
import { cnn } from '../../training/models/cnn.js';
import { tf, type Tensor } from '../../training/tensorflow.js';
import { imageJob, relativeError, runImageModel, wavePixels } from '../support/image-model.js';

const ROWS = 3;
const config = family.parse({ model_type: 'temper-cnn', imageSize: 9, channels: 1, filters: [4, 6], hidden: 8 }, 'c');
const job = imageJob();
const model = cnn(config, job, 5);
const weights = new Map(
  model.tensors.map(({ name, shape }) => {
    const rule = name.startsWith('head.') ? { std: 0.5 } : family.initialValues(name, shape, config);
    return [name, initialTensor(name, shape, rule, 7)] as const;
  }),
);

test('a small CNN computes and differentiates as the same network of public ops does', () => {
  const values = wavePixels(ROWS * 9 * 9);
  const { logits, gradients } = runImageModel(model, weights, { rows: ROWS, values }, { training: true });
  const shapes = new Map(model.tensors.map(({ name, shape }) => [name, [...shape]]));
  const names = [...shapes.keys()];
  tf.tidy(() => {
    const pixels = tf.tensor4d(values, [ROWS, 9, 9, 1]);
    const network = (...tensors: Tensor[]) => {
      const p = (name: string) => tensors[names.indexOf(name)]!;
      let x: Tensor = pixels;
      for (const i of [0, 1]) {
        const convolved = tf.conv2d(x as never, p(`convolutions.${i}.weight`) as never, 1, 'same');
        x = tf.maxPool(tf.relu(tf.add(convolved, p(`convolutions.${i}.bias`))) as never, 2, 2, 'valid');
      }
      const linear = (x: Tensor, name: string) => tf.add(tf.matMul(x, p(`${name}.weight`), false, true), p(`${name}.bias`));
      return linear(tf.relu(linear(tf.reshape(x, [ROWS, -1]), 'hidden')), 'head');
    }; // prettier-ignore
    const tensors = names.map((name) => tf.tensor(weights.get(name)!, shapes.get(name)!));
    expect(relativeError(logits, network(...tensors).dataSync())).toBeLessThan(1e-5);
    const wave = tf.tensor(Float32Array.from({ length: ROWS * 5 }, (_, i) => Math.sin(1.7 * i + 1)), [ROWS, 5]); // prettier-ignore
    const expected = tf.grads((...tensors) => tf.sum(tf.mul(network(...tensors), wave)))(tensors);
    names.forEach((name, i) => {
      expect(relativeError(gradients.get(name)!, expected[i]!.dataSync()), name).toBeLessThan(1e-5);
    });
  });
});

test('a job may give a CNN another image size, which its hidden layer follows', () => {
  const larger = cnn(config, imageJob({ imageSize: 16 }), 5);
  expect(larger.inputs(2, 1)).toEqual({ pixels: { shape: [2, 16, 16, 1], dtype: 'float32' } });
  const shape = larger.tensors.find(({ name }) => name === 'hidden.weight')!.shape;
  expect(shape).toEqual([8, 4 * 4 * 6]);
});
