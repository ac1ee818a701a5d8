// Temper's own step, as an engine runs it:  node dist/bench/step/compiled.js LENGTH DROPOUT [PRECISION]
import { partPaths } from '../../infra/parts.mjs';
import { elements, jobOn, openBaseModel, trainerOf } from '../../test/support/base-model.js';
import { serve, timed } from '../serve.js';
import { CLASSES, fullBatch, headValues, ROWS } from './batch.js';

const [length, dropout, precision = 'float32'] = process.argv.slice(2) as [string, string, string?];
const { examples, all } = fullBatch(ROWS, Number(length));
const job = jobOn(partPaths().minilm, `batchSize: ${ROWS}, dropout: ${dropout}, precision: ${precision}`);
const { model, weights } = await openBaseModel(partPaths().minilm, CLASSES, job);
const trainer = trainerOf(job, model, CLASSES, [examples]);
for (const [name, shape] of trainer.variables) {
  const head = name === 'head.weight' ? headValues(elements(shape)) : undefined;
  trainer.assign(name, weights.get(name) ?? head ?? new Float32Array(elements(shape)));
}
weights.clear();
let step = 0;
await serve(() =>
  timed(10, () => void trainer.trainStep(examples, [all], { epoch: 0, step: ++step, seed: 7, learningRate: 5e-5 })),
);
