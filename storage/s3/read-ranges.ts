import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { corrupt } from '../errors.js';
import type { CallOptions, Connection } from './connection.js';
import { openBody, readBody, saying } from './read.js';

/** The bytes from `from` up to `to`, which is not among them. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Some ranges of an object, one after the other, as one file at `path`. It gets its name when all of it is there and has the
 * digest `sha256`. Another process may have it made meanwhile: the later rename wins with equal bytes.
 */
export async function rangesToFile(
  connection: Connection,
  key: string,
  path: string,
  ranges: readonly ByteRange[],
  expect: { readonly sha256: string },
  options?: CallOptions,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.${randomUUID()}.part`;
  try {
    const sha256 = await download(connection, key, part, ranges, options);
    if (sha256 !== expect.sha256) {
      const where = ranges.map(({ from, to }) => `${from} to ${to}`).join(' and ');
      throw corrupt(`${connection.where(key)}: the bytes ${where} have SHA-256 ${sha256}, expected ${expect.sha256}`);
    }
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function download(
  connection: Connection,
  key: string,
  path: string,
  ranges: readonly ByteRange[],
  options?: CallOptions,
): Promise<string> {
  const file = await open(path, 'wx');
  const hash = createHash('sha256');
  // A failure of the local disk is not the store's: it must not be waited for.
  let ofDisk: unknown;
  try {
    for (const range of ranges) {
      if (range.to <= range.from) continue;
      const reading = connection.call(key, options, async (signal) => {
        for await (const chunk of readBody(await openBody(connection, key, signal, range), signal)) {
          hash.update(chunk);
          await file.writeFile(chunk).catch((error: unknown) => {
            throw (ofDisk = error);
          });
        }
      });
      await saying(connection, key, reading);
    }
  } catch (error) {
    throw ofDisk ?? error;
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}
