// Temper's own step, as an engine runs it:  node dist/bench/step/compiled.js LENGTH DROPOUT [PRECISION]
import { partPaths } from '../../infra/parts.mjs';
import { elements, jobOn, openBaseModel, trainerOf } from '../../test/support/base-model.js';
import { CLASSES, fullRows, headValues, ROWS } from './batch.js';
import { serveSteps } from './serve-steps.js';

const [length, dropout, precision = 'float32'] = process.argv.slice(2) as [string, string, string?];
const examples = fullRows(ROWS, Number(length));
const job = jobOn(partPaths().minilm, `batchSize: ${ROWS}, dropout: ${dropout}, precision: ${precision}`);
const { model, weights } = await openBaseModel(partPaths().minilm, CLASSES, job);
const trainer = trainerOf(job, model, CLASSES, [examples]);
for (const [name, shape] of trainer.variables) {
  const head = name === 'head.weight' ? headValues(elements(shape)) : undefined;
  trainer.assign(name, weights.get(name) ?? head ?? new Float32Array(elements(shape)));
}
weights.clear();
await serveSteps(trainer, examples, 10);
