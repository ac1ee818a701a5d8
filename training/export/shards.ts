import { open } from 'node:fs/promises';
import { join } from 'node:path';

/** TensorFlow.js's own choice: a browser caches files of this size. */
export const SHARD_BYTES = 4 * 1024 * 1024;

/**
 * Writes arrays one after another into files of `shardBytes` (the last may be shorter), as TensorFlow.js reads weights.
 * Returns their names in order.
 */
export async function writeShards(
  folder: string,
  arrays: readonly ArrayBufferView[],
  shardBytes = SHARD_BYTES,
): Promise<string[]> {
  const total = arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const count = Math.max(1, Math.ceil(total / shardBytes));
  const names = Array.from({ length: count }, (_, i) => `group1-shard${i + 1}of${count}.bin`);
  let [array, offset] = [0, 0];
  for (const name of names) {
    const file = await open(join(folder, name), 'w');
    try {
      let room = shardBytes;
      while (room > 0 && array < arrays.length) {
        const { buffer, byteOffset, byteLength } = arrays[array]!;
        const bytes = new Uint8Array(buffer, byteOffset + offset, Math.min(room, byteLength - offset));
        await file.writeFile(bytes);
        room -= bytes.byteLength;
        offset += bytes.byteLength;
        if (offset < byteLength) continue;
        array += 1;
        offset = 0;
      }
      await file.sync();
    } finally {
      await file.close();
    }
  }
  return names;
}
