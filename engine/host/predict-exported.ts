/** What a model says that was exported as a SavedModel or for TensorFlow.js: its own file alone is run. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { normalisationOf } from '../../models/families/image-family.js';
import { PREPROCESSOR_FILE } from '../../models/folder.js';
import { ModelError } from '../../models/model-error.js';
import { rowOf } from '../../training/evaluation/evaluator.js';
import { bucketOf, inOrder } from '../../training/examples/order.js';
import { predictFrom, type Feed, type Predictor } from '../../training/export/predictor.js';
import type { DatasetManifest } from '../../data/manifest.js';
import type { EngineRequests, Prediction } from '../protocol.js';
import { examplesOf, said } from './predict.js';

const ROWS = 32;

/** @throws ModelError for a language model: it goes on with texts from its safetensors. */
export async function predictExported({
  folder,
  dataset,
  inputs,
}: EngineRequests['predictExported']['input']): Promise<Prediction[]> {
  if (dataset.target === 'next') {
    throw new ModelError(
      `${folder}: a language model goes on with texts from model.safetensors: export it with --format safetensors`,
    );
  }
  const scale = dataset.kind === 'images' ? { scale: await scaleOf(folder) } : {};
  const { examples, firstPieces } = await examplesOf({ dataset, modelFolder: folder, ...scale }, inputs);
  const predictor = await predictFrom(folder);
  try {
    const { rows, bucket } = sizesOf(predictor, dataset);
    const predictions = new Array<Prediction>(inputs.length);
    for (const batch of inOrder(examples, rows ?? ROWS)) {
      const length = bucket ?? bucketOf(examples, batch);
      const feeds = examples.gather(batch, batch.length, length);
      const shapes = shapesOf(dataset, batch.length, length);
      const wanted = predictor.inputs.map(({ name }): [string, Feed] => {
        const key = name in shapes ? name : Object.keys(shapes)[0]!; // a layers model calls its one input as it likes
        return [key, { shape: shapes[key]!, values: feeds[key]! }];
      });
      const outputs = predictor.outputs(Object.fromEntries(wanted));
      batch.forEach((example, row) => {
        predictions[example] = said(rowOf(outputs, row, batch.length), dataset, firstPieces[example]);
      });
    }
    return predictions;
  } finally {
    predictor.close();
  }
}

/** Rows and length that the model fixes; null where they are free. Keras's layers know no mask: their texts are of one length. */
function sizesOf({ form, inputs }: Predictor, dataset: DatasetManifest) {
  const [rows, length] = inputs[0]!.shape;
  if (dataset.kind !== 'tokens') return { rows, bucket: null };
  return { rows, bucket: length ?? (form === 'layers-model' ? dataset.maxLength : null) };
}

function shapesOf(dataset: DatasetManifest, rows: number, length: number): Record<string, readonly number[]> {
  switch (dataset.kind) {
    case 'tokens':
      return { ids: [rows, length], mask: [rows, length], types: [rows, length] };
    case 'images':
      return { pixels: [rows, dataset.size, dataset.size, 3] };
    case 'features':
      return { features: [rows, dataset.width] };
  }
}

async function scaleOf(folder: string) {
  const text = await readFile(join(folder, PREPROCESSOR_FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT')
      throw new ModelError(`${folder}: ${PREPROCESSOR_FILE} is missing: export the model again`);
    throw error;
  });
  return normalisationOf({ mean: [0, 0, 0], std: [1, 1, 1] }, JSON.parse(text) as Record<string, unknown>);
}
