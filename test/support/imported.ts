import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jobSchema } from '../../job/schema.js';
import { layers } from '../../models/families/layers.js';
import { importLayersModel } from '../../models/keras/import.js';
import { readFloats, readSafetensorsHeader } from '../../models/safetensors.js';
import { layersModel } from '../../training/models/layers.js';

const job = jobSchema.parse({ name: 't', task: 'image-classification', model: 'file:x', data: { source: 'x.csv' } });

/** A user's Keras model, imported into the folder `into`, with its weights in memory. */
export async function openImported(path: string, into: string, outputs: number) {
  await importLayersModel(path, into);
  const text = await readFile(join(into, 'config.json'), 'utf8');
  const config = layers.parse(JSON.parse(text) as Record<string, unknown>, 'config.json');
  const model = layersModel(config, job, outputs);
  const header = await readSafetensorsHeader(join(into, 'model.safetensors'));
  const values = new Map<string, Float32Array>();
  for (const [name, stored] of layers.mapNames(header.tensors.keys(), config, job).inFile) {
    values.set(name, await readFloats(header, stored));
  }
  return { config, model, values };
}
