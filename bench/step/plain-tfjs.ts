// The same step as a user of TensorFlow.js writes it: tf ops, tf.train.adam, every op dispatched by itself.
import { partPaths } from '../../infra/parts.mjs';
import { elements, openBaseModel } from '../../test/support/base-model.js';
import { tf } from '../../training/tensorflow.js';
import { serve, timed } from '../serve.js';
import { plainMiniLm } from '../plain-tfjs-minilm.js';
import { CLASSES, fullRows, headValues, ROWS } from './batch.js';

const LENGTH = 64;
const examples = fullRows(ROWS, LENGTH);
const all = Int32Array.from({ length: ROWS }, (_, i) => i);
const batch = examples.gather(all, ROWS, LENGTH);
const { config, model, weights } = await openBaseModel(partPaths().minilm, CLASSES);
const variables = new Map(
  model.tensors.map(({ name, shape }) => {
    const values = weights.get(name) ?? headValues(elements(shape));
    return [name, tf.variable(tf.tensor(values, [...shape]))];
  }),
);
const ids = tf.tensor2d(batch['ids']!, [ROWS, LENGTH], 'int32');
const mask = tf.tensor2d(batch['mask']!, [ROWS, LENGTH]);
const labels = tf.oneHot(tf.tensor1d(batch['labels']!, 'int32'), CLASSES).toFloat();
const logits = plainMiniLm(config, (name) => variables.get(name)!);
const optimizer = tf.train.adam(5e-5);

function step(): void {
  const loss = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(labels, logits(ids, mask)).asScalar(), true, [
    ...variables.values(),
  ])!;
  loss.dataSync();
  loss.dispose();
}
await serve(() => timed(2, step));
