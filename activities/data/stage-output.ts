/**
 * What a stage has made, on S3: `datasets/parts/<digest>/<file>`, under the digest of what it was made from, with an index that
 * is written last: one that is there says that all of its files are, and what they hold.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { eachOf } from '../../storage/each-of.js';
import { isStoreError } from '../../storage/errors.js';
import { sha256OfFile } from '../../storage/digest.js';
import { stageFileKey } from '../../storage/layout.js';
import type { CallOptions, ObjectStore } from '../../storage/object-store.js';
import type { Sha256 } from '../../workflows/contract.js';

const STORED_AT_ONCE = 4;
const INDEX = 'index.json';

const indexSchema = z.object({
  format: z.literal('temper-stage/1'),
  files: z.array(
    z.object({
      name: z.string(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      bytes: z.int().nonnegative(),
    }),
  ),
});
export type StageOutput = z.infer<typeof indexSchema>;

/** null: it was not made yet, or not wholly. */
export async function findOutput(
  store: ObjectStore,
  digest: Sha256,
  options: CallOptions,
): Promise<StageOutput | null> {
  try {
    const { bytes } = await store.get(stageFileKey(digest, INDEX), options);
    return indexSchema.parse(JSON.parse(bytes.toString()));
  } catch (error) {
    // One that cannot be read is written anew.
    if (isStoreError(error, 'missing') || error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}

/** Stores files of a folder. */
export async function storeOutput(
  store: ObjectStore,
  digest: Sha256,
  folder: string,
  names: readonly string[],
  options: CallOptions,
): Promise<StageOutput> {
  const files = await eachOf(names, STORED_AT_ONCE, async (name) => {
    const path = join(folder, name);
    const { sha256, bytes } = await sha256OfFile(path);
    await store.putFile(stageFileKey(digest, name), path, { sha256 }, options);
    return { name, sha256, bytes };
  });
  const output: StageOutput = { format: 'temper-stage/1', files };
  await store.put(stageFileKey(digest, INDEX), new TextEncoder().encode(`${JSON.stringify(output)}\n`), options);
  return output;
}

/** Brings files of it into a folder, each checked. @throws StoreError `missing` or `corrupt`: it is to be made again. */
export async function fetchOutput(
  store: ObjectStore,
  digest: Sha256,
  { files }: StageOutput,
  folder: string,
  options: CallOptions,
  wanted: (name: string) => boolean = () => true,
): Promise<void> {
  for (const file of files)
    if (wanted(file.name))
      await store.getToFile(stageFileKey(digest, file.name), join(folder, file.name), file, options);
}

/** A small JSON file of it. */
export async function readOutput<T>(
  store: ObjectStore,
  digest: Sha256,
  output: StageOutput,
  name: string,
  { folder, schema, ...options }: CallOptions & { readonly folder: string; readonly schema: z.ZodType<T> },
): Promise<T> {
  await fetchOutput(store, digest, output, folder, options, (each) => each === name);
  return schema.parse(JSON.parse(await readFile(join(folder, name), 'utf8')));
}

/** Uses an output; where the store has lost or damaged it, it is made again first. */
export async function orAgain<Result>(
  use: (output: StageOutput) => Promise<Result>,
  found: StageOutput | null,
  make: () => Promise<StageOutput>,
): Promise<Result> {
  if (found) {
    try {
      return await use(found);
    } catch (error) {
      if (!isStoreError(error, 'missing', 'corrupt')) throw error;
    }
  }
  return use(await make());
}
