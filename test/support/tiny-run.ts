import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileSource } from '../../data/byte-source.js';
import { prepareDataset } from '../../data/prepare.js';
import { openTokenizer } from '../../data/tokenize.js';
import type { LoadRequest } from '../../engine/protocol.js';
import { parseJob } from '../../job/parse.js';

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

/** Prepares the tiny data set and says what an engine has to load for this job. */
export async function tinyLoad(
  job = tinyJob(),
): Promise<{ request: LoadRequest; folder: string; stepsPerEpoch: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'temper-tiny-'));
  const manifest = await prepareDataset({
    source: await fileSource(TINY_GLOSSES),
    job,
    tokenizer: await openTokenizer(TINY_BERT, job.data.maxLength),
    outFolder: folder,
  });
  const shards = { train: [] as string[], validation: [] as string[], test: [] as string[] };
  for (const { name, split } of manifest.files) shards[split].push(join(folder, name));
  const request: LoadRequest = {
    ...{ key: JSON.stringify(job), job, modelFolder: TINY_BERT, dataset: manifest, shards },
    ...{ features: null, train: true },
  };
  return { request, folder, stepsPerEpoch: Math.ceil(manifest.rows.train / job.train.batchSize) };
}
