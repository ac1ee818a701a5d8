import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { partSize, type PartSize } from '../../data/prepare/part-size.js';
import type { SourcePart } from '../../data/prepare/parts.js';
import type { DataActivities, DataContext } from '../../workflows/contract.js';
import { filesOfSource, type StoredSourceFile } from '../source/stored.js';
import type { Attempt, DataDependencies } from './dependencies.js';
import { wholeFile } from './part-window.js';
import { storePlan, type DataPlan, type PlannedFile } from './plan.js';
import { findPrepared, nameDataset, toRef } from './prepared.js';
import { asStage, withScratch } from './stage-activity.js';
import { cutDigest } from './stage-digests.js';
import { findOutput, orAgain, readOutput, storeOutput } from './stage-output.js';
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
      const { files, parts } = await cutFiles(dependencies, context, attempt);
      const plan = { digest, context, imageSize, shardRows: dependencies.shardRows, files, parts };
      return { kind: 'cut', plan: await storePlan(dependencies, plan, attempt) };
    });

/** The parts of all files, one after the other. */
async function cutFiles(
  dependencies: DataDependencies,
  { source }: DataContext,
  attempt: Attempt,
): Promise<Pick<DataPlan, 'files' | 'parts'>> {
  const files: PlannedFile[] = [];
  const parts: SourcePart[] = [];
  for (const [index, file] of (await filesOfSource(dependencies, source, attempt)).entries()) {
    const cut = await withScratch(dependencies, (scratch) =>
      cutFile(dependencies, source.name, file, scratch, attempt),
    );
    files.push({ ...file, head: cut.head });
    for (const part of cut.parts) parts.push({ ...part, index: parts.length, file: index });
  }
  return { files, parts };
}

async function cutFile(
  dependencies: DataDependencies,
  sourceName: string,
  file: StoredSourceFile,
  scratch: string,
  attempt: Attempt,
): Promise<CutFile> {
  const { store, threads } = dependencies;
  const size = partSizeOf(dependencies);
  const digest = cutDigest(file, size);
  const reading = { ...attempt, folder: scratch, schema: cutFileSchema };
  return orAgain(
    (output) => readOutput(store, digest, output, PARTS, reading),
    await findOutput(store, digest, attempt),
    async () => {
      const { format, fields, name, bytes } = file;
      const path = await wholeFile(dependencies, file, attempt.signal);
      const window = { name, bytes, here: { kind: 'whole', path } } as const;
      const task = { sourceName, file: { window, format, ...(fields && { fields }) }, partSize: size };
      await writeFile(join(scratch, PARTS), JSON.stringify(await threads.run('cut', task, attempt)));
      return storeOutput(store, digest, scratch, [PARTS], attempt);
    },
  );
}
