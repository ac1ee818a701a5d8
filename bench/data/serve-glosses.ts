// Glosses to shards of token ids, in one process:  node dist/bench/data/serve-glosses.js GLOSSES.jsonl FOLDER
import { rm } from 'node:fs/promises';
import { fileSource } from '../../data/byte-source.js';
import { prepareDataset } from '../../data/prepare.js';
import { openTokenizer } from '../../data/tokenize.js';
import { partPaths } from '../../infra/parts.mjs';
import { parseJob } from '../../job/parse.js';
import { serve } from '../serve.js';
import { cpuMs } from './cpu.js';

const [path, outFolder] = process.argv.slice(2) as [string, string];
const job = parseJob(
  `name: bench
task: text-classification
model: minilm-l6
data: { source: glosses.jsonl, text: gloss, label: topic, maxLength: 128, leakage: off, clean: { dropDuplicates: false } }
train: { epochs: 1, batchSize: 32, learningRate: 1e-4 }
`,
  'bench.yaml',
);
await serve(() =>
  cpuMs(async () => {
    await rm(outFolder, { recursive: true, force: true });
    const tokenizer = await openTokenizer(partPaths().minilm, job.data.maxLength);
    await prepareDataset({ source: await fileSource(path), job, tokenizer, outFolder });
  }),
);
