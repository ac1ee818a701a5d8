import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseBertConfig } from '../../models/bert-config.js';
import { mapBertNames } from '../../models/bert-layout.js';
import { readFloats, readSafetensorsHeader } from '../../models/safetensors.js';
import { bertClassifier } from '../../training/models/bert.js';

/** A model folder as the training code wants it, with its weights in memory. */
export async function openBaseModel(folder: string, classes: number) {
  const config = parseBertConfig(await readFile(join(folder, 'config.json'), 'utf8'));
  const header = await readSafetensorsHeader(join(folder, 'model.safetensors'));
  const { inFile } = mapBertNames(header.tensors.keys());
  const model = bertClassifier(config, classes);
  const weights = new Map<string, Float32Array>();
  for (const { name } of model.tensors) {
    const stored = inFile.get(name);
    if (stored) weights.set(name, await readFloats(header, stored));
  }
  return { config, model, weights };
}

export const elements = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
