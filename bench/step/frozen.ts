// Epochs of the glosses' head over frozen MiniLM, as an engine trains them:  node dist/bench/step/frozen.js ROWS.jsonl kept|recomputed
import { mkdtemp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileSource } from '../../data/byte-source.js';
import { prepareDataset } from '../../data/prepare.js';
import { openTokenizer } from '../../data/tokenize.js';
import { createHandlers } from '../../engine/host/handlers.js';
import { Workbench } from '../../engine/host/workbench.js';
import { partPaths } from '../../infra/parts.mjs';
import { jobSchema } from '../../job/schema.js';
import { serve } from '../serve.js';

const [source, how] = process.argv.slice(2) as [string, 'kept' | 'recomputed'];
const modelFolder = partPaths().minilm;
const job = jobSchema.parse({
  ...{ name: 'frozen', task: 'text-classification', model: 'minilm-l6', freeze: 'all' },
  data: { source, text: 'gloss', label: 'topic', maxLength: 32, split: { column: 'split' } },
  train: { epochs: 10_000, batchSize: 32, learningRate: 1e-3, schedule: 'constant', dropout: 0 },
});
const scratch = await mkdtemp(join(dirname(source), 'frozen-')); // whoever made the rows removes it
const outFolder = join(scratch, 'data');
const tokenizer = await openTokenizer(modelFolder, job.data.maxLength);
const dataset = await prepareDataset({ source: await fileSource(source), job, tokenizer, outFolder });
const pathsBySplit = (pathOf: (name: string, file: number) => string) => {
  const paths = { train: [] as string[], validation: [] as string[], test: [] as string[] };
  dataset.files.forEach(({ name, split }, file) => paths[split].push(pathOf(name, file)));
  return paths;
};

const handlers = createHandlers(new Workbench(() => undefined));
const model = { job, modelFolder, dataset };
const initial = await handlers.initialize({ ...model, folder: join(scratch, 'initial') });
const load = { ...model, shards: pathsBySplit((name) => join(outFolder, name)), train: true };
const restore = () => handlers.restore({ shards: initial.shards.map(({ path }) => path), position: initial.position });
await handlers.load({ ...load, key: 'whole', features: null });
await restore();
if (how === 'kept') {
  const featuresOf = (file: number) => join(scratch, `features-${file}.arrow`);
  let width = 0;
  for (const file of dataset.files.keys()) {
    ({ width } = (await handlers.computeFeatures({ file, path: featuresOf(file) }))!);
  }
  await handlers.load({
    ...load,
    key: 'head',
    features: { width, shards: pathsBySplit((_, file) => featuresOf(file)) },
  });
  await restore();
}
const stepsPerEpoch = Math.ceil(dataset.rows.train / job.train.batchSize);
let epoch = 0;
await serve(async () => {
  const startMs = performance.now();
  epoch += 1;
  const until = { step: epoch * stepsPerEpoch, minutes: null };
  await handlers.train({ until, observations: [], folder: join(scratch, `epoch-${epoch}`) });
  return [performance.now() - startMs];
});
