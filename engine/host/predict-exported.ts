/** What a model says that was exported as a SavedModel or for TensorFlow.js: its own file alone is run. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { normalisationOf } from '../../models/families/image-family.js';
import { PREPROCESSOR_FILE } from '../../models/folder.js';
import { ModelError } from '../../models/model-error.js';
import { predictFrom } from '../../training/export/predictor.js';
import type { EngineRequests, Prediction } from '../protocol.js';
import { exportedOutputs } from './exported-outputs.js';
import { examplesOf, said } from './predict.js';

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
    const predictions = new Array<Prediction>(inputs.length);
    for (const { example, outputs } of exportedOutputs(predictor, dataset, examples)) {
      predictions[example] = said(outputs, dataset, firstPieces[example]);
    }
    return predictions;
  } finally {
    predictor.close();
  }
}

async function scaleOf(folder: string) {
  const text = await readFile(join(folder, PREPROCESSOR_FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT')
      throw new ModelError(`${folder}: ${PREPROCESSOR_FILE} is missing: export the model again`);
    throw error;
  });
  const said = JSON.parse(text) as Record<string, unknown>;
  return { ...normalisationOf({ mean: [0, 0, 0], std: [1, 1, 1] }, said), grey: said['do_grayscale'] === true };
}
