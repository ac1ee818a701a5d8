/**
 * A multi-layer perceptron for tables: dense layers with one activation, and a linear head. It is not pre-trained: its
 * width comes from the data (forData), so no folder is needed; a published one has a config.json and can be trained on.
 */
import { z } from 'zod';
import type { Job } from '../../job/schema.js';
import { ModelError } from '../model-error.js';
import type { TensorSpec } from '../tensor-spec.js';
import type { Family } from './family.js';
import { outputNames } from './labels.js';

export type MlpActivation = 'relu' | 'gelu' | 'tanh';

export interface MlpConfig {
  /** Width of the features; 0 until the data is known. */
  readonly inputs: number;
  readonly hidden: readonly number[];
  readonly activation: MlpActivation;
}

const MODEL_TYPE = 'temper-mlp';
const width = z.int('a whole number above 0').positive('a whole number above 0');
const configSchema = z.object({
  model_type: z.literal(MODEL_TYPE),
  /** Left out before it is trained: the data says. */
  inputs: width.optional(),
  hidden: z.array(width, 'a list of widths').min(1, 'at least one width'),
  activation: z.enum(['relu', 'gelu', 'tanh']),
});

/** config.json of a job's MLP that nothing has trained yet. */
export const mlpConfigJson = ({ mlp }: Pick<Job, 'mlp'>) => ({
  model_type: MODEL_TYPE,
  hidden: mlp?.hidden ?? [128, 64],
  activation: mlp?.activation ?? 'relu',
});

const fanIns = ({ inputs, hidden }: MlpConfig): number[] => [inputs, ...hidden];

/** He et al., 2015, for ReLU and GELU; Glorot & Bengio, 2010, for tanh. */
const spread = (activation: MlpActivation, inputs: number, outputs: number): number =>
  activation === 'tanh' ? Math.sqrt(2 / (inputs + outputs)) : Math.sqrt(2 / inputs);

const linear = (name: string, inputs: number, outputs: number, initial: number): TensorSpec[] => [
  { name: `${name}.weight`, shape: [outputs, inputs], initial },
  { name: `${name}.bias`, shape: [outputs], initial: 'zeros' },
];

export const mlp: Family<MlpConfig> = {
  name: 'mlp',
  tasks: ['tabular-classification', 'tabular-regression'],
  reads: (config) => config['model_type'] === MODEL_TYPE,
  parse(config, fileName) {
    const parsed = configSchema.safeParse(config);
    if (parsed.success) {
      const { inputs, hidden, activation } = parsed.data;
      return { inputs: inputs ?? 0, hidden, activation };
    }
    const { path, message } = parsed.error.issues[0]!;
    const found = JSON.stringify(config[String(path[0])]) ?? 'none';
    throw new ModelError(`${fileName}: ${path.join('.')}: expected ${message}, found ${found}`);
  },
  tensors: (config) =>
    config.hidden.flatMap((outputs, i) => {
      const inputs = fanIns(config)[i]!;
      return linear(`layers.${i}`, inputs, outputs, spread(config.activation, inputs, outputs));
    }),
  head(config, _job, outputs) {
    const inputs = config.hidden.at(-1)!;
    return linear('head', inputs, outputs, Math.sqrt(1 / inputs));
  },
  mapNames(names) {
    const known = [...names].filter((name) => name.startsWith('layers.'));
    return {
      inFile: new Map(known.map((name) => [name, name])),
      ignored: [...names].filter((name) => !name.startsWith('layers.')).sort(),
    };
  },
  blocks: ({ hidden }) => hidden.length,
  blockOf: (name) => Number(/^layers\.(\d+)\./.exec(name)?.[1] ?? -1),
  forData(config, { width }) {
    if (config.inputs === width || config.inputs === 0) return { ...config, inputs: width };
    throw new ModelError(
      `model: expected ${config.inputs} inputs, as it was trained with, found ${width} in the data: use the columns of that training`,
    );
  },
  adapterTargets: ['layers\\.\\d+\\.weight'],
  initializerRange: (config) => Math.sqrt(2 / Math.max(...fanIns(config))),
  publish: (_config, parsed, job, labels) => ({
    config: {
      model_type: MODEL_TYPE,
      ...parsed,
      ...outputNames(job, labels),
    },
    nameInFile: (name) => name,
  }),
};
