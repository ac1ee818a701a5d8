// A language model's step: a GPT-2 of the small shape, random weights:  node dist/bench/step/gpt2.js ROWS LENGTH
import { parseGpt2Config } from '../../models/families/gpt2.js';
import type { Job } from '../../job/schema.js';
import { elements } from '../../test/support/base-model.js';
import { compile } from '../../training/compile/program.js';
import { truncatedNormal } from '../../training/counter-random.js';
import type { Pass } from '../../training/model.js';
import { gpt2Model } from '../../training/models/gpt2.js';
import { meanCrossEntropy } from '../../training/ops/cross-entropy.js';
import { noDropout } from '../../training/ops/dropout.js';
import { adamWFeeds, adamWInputs, adamWUpdate, clipByGlobalNorm, slotsOf } from '../../training/optimizers/adamw.js';
import { tf, type Tensor } from '../../training/tensorflow.js';
import { serve, timed } from '../serve.js';

const [rows, length] = process.argv.slice(2).map(Number) as [number, number];
const SMALL = { model_type: 'gpt2', vocab_size: 50257, n_embd: 768, n_layer: 12, n_head: 12 };
const settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1 };
const pass: Pass = { training: true, dropout: noDropout, isFrozen: () => false, update: () => undefined };

const config = parseGpt2Config(SMALL);
const model = gpt2Model(config, { task: 'causal-lm', pooling: 'native' } as Job, 0);
const names = model.tensors.map(({ name }) => name);
const variables = new Map<string, readonly number[]>();
for (const { name, shape } of model.tensors) for (const each of [name, ...slotsOf(name)]) variables.set(each, shape);

const program = compile({
  variables,
  functions: {
    train: {
      inputs: {
        ...model.inputs(rows, length),
        labels: { shape: [rows * length], dtype: 'int32' },
        weights: { shape: [rows * length], dtype: 'float32' },
        ...adamWInputs,
      },
      trace(inputs, variable) {
        const loss = (...trained: Tensor[]) => {
          const byName = new Map(names.map((name, i) => [name, trained[i]!]));
          const parameters = (name: string) => byName.get(name)!;
          const outputs = model.outputs(parameters, model.features(parameters, inputs, pass), inputs, pass);
          return meanCrossEntropy(outputs, inputs['labels']!, inputs['weights']!) as never;
        };
        const { value, grads } = tf.valueAndGrads(loss)(names.map(variable));
        const { gradients, norm } = clipByGlobalNorm(grads, settings.clipNorm);
        const hyper = inputs as Record<keyof typeof adamWInputs, Tensor>;
        return {
          outputs: { loss: value, norm },
          update: adamWUpdate(settings, hyper, new Map(names.map((name, i) => [name, gradients[i]!]))),
        };
      },
    },
  },
});
for (const [i, { name, shape }] of model.tensors.entries()) {
  const count = elements(shape);
  const gain = new Float32Array(count).fill(name.endsWith('.weight') ? 1 : 0);
  program.assign(name, shape.length > 1 ? truncatedNormal(count, config.initializerRange, 7, i) : gain);
  for (const slot of slotsOf(name)) program.assign(slot, new Float32Array(count));
}

const ids = Int32Array.from({ length: rows * length }, (_, i) => 1000 + ((i * 7919 + 104_729) % 19_000));
const labels = Int32Array.from(ids, (_, i) => ids[(i + 1) % ids.length]!);
const weights = Float32Array.from(ids, (_, i) => ((i + 1) % length === 0 ? 0 : 1)); // the last position has no next token
const mask = new Float32Array(ids.length).fill(1);
const feeds = adamWFeeds(settings);
let step = 0;
await serve(() => timed(3, () => void program.run('train', { ids, mask, labels, weights, ...feeds(++step, 5e-5) })));
