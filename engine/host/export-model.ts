import { writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { CONFIG_FILE, WEIGHTS_FILE } from '../../models/folder.js';
import { writeSafetensors } from '../../models/safetensors.js';
import { averageOf } from '../../training/optimizers/ema.js';
import { SCALE_KEY } from '../../training/target-scale.js';
import type { Sha256 } from '../../workflows/contract.js';
import type { ExportedFile } from '../protocol.js';
import type { Loaded } from './workbench.js';

/** Writes the model as Hugging Face's classes load it: adapters merged in, the averaged weights where there are some, giving values. */
export async function exportModel({ job, run, trainer, dataset }: Loaded, folder: string): Promise<ExportedFile[]> {
  const { family, config, configJson, plain } = run;
  const published = family.publish(configJson, config, job, dataset.labels);
  const read = publishedReader({ job, run, trainer });
  const tensors = plain.tensors.map(({ name, shape }) => {
    const unconvert = family.unconvert?.(name);
    return {
      name: published.nameInFile(name),
      dtype: 'F32' as const,
      shape: unconvert?.(new Float32Array(0), shape).shape ?? shape,
      bytes: () => asBytes(unconvert ? unconvert(read(name), shape).values : read(name)),
    };
  });
  const weights = join(folder, WEIGHTS_FILE);
  const written = await writeSafetensors(weights, tensors, { metadata: { format: 'pt' } });
  const stated = run.statedScale && { [SCALE_KEY]: run.statedScale };
  const text = `${JSON.stringify({ ...published.config, ...stated }, null, 2)}\n`;
  const path = join(folder, CONFIG_FILE);
  await writeFile(path, text);
  const sha256 = createHash('sha256').update(text).digest('hex') as Sha256;
  return [
    { name: WEIGHTS_FILE, path: weights, ...written },
    { name: CONFIG_FILE, path, sha256, bytes: Buffer.byteLength(text) },
  ];
}

/** Reads the tensors of the published model, each once and in the model's order. */
export function publishedReader({ job, run, trainer }: Pick<Loaded, 'job' | 'run' | 'trainer'>) {
  const averaged = new Set(job.train.ema === undefined ? [] : trainer.trainable);
  const sourceOf = (name: string) => (averaged.has(name) ? averageOf(name) : name);
  // Where adapters are merged in, a tensor is made of several.
  const read = job.lora ? trainer.read : trainer.reader(run.plain.tensors.map(({ name }) => sourceOf(name)));
  return run.merged((name) => read(sourceOf(name)));
}

const asBytes = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
