/** Where a folder holds its weights: one safetensors file, or several with an index (`model.safetensors.index.json`). */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { parseObject } from './config-file.js';
import { ModelError } from './model-error.js';
import { readSafetensorsHeader, SafetensorsError, type SafetensorsHeader, type TensorEntry } from './safetensors.js';

export const WEIGHTS_FILE = 'model.safetensors';
export const WEIGHTS_INDEX_FILE = 'model.safetensors.index.json';

/** Headers by the name of their file. */
export type WeightsHeaders = ReadonlyMap<string, SafetensorsHeader>;

/** A tensor and the file that holds it. */
export interface FileTensor extends TensorEntry {
  readonly file: string;
}

/** Reads the headers of a folder's weights; `names` are the files it has, one of the two above among them. */
export async function readWeightsHeaders(folder: string, names: readonly string[]): Promise<WeightsHeaders> {
  if (names.includes(WEIGHTS_FILE)) return new Map([[WEIGHTS_FILE, await readHeader(join(folder, WEIGHTS_FILE))]]);
  const path = join(folder, WEIGHTS_INDEX_FILE);
  const placed = await readIndex(path);
  const files = [...new Set(placed.values())].sort();
  const missing = files.filter((file) => !names.includes(file));
  if (missing.length > 0) {
    throw new ModelError(`${path}: lists ${missing.join(' and ')}, which the folder lacks; fetch the model anew`);
  }
  const headers = new Map<string, SafetensorsHeader>();
  for (const file of files) headers.set(file, await readHeader(join(folder, file)));
  for (const [tensor, file] of placed) {
    if (headers.get(file)?.tensors.has(tensor)) continue;
    throw new ModelError(`${path}: expected ${tensor} in ${file}, found none there; fetch the model anew`);
  }
  return headers;
}

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/** Tensor -> file. */
async function readIndex(path: string): Promise<ReadonlyMap<string, string>> {
  const parsed = indexSchema.safeParse(parseObject(await readFile(path, 'utf8'), path));
  if (!parsed.success) throw new ModelError(`${path}: expected weight_map, a file's name by the name of each tensor`);
  const placed = new Map(Object.entries(parsed.data.weight_map));
  for (const file of placed.values()) {
    if (file === basename(file) && file.endsWith('.safetensors')) continue;
    throw new ModelError(`${path}: expected names of safetensors files beside it, found ${JSON.stringify(file)}`);
  }
  return placed;
}

async function readHeader(path: string): Promise<SafetensorsHeader> {
  try {
    return await readSafetensorsHeader(path);
  } catch (error) {
    if (error instanceof SafetensorsError) throw new ModelError(error.message);
    throw error;
  }
}

/** All tensors of these files by their names there. @throws ModelError for one that two files have. */
export function tensorsOf(headers: WeightsHeaders): Map<string, FileTensor> {
  const tensors = new Map<string, FileTensor>();
  for (const [file, { path, tensors: entries }] of headers) {
    for (const [name, entry] of entries) {
      const other = tensors.get(name)?.file;
      if (other !== undefined)
        throw new ModelError(`${path}: has ${name}, which ${other} has too; fetch the model anew`);
      tensors.set(name, { ...entry, file });
    }
  }
  return tensors;
}
