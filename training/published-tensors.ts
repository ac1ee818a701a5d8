import { adaptedTensor } from '../models/adapters.js';
import type { TensorToWrite } from '../models/safetensors.js';
import type { Model } from './model.js';

/**
 * A model's tensors as a published file has them, float32: without adapters, which `read` has merged into the base (lora.ts), and
 * by the names of the family's `publish`.
 */
export const publishedTensors = (
  model: Pick<Model, 'tensors'>,
  nameInFile: (name: string) => string,
  read: (name: string) => Float32Array,
): TensorToWrite[] =>
  model.tensors
    .filter(({ name }) => adaptedTensor(name) === null)
    .map(({ name, shape }) => ({
      name: nameInFile(name),
      dtype: 'F32',
      shape,
      bytes: () => bytesOf(read(name)),
    }));

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
