import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sourcePartSchema, type SourcePart } from '../../data/prepare/parts.js';
import { fetchFile } from '../../storage/content.js';
import type { DataActivities, DataContext } from '../../workflows/contract.js';
import type { Attempt, DataDependencies } from './dependencies.js';
import { storePlan } from './plan.js';
import { findPrepared, nameDataset, toRef } from './prepared.js';
import { asStage, withScratch } from './stage-activity.js';
import { cutDigest } from './stage-digests.js';
import { findOutput, readOutput, storeOutput } from './stage-output.js';

const PARTS = 'parts.json';

export const cutSource =
  (dependencies: DataDependencies): DataActivities['cutSource'] =>
  (context) =>
    asStage(async (attempt) => {
      const { digest, imageSize } = await nameDataset(dependencies, context, attempt);
      const found = await findPrepared(dependencies, digest, attempt);
      if (found) return { kind: 'prepared', dataset: toRef(context.job, digest, found) };
      const parts = await withScratch(dependencies, (scratch) => partsOf(dependencies, context, scratch, attempt));
      const { shardRows } = dependencies;
      const plan = { digest, context, imageSize, shardRows, files: [context.source.file], parts };
      return { kind: 'cut', plan: await storePlan(dependencies, plan, attempt) };
    });

async function partsOf(
  dependencies: DataDependencies,
  context: DataContext,
  scratch: string,
  attempt: Attempt,
): Promise<readonly SourcePart[]> {
  const { store, partSize } = dependencies;
  const digest = cutDigest(context, partSize);
  const found = await findOutput(store, digest, attempt);
  if (found) return readOutput(store, digest, found, PARTS, { ...attempt, folder: scratch, schema: z.array(sourcePartSchema) });
  const parts = await cut(dependencies, context, attempt);
  await writeFile(join(scratch, PARTS), JSON.stringify(parts));
  await storeOutput(store, digest, scratch, [PARTS], attempt);
  return parts;
}

async function cut(
  { store, cacheFolder, threads, partSize }: DataDependencies,
  { source }: DataContext,
  attempt: Attempt,
): Promise<readonly SourcePart[]> {
  const { name, format } = source;
  const path = await fetchFile(store, source.file, cacheFolder, attempt);
  const file = { path, name, bytes: source.file.bytes, only: null };
  return threads.run('cut', { name, format, file, partSize }, attempt);
}
