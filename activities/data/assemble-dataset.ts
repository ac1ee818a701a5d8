import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BAD_ROWS_FILE } from '../../data/bad-rows.js';
import { hasBadRows } from '../../data/write-bad-rows.js';
import { datasetManifestSchema, MANIFEST_FILE } from '../../data/manifest.js';
import { putContent } from '../../storage/content.js';
import { eachOf } from '../../storage/each-of.js';
import { datasetFileKey } from '../../storage/layout.js';
import type { DataActivities } from '../../workflows/contract.js';
import type { DataDependencies } from './dependencies.js';
import { encodedPart, fetchDecisions, tokenizerFolder } from './encode-parts.js';
import { readPlan } from './plan.js';
import { toRef } from './prepared.js';
import { asStage, withScratch } from './stage-activity.js';
import { tokenizerSha256 } from './stage-digests.js';

const READ_AT_ONCE = 8;

export const assembleDataset =
  (dependencies: DataDependencies): DataActivities['assembleDataset'] =>
  ({ plan: ref }) =>
    asStage(async (attempt) => {
      const plan = await readPlan(dependencies, ref, attempt);
      const { digest, context, imageSize, parts } = plan;
      const { job, model } = context;
      return withScratch(dependencies, async (scratch) => {
        const encoded = await eachOf(
          parts,
          READ_AT_ONCE,
          async (part) => (await encodedPart(dependencies, plan, part, attempt)).encoded,
        );
        const decisionsFolder = await fetchDecisions(dependencies, plan, null, scratch, attempt);
        const task = {
          ...{ job, parts, decisionsFolder, encoded, imageSize, outFolder: scratch },
          ...{
            modelFolder: await tokenizerFolder(dependencies, plan, attempt),
            tokenizerSha256: tokenizerSha256(model),
            sourceFiles: plan.files.map(({ sha256, bytes, format }) => ({ sha256, bytes, format })),
          },
        };
        await dependencies.threads.run('assemble', task, attempt);
        const text = await readFile(join(scratch, MANIFEST_FILE));
        const manifest = datasetManifestSchema.parse(JSON.parse(text.toString()));
        const { store } = dependencies;
        if (hasBadRows(manifest))
          await putContent(store, datasetFileKey(digest, BAD_ROWS_FILE), join(scratch, BAD_ROWS_FILE), attempt);
        // Last: a manifest that is there says that all else is.
        const file = await putContent(store, datasetFileKey(digest, MANIFEST_FILE), text, {
          ...attempt,
          name: MANIFEST_FILE,
        });
        return toRef(job, digest, { manifest, file });
      });
    });
