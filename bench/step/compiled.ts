// Temper's own step, as an engine runs it:  node dist/bench/step/compiled.js LENGTH DROPOUT
import { partPaths } from '../../infra/parts.mjs';
import { elements, openBaseModel } from '../../test/support/base-model.js';
import { Classifier } from '../../training/classifier.js';
import { serve, timed } from '../serve.js';
import { CLASSES, fullBatch, headValues, ROWS } from './batch.js';

const [length, dropout] = process.argv.slice(2).map(Number) as [number, number];
const { table, batch } = fullBatch(ROWS, length);
const { model, weights } = await openBaseModel(partPaths().minilm, CLASSES);
const classifier = new Classifier({
  model,
  trainable: model.tensors.map(({ name }) => name),
  settings: { batchSize: ROWS, dropout, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1 },
  maxLength: length,
  trainOn: [table],
  evaluateOn: [],
});
for (const [name, shape] of classifier.variables) {
  const head = name === 'head.weight' ? headValues(elements(shape)) : undefined;
  classifier.assign(name, weights.get(name) ?? head ?? new Float32Array(elements(shape)));
}
weights.clear();
let step = 0;
await serve(() => timed(10, () => void classifier.trainStep(batch, 7, ++step, 5e-5)));
