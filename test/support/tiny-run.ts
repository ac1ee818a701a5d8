import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modelSource } from '../../cli/model-source.js';
import { fileSource } from '../../data/byte-source.js';
import { packImages } from '../../data/pack-images.js';
import { prepareDataset } from '../../data/prepare.js';
import { formatOf } from '../../data/readers/read-rows.js';
import { kindOf } from '../../data/targets.js';
import { openTokenizer } from '../../data/tokenize.js';
import type { DatasetManifest } from '../../data/manifest.js';
import { declareModule } from '../../engine/host/declare-module.js';
import type { LoadRequest } from '../../engine/protocol.js';
import { parseJob } from '../../job/parse.js';
import type { Job } from '../../job/schema.js';
import { outputsOf } from '../../models/families/labels.js';
import { MODULE_FILE, moduleConfigJson } from '../../models/families/module-family.js';
import { CONFIG_FILE, readConfig } from '../../models/folder.js';

export const TINY_BERT = fileURLToPath(new URL('../fixtures/tiny-bert', import.meta.url));
export const TINY_GLOSSES = fileURLToPath(new URL('../fixtures/tiny-glosses.jsonl', import.meta.url));

/** A job on the tiny model: 12 steps an epoch, two epochs, everything random in it switched on. */
export const tinyJob = (more = '') =>
  parseJob(
    `
name: tiny
task: text-classification
model: file:${TINY_BERT}
data: { source: ${TINY_GLOSSES}, text: gloss, label: topic, maxLength: 24 }
train: { epochs: 2, batchSize: 16, learningRate: 1e-3, warmupSteps: 3, dropout: 0.1 }
${more}`,
    'tiny.yaml',
  );

export interface TinyLoad {
  /** `request.job` is the job as its model wants it. */
  readonly request: LoadRequest;
  readonly folder: string;
  readonly stepsPerEpoch: number;
}

/** Prepares a job's data, as submit and preprocess do, and says what an engine has to load for it. */
export async function tinyLoad(written = tinyJob()): Promise<TinyLoad> {
  const folder = await mkdtemp(join(tmpdir(), 'temper-tiny-'));
  const { folder: modelFolder, job } = await modelSource(written, folder, folder);
  const kind = kindOf(job);
  let path = String(job.data.source);
  if (kind === 'images') await packImages({ path, data: job.data, out: (path = join(folder, 'images')) });
  const manifest = await prepareDataset({
    source: await fileSource(path, String(job.data.source)),
    format: kind === 'images' ? 'images' : formatOf(path),
    job,
    ...(kind === 'tokens' && { tokenizer: await openTokenizer(modelFolder, job.data.maxLength) }),
    ...(kind === 'images' && { imageSize: job.data.imageSize ?? (await imageSizeOf(modelFolder)) }),
    outFolder: folder,
  });
  if (job.model.startsWith('module:')) await declare(job, modelFolder, manifest);
  const shards = { train: [] as string[], validation: [] as string[], test: [] as string[] };
  for (const { name, split } of manifest.files) shards[split].push(join(folder, name));
  const request: LoadRequest = {
    ...{ key: JSON.stringify(job), job, modelFolder, dataset: manifest, shards },
    ...{ features: null, train: true, synonyms: job.data.augment?.synonyms?.table },
  };
  const { batchSize, accumulate } = job.train;
  return { request, folder, stepsPerEpoch: Math.ceil(Math.ceil(manifest.rows.train / batchSize) / accumulate) };
}

async function imageSizeOf(modelFolder: string): Promise<number> {
  const { family, config } = await readConfig(modelFolder);
  return family.imageSize!(config);
}

/** What submit does with a user's module of a table, in this process. */
async function declare(job: Job, folder: string, manifest: DatasetManifest): Promise<void> {
  if (manifest.kind !== 'features') throw new Error(`expected a table, found ${manifest.kind}`);
  const inputs = { kind: 'features', width: manifest.width } as const;
  const outputs = outputsOf(job, manifest.labels);
  const tensors = await declareModule({ job, path: join(folder, MODULE_FILE), outputs, inputs }, true);
  await writeFile(join(folder, CONFIG_FILE), JSON.stringify(moduleConfigJson({ inputs, outputs, tensors })));
}
