/** Data that are prepared while their worker is killed, compared with what one process makes of them by itself. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { fileSource } from '../../../data/byte-source.js';
import { datasetManifestSchema } from '../../../data/manifest.js';
import { prepareDataset } from '../../../data/prepare.js';
import { partSize } from '../../../data/prepare/part-size.js';
import { openTokenizer } from '../../../data/tokenize.js';
import type { DataContext, DatasetRef } from '../../../workflows/contract.js';
import { CONTROL_QUEUE } from '../../../workflows/handlers.js';
import { inputOf } from '../../support/faults/attempt.js';
import { startWorld, type World } from '../../support/faults/world.js';
import { seededRandom } from '../../support/random.js';
import { seedOf, type Row } from '../row.js';

/** Of 240 rows: 12 parts. */
const PART_ROWS = 20;
const WITHIN_MS = 240_000;

export const dataKills: Row = {
  name: 'data-kill',
  title: 'SIGKILL of the data worker, twice, at random moments of a preparation: the same data',
  unit: 'SIGKILL',
  tries: 30,
  inTest: 1,
  open: async ({ seed }) => {
    const world = await startWorld({ devices: 0, env: () => ({ TEMPER_PART_ROWS: String(PART_ROWS) }) });
    const { job, source, model } = await inputOf(world);
    return {
      attempt: async (number) => {
        const random = seededRandom(seedOf(seed, 'data-kill', number));
        // Another seed divides the rows in another way: nothing of it is prepared yet.
        const context: DataContext = { job: { ...job, seed: 1_000 + number }, source, model };
        const waitsMs = [random(), random()].map((share) => Math.round(1_500 * share));
        const killing = (async () => {
          let killed = 0;
          for (const waitMs of waitsMs) {
            await pause(waitMs);
            killed += world.signal('data', 'SIGKILL').length;
          }
          return killed;
        })();
        const [prepared, faults, expected] = await Promise.all([
          prepareIn(world, `data-${number}`, context),
          killing,
          shardsOf(world, context, join(world.directory, `alone-${number}`)),
        ]);
        const problems = isDeepStrictEqual(prepared, expected) ? [] : ['other shards than one process makes'];
        const what = `seed ${context.job.seed}, killed after ${waitsMs.join(' and another ')} ms`;
        return { problems, what, faults, lostSteps: 0, extraSeconds: null };
      },
      close: () => world.stop(),
    };
  },
};

async function prepareIn(world: World, workflowId: string, context: DataContext): Promise<readonly string[]> {
  const handle = await world.client.workflow.start('prepareData', {
    ...{ workflowId, taskQueue: CONTROL_QUEUE, args: [context] },
    workflowExecutionTimeout: WITHIN_MS,
  });
  const { manifest } = (await handle.result()) as DatasetRef;
  const { bytes } = await world.store.get(manifest.key);
  return datasetManifestSchema.parse(JSON.parse(bytes.toString())).files.map(({ sha256 }) => sha256);
}

/** What prepareDataset makes, in this process, of the files that the job was written beside. */
async function shardsOf(world: World, { job }: DataContext, outFolder: string): Promise<readonly string[]> {
  const { files } = await prepareDataset({
    source: await fileSource(join(world.directory, 'tiny-glosses.jsonl')),
    job,
    tokenizer: await openTokenizer(join(world.directory, 'tiny-bert'), job.data.maxLength),
    partSize: { ...partSize, records: PART_ROWS },
    outFolder,
  });
  return files.map(({ sha256 }) => sha256);
}
