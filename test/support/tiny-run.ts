import { mkdtemp } from 'node:fs/promises';
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
import type { LoadRequest } from '../../engine/protocol.js';
import { parseJob } from '../../job/parse.js';
import { readConfig } from '../../models/folder.js';

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
  const { family, config } = await readConfig(modelFolder);
  const kind = kindOf(job);
  let path = job.data.source;
  if (kind === 'images') await packImages({ path, data: job.data, out: (path = join(folder, 'images')) });
  const manifest = await prepareDataset({
    source: await fileSource(path, job.data.source),
    format: kind === 'images' ? 'images' : formatOf(path),
    job,
    ...(kind === 'tokens' && { tokenizer: await openTokenizer(modelFolder, job.data.maxLength) }),
    ...(kind === 'images' && { imageSize: job.data.imageSize ?? family.imageSize!(config) }),
    outFolder: folder,
  });
  const shards = { train: [] as string[], validation: [] as string[], test: [] as string[] };
  for (const { name, split } of manifest.files) shards[split].push(join(folder, name));
  const request: LoadRequest = {
    ...{ key: JSON.stringify(job), job, modelFolder, dataset: manifest, shards },
    ...{ features: null, train: true },
  };
  const { batchSize, accumulate } = job.train;
  return { request, folder, stepsPerEpoch: Math.ceil(Math.ceil(manifest.rows.train / batchSize) / accumulate) };
}
