import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { datasetManifestSchema } from '../../data/manifest.js';
import { CONFIG_FILE, WEIGHTS_FILE } from '../../models/folder.js';
import { fetchFile, putContent } from '../../storage/content.js';
import { publishedModelKey } from '../../storage/layout.js';
import { untilReachable } from '../../storage/until-reachable.js';
import type {
  CheckpointRef,
  Evaluation,
  SessionActivities,
  StoredFile,
  TrainingContext,
} from '../../workflows/contract.js';
import { asActivity } from '../as-activity.js';
import type { SessionDesk } from '../dependencies.js';
import { askEngine } from './ask-engine.js';
import { modelFolder } from '../model-folder.js';
import { ensureState } from './engine-state.js';

/** How the folder says what `config.json` has no word for: labels in order, pooling, where the model came from. */
const CARD_FILE = 'temper.json';

/** Writes the fine-tuned model as a Hugging Face folder: weights, config, tokenizer, and a card. */
export const publishModel =
  (session: SessionDesk): SessionActivities['publishModel'] =>
  ({ context, plan, at, evaluation }) =>
    asActivity(
      async (signal) => {
        await ensureState(session, { context, plan }, at, signal);
        const base = await modelFolder(session, context.model, { signal });
        const folder = join(session.workFolder, `publish-${randomUUID()}`);
        await mkdir(folder, { recursive: true });
        try {
          const weights = await askEngine(session, 'exportModel', { path: join(folder, WEIGHTS_FILE) });
          const labels = await labelsOf(session, context, signal);
          await writeFile(join(folder, CONFIG_FILE), await configWith(join(base, CONFIG_FILE), labels));
          await writeFile(join(folder, CARD_FILE), card(context, at, evaluation, labels));
          const files: StoredFile[] = [];
          const put = async (name: string, path: string, known?: typeof weights) => {
            const key = publishedModelKey(context.run, name);
            const store = () => putContent(session.store, key, { path, ...known }, { signal, name });
            files.push(await untilReachable(store, { signal }));
          };
          await put(WEIGHTS_FILE, join(folder, WEIGHTS_FILE), weights);
          await put(CONFIG_FILE, join(folder, CONFIG_FILE));
          await put(CARD_FILE, join(folder, CARD_FILE));
          for (const { name } of context.model.files) {
            if (name.startsWith('tokenizer')) await put(name, join(base, name));
          }
          return { files, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      },
      () => session.desk.progress,
    );

async function labelsOf(
  { store, cacheFolder }: SessionDesk,
  { dataset }: TrainingContext,
  signal: AbortSignal,
): Promise<string[]> {
  const path = await fetchFile(store, dataset.manifest, cacheFolder, { signal });
  return datasetManifestSchema.parse(JSON.parse(await readFile(path, 'utf8'))).labels;
}

/** The base model's config with the labels where Hugging Face's tools look for them. */
async function configWith(path: string, labels: readonly string[]): Promise<string> {
  const config = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  const id2label = Object.fromEntries(labels.map((label, i) => [String(i), label]));
  const label2id = Object.fromEntries(labels.map((label, i) => [label, i]));
  return `${JSON.stringify({ ...config, architectures: ['BertModel'], id2label, label2id }, null, 2)}\n`;
}

function card(
  { run, job, model, dataset, lineage }: TrainingContext,
  at: CheckpointRef,
  { metrics }: Evaluation,
  labels: readonly string[],
): string {
  const text = {
    format: 'temper-model/1',
    run,
    task: job.task,
    head: { tensors: ['head.weight', 'head.bias'], pooling: 'mean', labels },
    maxLength: job.data.maxLength,
    base: { name: model.name, digest: model.digest },
    dataset: dataset.digest,
    checkpoint: { step: at.step, epoch: at.epoch, stateDigest: at.stateDigest, lineage },
    test: metrics,
    job,
  };
  return `${JSON.stringify(text, null, 2)}\n`;
}
