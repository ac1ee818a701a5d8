import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetManifest } from '../../data/manifest.js';
import type { Job } from '../../job/schema.js';
import { putContent } from '../../storage/content.js';
import { publishedModelKey } from '../../storage/layout.js';
import { lineageAt } from '../../storage/checkpoint/line.js';
import { untilReachable } from '../../storage/until-reachable.js';
import type {
  CheckpointRef,
  Evaluation,
  SessionActivities,
  Sha256,
  StoredFile,
  TrainingContext,
} from '../../workflows/contract.js';
import { asActivity } from '../as-activity.js';
import { askEngine } from './ask-engine.js';
import { datasetOf } from '../dataset-of.js';
import { modelFolder } from '../model-folder.js';
import type { SessionDesk } from '../dependencies.js';
import { ensureState } from './engine-state.js';
import { adjustmentsBefore, asMade, jobOf, lineOf } from './in-force.js';
import { dropLocalState } from './local-state.js';

/** How the folder says what `config.json` has no word for: the job, how the data was prepared, where the model came from. */
const CARD_FILE = 'temper.json';

/** Writes the fine-tuned model as a Hugging Face folder: weights, config, tokenizer, and a card. */
export const publishModel =
  (session: SessionDesk): SessionActivities['publishModel'] =>
  ({ context, plan, at, evaluation }) =>
    asActivity(
      async (signal) => {
        const { features: _, ...whole } = asMade(context, at); // the base is published too
        await ensureState(session, { context: whole, plan }, at, signal);
        const base = await modelFolder(session, context.model, { signal });
        const folder = join(session.workFolder, `publish-${randomUUID()}`);
        await mkdir(folder, { recursive: true });
        try {
          const exported = await askEngine(session, 'exportModel', { folder });
          const dataset = await datasetOf(session, context.dataset, signal);
          await writeFile(join(folder, CARD_FILE), card(context, at, evaluation, dataset));
          const files: StoredFile[] = [];
          const put = async (name: string, path: string, known?: { sha256: Sha256; bytes: number }) => {
            const key = publishedModelKey(context.run, name);
            const store = () => putContent(session.store, key, { path, ...known }, { signal, name });
            files.push(await untilReachable(store, { signal }));
          };
          for (const { name, path, sha256, bytes } of exported) await put(name, path, { sha256, bytes });
          await put(CARD_FILE, join(folder, CARD_FILE));
          for (const { name } of context.model.files) {
            if (goesAlong(name)) await put(name, join(base, name));
          }
          await dropLocalState(session, context.run);
          return { files, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      },
      () => session.desk.progress,
    );

/** Of the base's files, what the published model needs too: its tokenizer, how its images are prepared, its own code. */
const goesAlong = (name: string): boolean =>
  /^(?:tokenizer|preprocessor_config|vocab|merges)/.test(name) || /\.m?js$/.test(name);

/** Of a number to predict: that the model gives it as it is, and what it was trained by. */
const outputsOf = (job: Job, dataset: DatasetManifest) =>
  dataset.kind === 'features' && dataset.values
    ? { outputs: { column: job.data.label, unit: "the column's own", standardisedBy: dataset.values.train } }
    : {};

function card(context: TrainingContext, at: CheckpointRef, { metrics }: Evaluation, dataset: DatasetManifest): string {
  const { run, model, dataset: prepared, lineage } = context;
  const job = jobOf(context, at);
  const adjustments = adjustmentsBefore(context, at.step);
  const text = {
    format: 'temper-model/2',
    run,
    task: job.task,
    data: { ...dataset, files: [] },
    base: { name: model.name, digest: model.digest },
    dataset: prepared.digest,
    checkpoint: {
      ...{ step: at.step, epoch: at.epoch, stateDigest: at.stateDigest },
      lineage: lineageAt(lineOf(context), at.step) ?? lineage,
    },
    test: metrics,
    ...outputsOf(job, dataset),
    job,
    ...(adjustments.length > 0 && { adjustments }),
  };
  return `${JSON.stringify(text, null, 2)}\n`;
}
