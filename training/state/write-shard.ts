import { createHash } from 'node:crypto';
import { writeSafetensors } from '../../models/safetensors.js';
import type { Sha256 } from '../../workflows/contract.js';

export interface ShardToWrite {
  readonly path: string;
  readonly tensors: readonly TensorBytes[];
}

/** float32, little-endian, row-major. */
export interface TensorBytes {
  readonly name: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface WrittenShard {
  readonly sha256: Sha256;
  readonly bytes: number;
  /** What each tensor is, in one line with its digest. */
  readonly lines: readonly string[];
}

/** Not fsynced: a host that loses its power goes on from S3, and what it has on disk is only used where its digest is right. */
export async function writeShard({ path, tensors }: ShardToWrite): Promise<WrittenShard> {
  const lines: string[] = [];
  const toWrite = tensors.map(({ name, shape, bytes }) => ({
    name,
    dtype: 'F32' as const,
    shape,
    bytes: () => {
      lines.push(`${name} F32 [${shape.join(',')}] ${createHash('sha256').update(bytes).digest('hex')}`);
      return bytes;
    },
  }));
  return { ...(await writeSafetensors(path, toWrite, { durable: false })), lines };
}
