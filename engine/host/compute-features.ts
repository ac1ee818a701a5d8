import { setImmediate as nextTurn } from 'node:timers/promises';
import { writeFeatures } from '../../data/write-features.js';
import type { Sha256 } from '../../workflows/contract.js';
import { openExamples } from '../../training/examples/open-examples.js';
import type { EngineRequests } from '../protocol.js';
import type { Loaded, SplitName } from './workbench.js';

const ROWS_PER_TURN = 256;

/** Runs the frozen base over the rows of one data shard and writes what it makes of them, in their order. */
export async function computeFeatures(
  { trainer, dataset, shards, scale }: Loaded,
  file: number,
  path: string,
): Promise<EngineRequests['computeFeatures']['output']> {
  const { split } = dataset.files[file]!;
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
      if (++done % ROWS_PER_TURN === 0) await nextTurn();
    }
    if (width === 0) throw new Error(`shard ${file} (${split}) has no rows`);
    const { sha256, bytes } = await writeFeatures(path, values, width);
    return { sha256: sha256 as Sha256, bytes, width };
  } finally {
    examples.close();
  }
}

/** Shards of a split have the order of the manifest. */
function pathOf(files: Loaded['dataset']['files'], shards: Loaded['shards'], file: number): string {
  const split: SplitName = files[file]!.split;
  const place = files.slice(0, file).filter((other) => other.split === split).length;
  return shards[split][place]!;
}
