/** An exported model is tried before anybody is given it: it has to run, and to say what the trainer says. */
import type { DatasetManifest } from '../../data/manifest.js';
import { ModelError } from '../../models/model-error.js';
import { featureExamples } from '../../training/examples/feature-examples.js';
import type { Examples } from '../../training/examples/examples.js';
import { pixelExamples } from '../../training/examples/image-examples.js';
import { blankTargets } from '../../training/examples/row-targets.js';
import { tokenExamples, type TokenTargets } from '../../training/examples/token-examples.js';
import { predictFrom, type Predictor } from '../../training/export/predictor.js';
import type { ExportForm } from '../protocol.js';
import { exportedOutputs } from './exported-outputs.js';
import type { Loaded } from './workbench.js';

/** Of the largest output; sums come in another order. */
const TOLERANCE = 1e-4;

/** @throws ModelError where the form cannot run this model; an Error where it says something else. */
export async function checkExport(loaded: Loaded, form: ExportForm, folder: string): Promise<void> {
  const { dataset, trainer } = loaded;
  const examples = probes(loaded);
  const found = await outputsOf(await predictFrom(folder), dataset, examples, form);
  if (dataset.target === 'next') return; // the trainer keeps no scores of a language model to compare with
  trainer.prepareFor(examples);
  for (const { example, outputs } of trainer.evaluate(examples)) {
    const scale = outputs.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    const off = outputs.reduce((worst, value, i) => Math.max(worst, Math.abs(value - found[example]![i]!)), 0);
    if (off <= TOLERANCE * scale) continue;
    throw new Error(
      `${form}: expected ${outputs.slice(0, 4).join(', ')}, found ${found[example]!.slice(0, 4).join(', ')}`,
    );
  }
}

async function outputsOf(
  predictor: Predictor,
  dataset: DatasetManifest,
  examples: Examples,
  form: ExportForm,
): Promise<Float32Array[]> {
  try {
    const outputs: Float32Array[] = [];
    for (const { example, outputs: found } of exportedOutputs(predictor, dataset, examples)) outputs[example] = found;
    return outputs;
  } catch (error) {
    const { message } = error as Error;
    throw new ModelError(`--format ${form}: this model cannot run in that form: ${message}: use another`, {
      cause: error,
    });
  } finally {
    predictor.close();
  }
}

/** Two made-up examples. */
function probes({ dataset, scale }: Loaded): Examples {
  const { target, labels } = dataset;
  const blank = () => {
    if (target === 'tags' || target === 'next') throw new Error(`examples of ${target} have no targets of rows`);
    return blankTargets(target, 2, labels.length);
  };
  switch (dataset.kind) {
    case 'tokens': {
      const { maxLength } = dataset;
      const values = Int32Array.from({ length: maxLength + 1 }, (_, i) => i % 2);
      const offsets = Int32Array.of(0, 1 + Math.floor(maxLength / 2), maxLength + 1);
      const targets: TokenTargets<Int32Array> =
        target === 'tags'
          ? { kind: 'tags', tags: new Int32Array(values.length) }
          : target === 'next'
            ? { kind: 'next' }
            : blank();
      return tokenExamples({ tokens: { values, offsets }, types: new Int32Array(values.length), targets, maxLength });
    }
    case 'images': {
      const pixels = [1, 3].map((step) =>
        Uint8Array.from({ length: dataset.size ** 2 * 3 }, (_, i) => (i * step) % 256),
      );
      return pixelExamples({ pixels, size: dataset.size, scale: scale!, targets: blank() });
    }
    case 'features': {
      const features = Float32Array.from({ length: 2 * dataset.width }, (_, i) => Math.sin(i + 1));
      return featureExamples({ features, width: dataset.width, targets: blank() });
    }
  }
}
