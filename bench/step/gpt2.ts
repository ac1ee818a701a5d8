// A language model's step, as an engine runs it: a GPT-2 of the small shape:  node dist/bench/step/gpt2.js ROWS LENGTH
import { jobSchema } from '../../job/schema.js';
import { parseGpt2Config } from '../../models/families/gpt2.js';
import { elementsOf } from '../../models/safetensors-header.js';
import { tokenExamples } from '../../training/examples/token-examples.js';
import { gpt2Model } from '../../training/models/gpt2.js';
import { objectiveFor } from '../../training/objectives/index.js';
import { initialWeights } from '../../training/initial-weights.js';
import { optimizerFor } from '../../training/optimizers/index.js';
import { ratePlan } from '../../training/optimizers/groups.js';
import { Trainer } from '../../training/trainer.js';
import { serve, timed } from '../serve.js';

const [rows, length] = process.argv.slice(2).map(Number) as [number, number];
const config = parseGpt2Config({ model_type: 'gpt2', vocab_size: 50257, n_embd: 768, n_layer: 12, n_head: 12 });
const job = jobSchema.parse({
  ...{ name: 'gpt2', task: 'causal-lm', model: 'file:gpt2', pretrained: false },
  data: { source: 'texts.jsonl', maxLength: length },
  train: { batchSize: rows, dropout: 0 },
});
const model = gpt2Model(config, job, 0);
const placed = model.tensors.map((tensor) => ({ ...tensor, block: 0 }));
const width = length + 1; // the last token is a target only
const examples = tokenExamples({
  tokens: {
    values: Int32Array.from({ length: rows * width }, (_, i) => 1000 + ((i * 7919 + 104_729) % 19_000)),
    offsets: Int32Array.from({ length: rows + 1 }, (_, i) => i * width),
  },
  types: null,
  targets: { kind: 'next' },
  maxLength: length,
});
const trainer = new Trainer({
  model,
  objective: objectiveFor(job, 0),
  optimizer: optimizerFor(job.train),
  settings: {
    batchSize: rows,
    accumulate: 1,
    dropout: 0,
    clipNorm: 1,
    ema: null,
    precision: 'float32',
    gradientCheckpointing: false,
  },
  evaluated: (outputs) => outputs,
  rates: ratePlan(job.train, placed, 1),
  phases: [{ fromEpoch: 0, trainable: model.tensors.map(({ name }) => name) }],
  trainOn: [examples],
  evaluateOn: [],
});
const tensors = new Map(model.tensors.map((tensor) => [tensor.name, tensor]));
for (const [name, shape] of trainer.variables) {
  const tensor = tensors.get(name);
  const values = tensor ? initialWeights(tensor, config.initializerRange, 7) : new Float32Array(elementsOf(shape));
  trainer.assign(name, values);
}
const batch = Int32Array.from({ length: rows }, (_, i) => i);
let step = 0;
await serve(() =>
  timed(3, () => void trainer.trainStep(examples, [batch], { epoch: 0, step: ++step, seed: 7, learningRate: 5e-5 })),
);
