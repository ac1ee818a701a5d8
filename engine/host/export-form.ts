import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { layers } from '../../models/families/layers.js';
import { PREPROCESSOR_FILE } from '../../models/folder.js';
import type { LayersConfig } from '../../models/keras/import.js';
import { ModelError } from '../../models/model-error.js';
import { freezeGraph } from '../../training/export/frozen-graph.js';
import { writeGraphModel } from '../../training/export/graph-model.js';
import { writeLayersModel } from '../../training/export/layers-model.js';
import { writeSavedModel } from '../../training/export/saved-model.js';
import type { EngineRequests, ExportForm } from '../protocol.js';
import { checkExport } from './check-export.js';
import type { Loaded } from './workbench.js';

/**
 * Writes a loaded model for other programs. It gives scores before softmax, or values; a layers model of classes ends with their softmax.
 * @throws ModelError for a layers model of a family that has none.
 */
export async function exportForm(
  loaded: Loaded,
  form: ExportForm,
  folder: string,
): Promise<EngineRequests['exportForm']['output']> {
  const { run, trainer, dataset } = loaded;
  const values = new Map(run.plain.tensors.map(({ name }) => [name, trainer.read(name)]));
  await writePreprocessor(loaded, folder);
  if (form === 'tfjs-layers') {
    if (run.family.name !== layers.name) {
      throw new ModelError(
        `--format tfjs-layers: expected a model that came from Keras, found a ${run.family.name} model: use tfjs-graph`,
      );
    }
    await writeLayersModel(folder, run.config as LayersConfig, values, { probabilities: dataset.target === 'class' });
    await checkExport(loaded, form, folder);
    return { fixed: [] };
  }
  const maxLength = dataset.kind === 'tokens' ? dataset.maxLength : 1;
  const graph = freezeGraph({ model: run.plain, values, maxLength });
  await (form === 'saved-model' ? writeSavedModel : writeGraphModel)(folder, graph);
  await checkExport(loaded, form, folder);
  return { fixed: graph.fixed };
}

/** As Hugging Face's image processors have it: pixels are divided by 255, then (value - mean) / std by channel. */
async function writePreprocessor({ dataset, scale }: Loaded, folder: string): Promise<void> {
  if (dataset.kind !== 'images' || !scale) return;
  const { size } = dataset;
  const said = {
    ...(scale.grey && { do_grayscale: true }),
    do_resize: true,
    size: { height: size, width: size },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: scale.mean,
    image_std: scale.std,
  };
  await writeFile(join(folder, PREPROCESSOR_FILE), `${JSON.stringify(said, null, 2)}\n`);
}
