import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Sha256 } from '../workflows/contract.js';

const sliceBytes = 4 * 1024 * 1024;

/** Hashes in slices and lets the event loop run between them: 64 MiB in one go would block it for 50 ms and more. */
export async function sha256OfBytes(bytes: Uint8Array): Promise<Sha256> {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.byteLength; at += sliceBytes) {
    if (at > 0) await setImmediate();
    hash.update(bytes.subarray(at, at + sliceBytes));
  }
  return hash.digest('hex') as Sha256;
}

/** For small texts like a manifest. */
export const sha256OfSmall = (bytes: Uint8Array | string): Sha256 =>
  createHash('sha256').update(bytes).digest('hex') as Sha256;

export async function sha256OfFile(path: string): Promise<{ sha256: Sha256; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).byteLength;
  }
  return { sha256: hash.digest('hex') as Sha256, bytes };
}
