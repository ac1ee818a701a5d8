import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { float16ToFloat32 } from '../half-floats.js';
import { ModelError } from '../model-error.js';
import { elementsOf } from '../safetensors-header.js';
import { parseTopology, type LayerJson } from './topology.js';

/** A model with its weights in memory, whichever file it came from. Names are `layer/weight`. */
export interface LayersFile {
  readonly topology: LayerJson;
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: Float32Array }>;
}

const weightSchema = z.object({
  name: z.string(),
  shape: z.array(z.int().nonnegative()),
  dtype: z.string(),
  quantization: z
    .object({ dtype: z.enum(['uint8', 'uint16', 'float16']), scale: z.number().default(1), min: z.number().default(0) })
    .optional(),
});
const fileSchema = z.object({
  format: z.string().optional(),
  modelTopology: z.record(z.string(), z.unknown()),
  weightsManifest: z.array(z.object({ paths: z.array(z.string()), weights: z.array(weightSchema) })),
});
type Weight = z.infer<typeof weightSchema>;

/**
 * Reads a TensorFlow.js layers model: model.json and the weight files that it names. Quantised weights are dequantised.
 * @throws ModelError when it is no layers model, or its weights are incomplete.
 */
export async function readTfjsFolder(path: string): Promise<LayersFile> {
  const parsed = fileSchema.safeParse(parseJson(await readFile(path, 'utf8'), path));
  if (!parsed.success) {
    const { path: key, message } = parsed.error.issues[0]!;
    throw new ModelError(`${path}: ${key.join('.')}: ${message}; expected a TensorFlow.js layers model`);
  }
  const { format, modelTopology, weightsManifest } = parsed.data;
  if (format === 'graph-model' || 'node' in modelTopology) {
    throw new ModelError(
      `${path}: a graph model cannot be trained: convert the Keras model with \`tensorflowjs_converter --output_format tfjs_layers_model\``,
    );
  }
  const tensors = new Map<string, { shape: number[]; values: Float32Array }>();
  for (const { paths, weights } of weightsManifest) {
    const bytes = Buffer.concat(await Promise.all(paths.map((name) => readShard(path, name))));
    let offset = 0;
    for (const weight of weights) {
      const length = elementsOf(weight.shape) * bytesPerElement(weight, path);
      if (offset + length > bytes.length) {
        throw new ModelError(`${path}: ${weight.name} ends beyond the ${bytes.length} bytes of ${paths.join(', ')}`);
      }
      // A copy, so that a typed array may start at any offset.
      const own = Uint8Array.from(bytes.subarray(offset, offset + length));
      tensors.set(weight.name, { shape: weight.shape, values: decode(weight, own.buffer) });
      offset += length;
    }
    if (offset !== bytes.length) {
      throw new ModelError(`${path}: expected ${offset} bytes in ${paths.join(', ')}, found ${bytes.length}`);
    }
  }
  return { topology: parseTopology(modelTopology['model_config'] ?? modelTopology, path), tensors };
}

async function readShard(modelPath: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(dirname(modelPath), name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new ModelError(`${modelPath}: it names the weight file ${name}, which is not beside it`);
  }
}

const WIDTHS: Readonly<Record<string, number>> = { float32: 4, int32: 4, uint16: 2, float16: 2, uint8: 1, bool: 1 };

function bytesPerElement({ name, dtype, quantization }: Weight, path: string): number {
  const bytes = WIDTHS[quantization?.dtype ?? dtype];
  if (bytes === undefined) throw new ModelError(`${path}: ${name}: expected numbers, found ${dtype}`);
  return bytes;
}

function decode({ dtype, quantization }: Weight, buffer: ArrayBuffer): Float32Array {
  if (quantization?.dtype === 'float16') return float16ToFloat32(new Uint16Array(buffer));
  if (quantization) {
    const { scale, min } = quantization;
    const stored = quantization.dtype === 'uint8' ? new Uint8Array(buffer) : new Uint16Array(buffer);
    return Float32Array.from(stored, (value) => value * scale + min);
  }
  if (dtype === 'float32') return new Float32Array(buffer);
  return Float32Array.from(dtype === 'int32' ? new Int32Array(buffer) : new Uint8Array(buffer));
}

export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ModelError(`${path}: not valid JSON: ${(error as Error).message}`);
  }
}
