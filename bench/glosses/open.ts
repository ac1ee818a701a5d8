import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileSource } from '../../data/byte-source.js';
import { prepareDataset } from '../../data/prepare.js';
import { openTokenizer } from '../../data/tokenize.js';
import { createHandlers } from '../../engine/host/handlers.js';
import { Workbench } from '../../engine/host/workbench.js';
import { partPaths } from '../../infra/parts.mjs';
import { parseJob } from '../../job/parse.js';

/**
 * An engine without its process, with the data of a job on MiniLM prepared in `folder` and the initial state restored; and the ms that
 * it took to load model and data, to build the graph and to restore.
 */
export async function openGlosses(jobFile: string, folder: string) {
  const job = parseJob(await readFile(jobFile, 'utf8'), jobFile);
  const modelFolder = partPaths().minilm;
  const source = await fileSource(resolve(dirname(jobFile), String(job.data.source)));
  const tokenizer = await openTokenizer(modelFolder, job.data.maxLength);
  const dataset = await prepareDataset({ source, job, tokenizer, outFolder: folder });
  const shards = { train: [] as string[], validation: [] as string[], test: [] as string[] };
  for (const { name, split } of dataset.files) shards[split].push(join(folder, name));
  const bench = new Workbench(() => undefined);
  const handlers = createHandlers(bench);
  const initial = await handlers.initialize({ job, modelFolder, dataset, folder: join(folder, 'initial') });
  const startMs = performance.now();
  await handlers.load({ ...{ key: 'glosses', job, modelFolder, dataset, shards }, features: null, train: true });
  await handlers.restore({ shards: initial.shards.map(({ path }) => path), position: initial.position });
  return { job, bench, handlers, loadMs: performance.now() - startMs };
}
