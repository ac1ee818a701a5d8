import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { decodeRecord, type Manifest } from '../../storage/checkpoint/manifest.js';
import { checkpointKey } from '../../storage/layout.js';
import type { RunId } from '../../workflows/contract.js';
import type { TestStack } from './stack.js';

type Stack = Pick<TestStack, 'folder' | 'record'>;

/** The embedded store's bucket as it lies on the disk: what is there whether or not a server runs. */
export const bucketFolder = (stack: Stack): string => join(stack.folder, 's3', stack.record().bucket);

export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
}

/** Objects below a prefix, by key. */
export function objectsBelow(stack: Stack, prefix: string): StoredObject[] {
  const root = bucketFolder(stack);
  if (!existsSync(join(root, prefix))) return [];
  return readdirSync(join(root, prefix), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ key: relative(root, path), bytes: statSync(path).size }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

export const readObject = (stack: Stack, key: string): Buffer => readFileSync(join(bucketFolder(stack), key));

/** A run's manifest, verified. */
export function manifestOf(stack: Stack, run: string, sequence: number): Manifest {
  const decoded = decodeRecord(readObject(stack, checkpointKey(run as RunId, sequence)), {
    run: run as RunId,
    sequence,
  });
  if (decoded.kind !== 'record' || decoded.record.kind !== 'manifest')
    throw new Error(`checkpoint ${sequence} of ${run} is no manifest: ${JSON.stringify(decoded)}`);
  return decoded.record;
}

/**
 * The state digest of a checkpoint, worked out from the bytes of its shards and the manifest's position by
 * docs/checkpoint-format.md, without the code that wrote it.
 */
export function recomputedDigest(stack: Stack, { shards, step, epoch, cursor }: Manifest): string {
  const lines = shards.flatMap(({ key }) => tensorLines(readObject(stack, key)));
  return sha256([...lines.sort(), `at ${step} ${epoch} ${cursor}`, ''].join('\n'));
}

function tensorLines(file: Buffer): string[] {
  const headerBytes = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + headerBytes).toString('utf8')) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  return Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [begin, end],
        },
      ]) => {
        const bytes = file.subarray(8 + headerBytes + begin, 8 + headerBytes + end);
        return `${name} ${dtype} [${shape.join(',')}] ${sha256(bytes)}`;
      },
    );
}

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
