import type { ShardRows } from '../../data/shard-rows.js';

/** `width` float32 of each example. */
export interface VectorColumn {
  readonly width: number;
  /** Writes those of an example into `into`, which has as many. */
  read(example: number, into: Float32Array): void;
}

export const heldVectors = (values: Float32Array, width: number): VectorColumn => ({
  width,
  read: (example, into) => into.set(values.subarray(example * width, (example + 1) * width)),
});

/** Vectors that stay in their files. */
export const storedVectors = (rows: ShardRows, name: string, width: number): VectorColumn => ({
  width,
  read: (example, into) => rows.read(name, example, new Uint8Array(into.buffer, into.byteOffset, into.byteLength)),
});
