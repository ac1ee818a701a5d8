import { setImmediate as nextTurn } from 'node:timers/promises';
import { writeFeatures } from '../../data/write-features.js';
import type { Sha256 } from '../../workflows/contract.js';
import { openExamples } from '../../training/examples/open-examples.js';
import type { EngineRequests } from '../protocol.js';
import type { Loaded, SplitName, Workbench } from './workbench.js';

const ROWS_PER_TURN = 256;

/** Runs the frozen base over the rows of one data shard and writes what it makes of them, in their order; null: interrupted. */
export async function computeFeatures(
  bench: Workbench,
  file: number,
  path: string,
): Promise<EngineRequests['computeFeatures']['output']> {
  const { trainer, dataset, shards, scale } = bench.loaded;
  const position = bench.position;
  if (!position) throw new Error('engine: no state to compute features with');
  const { split } = dataset.files[file]!;
  const total = rowsOf(dataset.files);
  const before = rowsOf(dataset.files.slice(0, file));
  const nothing = { loss: null, learningRate: null, examplesPerSecond: null };
  const report = (done: number) =>
    bench.report({ stage: 'computing-features', position, ...nothing, rows: { done: before + done, total } });
  bench.interrupted = false;
  report(0);
  const examples = await openExamples([pathOf(dataset.files, shards, file)], dataset, scale);
  try {
    trainer.prepareFor(examples, 'features');
    let values = new Float32Array(0);
    let [width, done] = [0, 0];
    for (const { example, features } of trainer.features(examples)) {
      if (width === 0) {
        width = features.length;
        values = new Float32Array(examples.count * width);
      }
      values.set(features, example * width);
      if (++done % ROWS_PER_TURN !== 0) continue;
      report(done);
      await nextTurn();
      if (bench.interrupted) return null;
    }
    if (width === 0) throw new Error(`shard ${file} (${split}) has no rows`);
    const { sha256, bytes } = await writeFeatures(path, values, width);
    return { sha256: sha256 as Sha256, bytes, width };
  } finally {
    examples.close();
  }
}

const rowsOf = (files: Loaded['dataset']['files']): number => files.reduce((sum, { rows }) => sum + rows, 0);

/** Shards of a split have the order of the manifest. */
function pathOf(files: Loaded['dataset']['files'], shards: Loaded['shards'], file: number): string {
  const split: SplitName = files[file]!.split;
  const place = files.slice(0, file).filter((other) => other.split === split).length;
  return shards[split][place]!;
}
