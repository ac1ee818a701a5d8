import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BAD_ROWS_FILE } from '../../data/bad-rows.js';
import { hasBadRows } from '../../data/write-bad-rows.js';
import { MANIFEST_FILE } from '../../data/manifest.js';
import { prepareDataset } from '../../data/prepare.js';
import { kindOf } from '../../data/targets.js';
import { openTokenizer } from '../../data/tokenize.js';
import { putContent } from '../../storage/content.js';
import { datasetFileKey, shardFileKey } from '../../storage/layout.js';
import type { DataContext, DatasetRef, Sha256 } from '../../workflows/contract.js';
import { asActivity } from '../as-activity.js';
import { partSizeOf } from '../data/cut-source.js';
import { findPrepared, nameDataset, toRef, type Prepared } from '../data/prepared.js';
import type { ActivityDependencies } from '../dependencies.js';
import { modelFolder } from '../model-folder.js';
import { filesOfSource, openStored } from '../source/stored.js';

/** Source to tokenised Arrow shards on S3. What was prepared once from the same input is found by its digest. */
export const preprocess =
  (dependencies: ActivityDependencies) =>
  (context: DataContext): Promise<DatasetRef> => {
    let progress: { rows: number; totalRows: number } | null = null;
    return asActivity(
      async (signal) => {
        const { digest, imageSize } = await nameDataset(dependencies, context, { signal });
        const onProgress = (now: typeof progress) => (progress = now);
        const found = await findPrepared(dependencies, digest, { signal });
        const prepared = found ?? (await prepare(dependencies, context, { digest, imageSize, signal, onProgress }));
        return toRef(context.job, digest, prepared);
      },
      () => progress,
    );
  };

interface ToPrepare {
  readonly digest: Sha256;
  readonly imageSize: number | null;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { rows: number; totalRows: number }) => void;
}

async function prepare(
  dependencies: ActivityDependencies,
  { job, source, model }: DataContext,
  { digest, imageSize, signal, onProgress }: ToPrepare,
): Promise<Prepared> {
  const { store, cacheFolder, workFolder, shardRows } = dependencies;
  const partSize = partSizeOf(dependencies);
  const folder = join(workFolder, `prepare-${randomUUID()}`);
  try {
    const tokenizer =
      kindOf(job) === 'tokens'
        ? await openTokenizer(await modelFolder(dependencies, model, { signal }), job.data.maxLength)
        : null;
    const sourceFiles = await filesOfSource({ store, cacheFolder }, source, { signal });
    const bytes = await openStored({ store, cacheFolder }, source, sourceFiles, { signal });
    const manifest = await prepareDataset({
      source: bytes,
      format: source.format,
      job,
      sourceFiles,
      ...(tokenizer && { tokenizer }),
      ...(imageSize !== null && { imageSize }),
      ...(shardRows !== null && { shardRows }),
      ...(partSize && { partSize }),
      outFolder: folder,
      onProgress,
      signal,
    });
    for (const { name, sha256, bytes } of manifest.files) {
      const path = join(folder, name);
      await putContent(store, shardFileKey(sha256 as Sha256), { path, sha256: sha256 as Sha256, bytes }, { signal });
    }
    if (hasBadRows(manifest))
      await putContent(store, datasetFileKey(digest, BAD_ROWS_FILE), join(folder, BAD_ROWS_FILE), { signal });
    // Last: a manifest that is there says that all of its shards are.
    const text = new TextEncoder().encode(`${JSON.stringify(manifest)}\n`);
    return {
      manifest,
      file: await putContent(store, datasetFileKey(digest, MANIFEST_FILE), text, { signal, name: MANIFEST_FILE }),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
