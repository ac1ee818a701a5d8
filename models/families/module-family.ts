/**
 * A model of the user's own as a folder: config.json and model.mjs. Its tensors are a function of code, so that code says them once,
 * when the job is submitted (cli/module-source.ts): from then on config.json has them, and only an engine runs the module.
 */
import { z } from 'zod';
import { quotedList } from '../../job/nearest.js';
import type { Job, Task } from '../../job/schema.js';
import { ModelError } from '../model-error.js';
import { elementsOf } from '../safetensors-header.js';
import type { Family, InitialValues } from './family.js';
import { heStd } from './image-config.js';
import { normalisationOf } from './image-family.js';
import { headWords } from './labels.js';
import { moduleBlockOf, type ModuleInputs, type ModuleTensor } from './module.js';

export const MODULE_MODEL_TYPE = 'temper-module';
export const MODULE_FILE = 'model.mjs';

/** What the module was asked with, and what it answered. */
export interface ModuleConfig {
  readonly inputs: ModuleInputs;
  readonly outputs: number;
  /** Base before head. */
  readonly tensors: readonly ModuleTensor[];
}

const size = z.int().positive();
const configSchema = z.object({
  model_type: z.literal(MODULE_MODEL_TYPE),
  inputs: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('features'), width: size }),
    z.object({ kind: z.literal('pixels'), height: size, width: size, channels: size }),
    z.object({ kind: z.literal('tokens'), vocabulary: size, maxLength: size }),
  ]),
  outputs: size,
  tensors: z.array(
    z.object({
      name: z.string(),
      shape: z.array(size),
      kind: z.enum(['weight', 'statistic']).optional(),
      initial: z.union([z.enum(['zeros', 'ones']), z.number().nonnegative()]).optional(),
      block: z.int().nonnegative().optional(),
    }),
  ),
});

const reads = {
  features: ['tabular-classification', 'tabular-regression'],
  pixels: ['image-classification'],
  tokens: ['text-classification'],
} as const satisfies Record<ModuleInputs['kind'], readonly Task[]>;

const isHead = ({ name }: ModuleTensor): boolean => name.startsWith('head.');

/** config.json of a module that has been asked. */
export const moduleConfigJson = (config: ModuleConfig) => ({ model_type: MODULE_MODEL_TYPE, ...config });

/** @throws ModelError for another kind of input, and for sizes other than those that it was asked with. */
function checkJob({ inputs }: ModuleConfig, { task, data }: Job): void {
  const tasks = reads[inputs.kind];
  if (!tasks.some((known) => known === task)) {
    throw new ModelError(
      `task: expected ${quotedList(tasks, 'or')} of a module that reads ${inputs.kind}, found \`${task}\``,
    );
  }
  if (inputs.kind !== 'pixels' || (data.imageSize ?? inputs.height) === inputs.height) return;
  throw new ModelError(
    `data.imageSize: expected ${inputs.height}, as the module was asked with, found ${data.imageSize}`,
  );
}

/** As the module says it; else biases 0, other vectors 1, filters as He et al. (2015), matrices of deviation 0.02. */
function initialValues(name: string, shape: readonly number[], { tensors }: ModuleConfig): InitialValues {
  const { initial, kind } = tensors.find((tensor) => tensor.name === name) ?? {};
  if (typeof initial === 'number') return { std: initial };
  if (initial !== undefined) return { constant: initial === 'ones' ? 1 : 0 };
  if (kind === 'statistic') return { constant: /var(?:iance)?$/.test(name) ? 1 : 0 };
  if (shape.length < 2) return { constant: name.endsWith('bias') ? 0 : 1 };
  return { std: shape.length === 2 ? INITIAL_STD : heStd(elementsOf(shape.slice(0, -1))) };
}

const INITIAL_STD = 0.02;

export const moduleFamily: Family<ModuleConfig> = {
  name: 'module',
  tasks: Object.values(reads).flat(),
  reads: (config) => config['model_type'] === MODULE_MODEL_TYPE,
  parse(config, fileName) {
    const parsed = configSchema.safeParse(config);
    if (parsed.success) return parsed.data as ModuleConfig;
    const { path, message } = parsed.error.issues[0]!;
    throw new ModelError(`${fileName}: ${path.join('.')}: ${message}: submit the module again, as \`module:FILE\``);
  },
  tensors: ({ tensors }) => tensors.filter((tensor) => !isHead(tensor)),
  head({ tensors, outputs }, _job, wanted) {
    if (outputs === wanted) return tensors.filter(isHead);
    throw new ModelError(
      `model: expected data for the ${outputs} outputs that the module was asked for, found ${wanted}`,
    );
  },
  mapNames: (names) => ({ inFile: new Map(Array.from(names, (name) => [name, name])), ignored: [] }),
  checkJob,
  ownFiles: [MODULE_FILE],
  ownOutputs: true,
  forData(config, { width }) {
    if (config.inputs.kind !== 'features' || config.inputs.width === width) return config;
    throw new ModelError(
      `model: expected ${config.inputs.width} inputs, as the module was asked with, found ${width} in the data`,
    );
  },
  blocks: ({ tensors }) =>
    Math.max(-1, ...tensors.filter((tensor) => !isHead(tensor)).map(({ block = 0 }) => block)) + 1,
  blockOf: (name, { tensors }) => moduleBlockOf(tensors, name),
  adapterTargets: [],
  maxLength: ({ inputs }) => (inputs.kind === 'tokens' ? inputs.maxLength : Number.MAX_SAFE_INTEGER),
  imageSize: ({ inputs }) => (inputs.kind === 'pixels' ? inputs.height : 0),
  imageNormalisation: (_config, preprocessor) => normalisationOf({ mean: [0, 0, 0], std: [1, 1, 1] }, preprocessor),
  vocabularySize: ({ inputs }) => (inputs.kind === 'tokens' ? inputs.vocabulary : 0),
  initializerRange: () => INITIAL_STD,
  initialValues,
  publish: (_config, parsed, job, labels) => ({
    config: { ...moduleConfigJson(parsed), ...headWords(job, labels) },
    nameInFile: (name) => name,
  }),
};
