import type { DatasetManifest } from '../../data/manifest.js';
import { rowOf } from '../../training/evaluation/evaluator.js';
import type { Examples } from '../../training/examples/examples.js';
import { bucketOf, inOrder } from '../../training/examples/order.js';
import type { Feed, Predictor } from '../../training/export/predictor.js';

const ROWS = 32;

/** What an exported model makes of examples: scores before softmax, or values, of each. */
export function* exportedOutputs(
  predictor: Predictor,
  dataset: DatasetManifest,
  examples: Examples,
): Generator<{ readonly example: number; readonly outputs: Float32Array }> {
  const { rows, bucket } = sizesOf(predictor, dataset);
  for (const batch of inOrder(examples, rows ?? ROWS)) {
    const length = bucket ?? bucketOf(examples, batch);
    const feeds = examples.gather(batch, batch.length, length);
    const channels = predictor.inputs[0]!.shape[3] ?? 3;
    const shapes = shapesOf(dataset, batch.length, { length, channels });
    const wanted = predictor.inputs.map(({ name }): [string, Feed] => {
      const key = name in shapes ? name : Object.keys(shapes)[0]!; // a layers model calls its one input as it likes
      return [key, { shape: shapes[key]!, values: feeds[key]! }];
    });
    const outputs = predictor.outputs(Object.fromEntries(wanted));
    for (const [row, example] of batch.entries()) yield { example, outputs: rowOf(outputs, row, batch.length) };
  }
}

/** Rows and length that the model fixes; null where they are free. Keras's layers know no mask: their texts are of one length. */
function sizesOf({ form, inputs }: Predictor, dataset: DatasetManifest) {
  const [rows, length] = inputs[0]!.shape;
  if (dataset.kind !== 'tokens') return { rows, bucket: null };
  return { rows, bucket: length ?? (form === 'layers-model' ? dataset.maxLength : null) };
}

function shapesOf(
  dataset: DatasetManifest,
  rows: number,
  { length, channels }: { readonly length: number; readonly channels: number },
): Record<string, readonly number[]> {
  switch (dataset.kind) {
    case 'tokens':
      return { ids: [rows, length], mask: [rows, length], types: [rows, length] };
    case 'images':
      return { pixels: [rows, dataset.size, dataset.size, channels] };
    case 'features':
      return { features: [rows, dataset.width] };
  }
}
