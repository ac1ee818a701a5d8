import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Job } from '../../job/schema.js';
import { compile } from '../../training/compile/program.js';
import type { Model, Pass } from '../../training/model.js';
import { noDropout } from '../../training/ops/dropout.js';
import { evaluationPass } from '../../training/step-functions.js';

const numbers = z.array(z.number());
const linear = z.object({ weight: numbers, bias: numbers });
const caseSchema = z.object({
  folder: z.string(),
  texts: z.array(z.union([z.string(), z.array(z.string())])),
  pairs: z.array(z.tuple([z.string(), z.string()])).optional(),
  ids: z.array(numbers),
  mask: z.array(numbers),
  types: z.array(numbers).nullable(),
  heads: z.object({ head: linear, native: linear.optional() }),
  hidden: z.array(numbers),
  mean: numbers,
  logits: numbers,
  tokenLogits: z.array(numbers),
});
const fixtureSchema = z.object({ labels: z.array(z.string()), tags: z.array(z.string()), models: z.array(caseSchema) });

export type EncoderCase = z.infer<typeof caseSchema>;

export const fixturePath = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

/** What Hugging Face's classes compute (test/references/tiny_encoders.py). */
export const { labels, tags, models } = fixtureSchema.parse(
  JSON.parse(readFileSync(fixturePath('tiny-encoders.json'), 'utf8')),
);

export const titleOf = ({ folder, pairs }: EncoderCase): string => (pairs ? `${folder} on pairs` : folder);

/** Keys of a job on this case. */
export const keysOf = ({ pairs }: EncoderCase): { readonly data: Job['data'] | object } => ({
  data: pairs ? { textPair: 'second' } : {},
});

/** Values of new tensors: the fixture's linear head, under our names. */
export function withHead(weights: Map<string, Float32Array>, head: z.infer<typeof linear> | undefined): void {
  if (head === undefined) return;
  weights.set('head.weight', Float32Array.from(head.weight));
  weights.set('head.bias', Float32Array.from(head.bias));
}

export interface Batch {
  readonly ids: readonly (readonly number[])[];
  readonly mask: readonly (readonly number[])[];
  readonly types?: readonly (readonly number[])[] | null;
}

export const feedsOf = ({ ids, mask, types }: Batch) => ({
  ids: Int32Array.from(ids.flat()),
  mask: Float32Array.from(mask.flat()),
  ...(types ? { types: Int32Array.from(types.flat()) } : {}),
});

export const evaluation: Pass = {
  training: false,
  dropout: noDropout,
  block: evaluationPass.block,
  isFrozen: () => true,
  update: (statistic) => {
    throw new Error(`${statistic} is updated in an evaluation`);
  },
};

/** Features and outputs of a batch, compiled. */
export function runModel(model: Model, weights: ReadonlyMap<string, Float32Array>, batch: Batch) {
  const [rows, length] = [batch.ids.length, batch.ids[0]!.length];
  const program = compile({
    variables: new Map(model.tensors.map(({ name, shape }) => [name, shape])),
    functions: {
      forward: {
        inputs: model.inputs(rows, length),
        trace(inputs, variable) {
          const features = model.features(variable, inputs, evaluation);
          return { outputs: { features, outputs: model.outputs(variable, features, inputs, evaluation) } };
        },
      },
    },
  });
  try {
    for (const { name } of model.tensors) {
      const values = weights.get(name);
      if (values === undefined) throw new Error(`the test gives no value for ${name}`);
      program.assign(name, values);
    }
    const { features, outputs } = program.run('forward', feedsOf(batch));
    return { features: features!, outputs: outputs! };
  } finally {
    program.close();
  }
}

/** Rows of (rows · length, width) where the mask is 1. */
export const realRows = (values: Float32Array, { mask }: Batch): Float32Array => {
  const flat = mask.flat();
  const width = values.length / flat.length;
  return values.filter((_, i) => flat[Math.floor(i / width)] === 1);
};

export const worst = (found: ArrayLike<number>, expected: readonly number[]): number => {
  if (found.length !== expected.length) return Infinity;
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0);
};
