import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { partSize, type PartSize } from '../../data/prepare/part-size.js';
import { fetchFile } from '../../storage/content.js';
import type { DataActivities, DataContext } from '../../workflows/contract.js';
import type { Attempt, DataDependencies } from './dependencies.js';
import { storePlan } from './plan.js';
import { findPrepared, nameDataset, toRef } from './prepared.js';
import { asStage, withScratch } from './stage-activity.js';
import { cutDigest } from './stage-digests.js';
import { findOutput, readOutput, storeOutput } from './stage-output.js';
import type { CutFile } from './tasks.js';

const PARTS = 'parts.json';

/** null: the usual. */
export const partSizeOf = ({ partRows }: Pick<DataDependencies, 'partRows'>): PartSize | null =>
  partRows === null ? null : { ...partSize, records: partRows };

const count = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const cutFileSchema: z.ZodType<CutFile> = z.object({
  parts: z.array(
    z.object({
      ...{ index: count, file: count, from: count, to: count, firstLine: count },
      ...{ sha256, headSha256: sha256.nullable() },
    }),
  ),
  head: z.object({ bytes: count, sha256 }).nullable(),
});

export const cutSource =
  (dependencies: DataDependencies): DataActivities['cutSource'] =>
  (context) =>
    asStage(async (attempt) => {
      const { digest, imageSize } = await nameDataset(dependencies, context, attempt);
      const found = await findPrepared(dependencies, digest, attempt);
      if (found) return { kind: 'prepared', dataset: toRef(context.job, digest, found) };
      const { parts, head } = await withScratch(dependencies, (scratch) =>
        cutFile(dependencies, context, scratch, attempt),
      );
      const { shardRows } = dependencies;
      const plan = { digest, context, imageSize, shardRows, files: [{ ...context.source.file, head }], parts };
      return { kind: 'cut', plan: await storePlan(dependencies, plan, attempt) };
    });

async function cutFile(
  dependencies: DataDependencies,
  context: DataContext,
  scratch: string,
  attempt: Attempt,
): Promise<CutFile> {
  const { store } = dependencies;
  const size = partSizeOf(dependencies);
  const digest = cutDigest(context, size);
  const found = await findOutput(store, digest, attempt);
  if (found) return readOutput(store, digest, found, PARTS, { ...attempt, folder: scratch, schema: cutFileSchema });
  const made = await cut(dependencies, context, size, attempt);
  await writeFile(join(scratch, PARTS), JSON.stringify(made));
  await storeOutput(store, digest, scratch, [PARTS], attempt);
  return made;
}

async function cut(
  { store, cacheFolder, threads }: DataDependencies,
  { source }: DataContext,
  size: PartSize | null,
  attempt: Attempt,
): Promise<CutFile> {
  const { name, format } = source;
  const path = await fetchFile(store, source.file, cacheFolder, attempt);
  const file = { name, bytes: source.file.bytes, here: { kind: 'whole', path } } as const;
  return threads.run('cut', { name, format, file, partSize: size }, attempt);
}
