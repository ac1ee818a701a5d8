import { createHash } from 'node:crypto';
import { open, rename, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Sha256 } from '../workflows/contract.js';
import { dtypeBytes, elementsOf, SafetensorsError, type Dtype } from './safetensors-header.js';

export interface TensorToWrite {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Little-endian, row-major; a function is called when its turn comes, so that one tensor is in memory at a time. */
  readonly bytes: Uint8Array | (() => Uint8Array | Promise<Uint8Array>);
}

export interface WrittenFile {
  readonly sha256: Sha256;
  readonly bytes: number;
}

export interface WriteSafetensors {
  readonly metadata?: Readonly<Record<string, string>>;
  /** Whether to wait until the file and its name are on disk (fsync), as they must be for a host that may lose its power. Default: true. */
  readonly durable?: boolean;
}

/**
 * Writes a safetensors file and returns its digest, taken while writing. Wider dtypes come first (so that all values
 * are aligned), then names in order of code units: the same tensors and metadata give the same bytes. Until it is whole,
 * nothing stands at `path`.
 * @throws SafetensorsError for a name given twice or bytes that do not fit their shape.
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<TensorToWrite>,
  { metadata = {}, durable = true }: WriteSafetensors = {},
): Promise<WrittenFile> {
  const ordered = [...tensors].sort((a, b) => dtypeBytes[b.dtype] - dtypeBytes[a.dtype] || compare(a.name, b.name));
  const header = headerBytes(path, ordered, metadata);
  const partial = `${path}.partial`;
  const hash = createHash('sha256');
  let written = 0;

  const file = await open(partial, 'w');
  try {
    const append = async (bytes: Uint8Array): Promise<void> => {
      const writing = writeAll(file, bytes); // on a thread of its own, while this one hashes
      hash.update(bytes);
      await writing;
      written += bytes.byteLength;
    };
    await append(header);
    for (const tensor of ordered) {
      const bytes = typeof tensor.bytes === 'function' ? await tensor.bytes() : tensor.bytes;
      const expected = byteLength(tensor);
      if (bytes.byteLength !== expected) {
        const what = `${tensor.name} (${tensor.dtype} [${tensor.shape.join(', ')}])`;
        throw new SafetensorsError(`${path}: ${what} takes ${expected} bytes, got ${bytes.byteLength}`);
      }
      await append(bytes);
    }
    if (durable) await file.sync();
  } finally {
    await file.close();
  }
  await rename(partial, path);
  if (durable) await syncFolder(dirname(path));
  return { sha256: hash.digest('hex') as Sha256, bytes: written };
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.byteLength;)
    done += (await file.write(bytes, done, Math.min(bytes.byteLength - done, 2 ** 30))).bytesWritten;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byteLength = ({ dtype, shape }: TensorToWrite): number => elementsOf(shape) * dtypeBytes[dtype];

function headerBytes(path: string, tensors: readonly TensorToWrite[], metadata: Readonly<Record<string, string>>) {
  // No prototype: a tensor may be called __proto__.
  const entries = Object.create(null) as Record<string, unknown>;
  const keys = Object.keys(metadata).sort(compare);
  if (keys.length > 0) entries['__metadata__'] = Object.fromEntries(keys.map((key) => [key, metadata[key]]));
  let offset = 0;
  for (const tensor of tensors) {
    if (tensor.name in entries) throw new SafetensorsError(`${path}: tensor ${tensor.name} is given twice`);
    const end = offset + byteLength(tensor);
    entries[tensor.name] = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(entries));
  // Padded with spaces to 8 bytes, so that the data is aligned.
  const length = Math.ceil(json.byteLength / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
