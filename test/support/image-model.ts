import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jobSchema, type Job } from '../../job/schema.js';
import { architectureError, checkArchitecture } from '../../models/architecture-check.js';
import type { ImageFamily } from '../../models/families/image-family.js';
import { readFloats, readSafetensorsHeader } from '../../models/safetensors.js';
import type { Model, Pass } from '../../training/model.js';
import { noDropout } from '../../training/ops/dropout.js';
import { tf, type Tensor } from '../../training/tensorflow.js';
import { evaluationPass } from '../../training/step-functions.js';

export const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

export const imageJob = (data: Partial<Job['data']> = {}): Job =>
  jobSchema.parse({
    name: 'images',
    task: 'image-classification',
    model: 'file:model',
    data: { source: 'images', ...data },
  });

export interface OpenImageModel<Config> {
  readonly config: Config;
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** A model folder's base in our names and layout, its architecture checked. */
export async function openImageModel<Config>(
  family: ImageFamily<Config>,
  folder: string,
  job = imageJob(),
): Promise<OpenImageModel<Config>> {
  const file = join(folder, 'config.json');
  const config = family.parse(JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>, file);
  const header = await readSafetensorsHeader(join(folder, 'model.safetensors'));
  const { inFile } = family.mapNames(header.tensors.keys(), config, job);
  const entries = [...inFile].map(([name, stored]) => ({ name, stored, shape: header.tensors.get(stored)!.shape }));
  const found = entries.map(({ name, shape }) => ({ name, shape: family.shapeOf(name, shape, config) }));
  const check = checkArchitecture(found, family.tensors(config, job));
  if (!check.ok) throw architectureError(check, header.path);
  const weights = new Map<string, Float32Array>();
  for (const { name, stored, shape } of entries) {
    const values = await readFloats(header, stored);
    weights.set(name, family.convert?.(name, config)?.(values, shape) ?? values);
  }
  return { config, weights };
}

/** Values of sin(0.05 i + i² / 3000 + phase), as test/references/image_models.py has them. */
export const wavePixels = (count: number, phase = 0): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(0.05 * i + (i * i) / 3000 + phase));

export interface ForwardBackward {
  readonly features: Float32Array;
  readonly logits: Float32Array;
  readonly gradients: ReadonlyMap<string, Float32Array>;
  readonly statistics: ReadonlyMap<string, Float32Array>;
}

/** One pass with sum(logits · sin(1.7 i + 1)) as the loss; every weight that is not frozen gets its gradient. */
export function runImageModel(
  model: Model,
  weights: ReadonlyMap<string, Float32Array>,
  pixels: { values: Float32Array; rows: number },
  { training, frozen = [] }: { training: boolean; frozen?: readonly string[] },
): ForwardBackward {
  const trained = model.tensors.filter(({ name, kind }) => kind !== 'statistic' && !frozen.includes(name));
  const statistics = new Map<string, Float32Array>();
  const pass: Pass = {
    training,
    dropout: noDropout,
    block: evaluationPass.block,
    isFrozen: (name) => frozen.includes(name),
    update: (name, value) => void statistics.set(name, value.dataSync() as Float32Array),
  };
  const gradients = new Map<string, Float32Array>();
  let [features, logits]: Float32Array[] = [];
  tf.tidy(() => {
    const tensors = new Map(model.tensors.map(({ name, shape }) => [name, tf.tensor(weights.get(name)!, [...shape])]));
    const [spec] = Object.values(model.inputs(pixels.rows, 1));
    const inputs = { pixels: tf.tensor(pixels.values, [...spec!.shape]) };
    const loss = (...values: Tensor[]) => {
      const byName = new Map(trained.map(({ name }, i) => [name, values[i]!]));
      const p = (name: string) => byName.get(name) ?? tensors.get(name)!;
      const base = model.features(p, inputs, pass);
      const outputs = model.outputs(p, base, inputs, pass);
      [features, logits] = [base.dataSync() as Float32Array, outputs.dataSync() as Float32Array];
      const wave = tf.tensor(
        Float32Array.from(logits, (_, i) => Math.sin(1.7 * i + 1)),
        outputs.shape,
      );
      return tf.sum(tf.mul(outputs, wave)) as never;
    };
    const { grads } = tf.valueAndGrads(loss)(trained.map(({ name }) => tensors.get(name)!));
    trained.forEach(({ name }, i) => gradients.set(name, grads[i]!.dataSync() as Float32Array));
  });
  return { features: features!, logits: logits!, gradients, statistics };
}

/** Largest difference over the largest expected value. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) throw new Error(`expected ${expected.length} values, found ${found.length}`);
  let [worst, scale] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(found[i]! - expected[i]!)); // NaN stays, and fails
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return worst / scale;
}
