import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from '../../engine/client.js';
import type { FoundRate } from '../../engine/protocol.js';
import { openLocal } from '../../activities/source/local.js';
import type { DatasetManifest } from '../../data/manifest.js';
import { prepareDataset } from '../../data/prepare.js';
import { kindOf } from '../../data/targets.js';
import { openTokenizer } from '../../data/tokenize.js';
import type { Job } from '../../job/schema.js';
import { imageSizeOf } from '../../models/image-size.js';
import type { CheckedJob } from '../submit.js';
import { exitCode } from '../../infra/errors.js';
import { withEngine } from './local-engine.js';

export interface RateRequest {
  /** null: as many as fit the data (see stepsFor). */
  readonly steps: number | null;
  readonly from: number;
  readonly to: number;
}

export interface RateProgress {
  readonly stage: 'preparing' | 'compiling' | 'training';
  /** Rows while preparing, steps while training. */
  readonly done: number;
  readonly total: number;
  readonly loss: number | null;
  readonly learningRate: number | null;
}

export interface RateSearch {
  /** Aborted: nothing is found, everything ends. */
  readonly signal: AbortSignal;
  /** Given what asks the test to end after its current step, once it runs. */
  readonly onBegin: (interrupt: () => void) => void;
  readonly onProgress: (progress: RateProgress) => void;
}

/** One epoch, but enough to see a curve and not more than it takes. */
const FEWEST_STEPS = 40;
const USUAL_STEPS = 100;

/** A range test on this machine: data, head and engine of its own; nothing of it stays. @throws as withEngine. */
export async function findRate(
  checked: CheckedJob,
  { steps, from, to }: RateRequest,
  { signal, onBegin, onProgress }: RateSearch,
): Promise<FoundRate> {
  const { job, model, format, synonyms } = checked;
  const scratch = await mkdtemp(join(tmpdir(), 'temper-lr-find-'));
  const preparing = (done: number, total: number) =>
    onProgress({ stage: 'preparing', done, total, loss: null, learningRate: null });
  try {
    const outFolder = join(scratch, 'data');
    const dataset = await prepareDataset({
      source: await openLocal(checked),
      ...{ format, job, outFolder, signal },
      ...(kindOf(job) === 'tokens' && { tokenizer: await openTokenizer(model.folder, job.data.maxLength) }),
      ...(kindOf(job) === 'images' && { imageSize: imageSizeOf(job, model) }),
      onProgress: ({ rows, totalRows }) => preparing(rows, totalRows),
    });
    const range = { steps: steps ?? stepsFor(job, dataset), from, to };
    const tf32 = job.train.precision === 'tf32';
    // The module that a job names runs here as `temper run` tries it.
    const local = { log: 'lr-find', threads: job.threads, tf32, allowModules: true, wrong: exitCode.badRequest };
    return await withEngine(local, async (engine) => {
      const kill = () => engine.kill();
      signal.addEventListener('abort', kill);
      try {
        signal.throwIfAborted();
        onProgress({ stage: 'compiling', done: 0, total: range.steps, loss: null, learningRate: null });
        const table = synonyms === null ? {} : { synonyms };
        const inputs = { job, modelFolder: model.folder, dataset };
        await begin(engine, inputs, { outFolder, state: join(scratch, 'state'), ...table });
        engine.onProgress = ({ position, loss, learningRate }) =>
          onProgress({ stage: 'training', done: position.step, total: range.steps, loss, learningRate });
        const found = engine.request('findRate', range);
        onBegin(() => engine.interrupt());
        return await found;
      } finally {
        signal.removeEventListener('abort', kill);
      }
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The engine with the state of step 0, over the training rows alone. */
async function begin(
  engine: Engine,
  model: { readonly job: Job; readonly modelFolder: string; readonly dataset: DatasetManifest },
  { outFolder, state, ...table }: { readonly outFolder: string; readonly state: string; readonly synonyms?: string },
): Promise<void> {
  const { position, shards } = await engine.request('initialize', { ...model, folder: state });
  const train = model.dataset.files.filter(({ split }) => split === 'train').map(({ name }) => join(outFolder, name));
  const data = { shards: { train, validation: [], test: [] }, features: null };
  await engine.request('load', { key: state, ...model, ...data, ...table, train: true });
  await engine.request('restore', { shards: shards.map(({ path }) => path), position });
}

function stepsFor({ train: { batchSize, accumulate } }: Job, { rows }: DatasetManifest): number {
  const epoch = Math.ceil(Math.ceil(rows.train / batchSize) / accumulate);
  return Math.min(USUAL_STEPS, Math.max(FEWEST_STEPS, epoch));
}
