import { jobSchema, type Job } from '../../job/schema.js';
import { familyOf } from '../../models/families/index.js';
import { elementsOf } from '../../models/safetensors-header.js';
import type { Examples } from '../../training/examples/examples.js';
import { initialWeights } from '../../training/initial-weights.js';
import { buildModel } from '../../training/models/index.js';
import { trainerFor } from '../../training/trainer-for.js';
import type { Trainer } from '../../training/trainer.js';

/** A job of random weights; a key that is not given is the product's own default. */
export const jobOf = (task: Job['task'], train: Partial<Job['train']>, data: Partial<Job['data']> = {}): Job =>
  jobSchema.parse({
    ...{ name: 'bench', task, model: 'file:model', pretrained: false, train },
    data: { source: 'rows.jsonl', ...data },
  });

/** A trainer of all weights of the architecture that `config`, a config.json, describes; they begin as a job's do. */
export function freshTrainer(
  config: Readonly<Record<string, unknown>>,
  job: Job,
  outputs: number,
  examples: Examples,
): Trainer {
  const family = familyOf(config);
  const parsed = family.parse(config, 'config.json');
  const model = buildModel(family.name, parsed, job, outputs);
  const trainable = model.tensors.filter(({ kind }) => kind !== 'statistic').map(({ name }) => name);
  const trainer = trainerFor({
    ...{ job, model, outputs, trainOn: [examples], evaluateOn: [] },
    phases: [{ fromEpoch: 0, trainable: trainable.sort() }],
    blocks: family.blocks(parsed),
    blockOf: (name) => family.blockOf(name, parsed),
  });
  const tensors = new Map(model.tensors.map((tensor) => [tensor.name, tensor]));
  for (const [name, shape] of trainer.variables) {
    const tensor = tensors.get(name);
    const rule = name.startsWith('head.') ? undefined : family.initialValues?.(name, shape, parsed);
    const range = family.initializerRange(parsed);
    trainer.assign(name, tensor ? initialWeights(tensor, range, job.seed, rule) : new Float32Array(elementsOf(shape)));
  }
  return trainer;
}
