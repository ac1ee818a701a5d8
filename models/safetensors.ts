/**
 * The safetensors file format (https://huggingface.co/docs/safetensors):
 *
 *   8 bytes   N, length of the header, unsigned, little-endian
 *   N bytes   JSON: { "__metadata__"?: { text: text }, "<tensor>": { dtype, shape, data_offsets: [begin, end] } }
 *   the rest  the tensors' bytes, little-endian, row-major, without gaps; offsets count from its start
 *
 * Reading is in safetensors.ts, checking of headers in safetensors-header.ts, writing in safetensors-write.ts.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { bfloat16ToFloat32, float16ToFloat32 } from './half-floats.js';
import { parseHeader, SafetensorsError, type SafetensorsHeader, type TensorEntry } from './safetensors-header.js';

export { SafetensorsError, type Dtype, type SafetensorsHeader, type TensorEntry } from './safetensors-header.js';
export { writeSafetensors, type TensorToWrite, type WrittenFile } from './safetensors-write.js';

/** Values of a tensor, row-major. F16 and BF16 are widened to 32 bits. */
export type TensorValues = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: TensorValues;
}

/**
 * Reads and checks the header; no tensor is read.
 * @throws SafetensorsError when the file is not a complete safetensors file.
 */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  return withFile(path, async (file) => {
    const { size } = await file.stat();
    return parseHeader(path, size, async (position, length) => readExactly(file, path, position, length));
  });
}

/** Reads one tensor. @throws SafetensorsError when there is none of that name. */
export async function readTensor(header: SafetensorsHeader, name: string): Promise<Tensor> {
  for await (const tensor of readTensors(header, [name])) return tensor;
  throw new SafetensorsError(`${header.path}: has no tensor ${name}`);
}

/** Reads tensors one after another, in the given order (default: all, in the file's order); one is in memory at a time. */
export async function* readTensors(header: SafetensorsHeader, names?: Iterable<string>): AsyncGenerator<Tensor> {
  const file = await open(header.path, 'r');
  try {
    for (const name of names ?? header.tensors.keys()) {
      const entry = header.tensors.get(name);
      if (entry === undefined) throw new SafetensorsError(`${header.path}: has no tensor ${name}`);
      const bytes = await readExactly(file, header.path, header.dataStart + entry.begin, entry.end - entry.begin);
      yield { name, shape: entry.shape, values: decode(entry, bytes, header.path) };
    }
  } finally {
    await file.close();
  }
}

/** Reads a tensor of F32, F16 or BF16 as 32-bit floats. @throws SafetensorsError for any other dtype. */
export async function readFloats(header: SafetensorsHeader, name: string): Promise<Float32Array> {
  const { values } = await readTensor(header, name);
  if (values instanceof Float32Array) return values;
  const dtype = header.tensors.get(name)?.dtype;
  throw new SafetensorsError(`${header.path}: ${name} is ${dtype}, expected F32, F16 or BF16`);
}

/** `bytes` owns its buffer and starts at its beginning, so that every view is aligned. */
function decode({ name, dtype }: TensorEntry, bytes: Uint8Array, path: string): TensorValues {
  const { buffer } = bytes;
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer);
    case 'F16':
      return float16ToFloat32(new Uint16Array(buffer));
    case 'BF16':
      return bfloat16ToFloat32(new Uint16Array(buffer));
    case 'F64':
      return new Float64Array(buffer);
    case 'I32':
      return new Int32Array(buffer);
    case 'I64':
      return new BigInt64Array(buffer);
    case 'U8':
    case 'BOOL':
      return bytes;
    default:
      throw new SafetensorsError(
        `${path}: ${name} is ${dtype}, which cannot be read here: expected F32, F16, BF16, F64, I32, I64, U8 or BOOL`,
      );
  }
}

async function readExactly(file: FileHandle, path: string, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    // One read is at most 2 GiB.
    const { bytesRead } = await file.read(bytes, done, Math.min(length - done, 2 ** 30), position + done);
    if (bytesRead === 0) throw new SafetensorsError(`${path}: ended at byte ${position + done} while being read`);
    done += bytesRead;
  }
  return bytes;
}

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, 'r');
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
