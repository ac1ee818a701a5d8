/** What is known of a Keras model's own head, so that a job for the same labels goes on from it. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { labelWords } from '../families/labels.js';
import { ModelError } from '../model-error.js';
import { parseJson } from './tfjs-folder.js';
import { allLayers, nameOf, outputLayer, type LayerJson } from './topology.js';

/**
 * The words of config.json that say what the head `layer` of `outputs` numbers was made for: nothing where nobody says it.
 * @throws ModelError when the labels beside the model are not as many as its outputs.
 */
export async function headWordsOf(
  model: LayerJson,
  { layer, outputs }: { readonly layer: string; readonly outputs: number },
  path: string,
): Promise<Record<string, unknown>> {
  const activation = lastActivation(model, layer, path);
  if (outputs === 1) return activation === 'linear' ? { problem_type: 'regression' } : {};
  const kinds: Record<string, object> = {
    linear: {},
    softmax: {},
    sigmoid: { problem_type: 'multi_label_classification' },
  };
  const kind = kinds[activation];
  const found = kind && (await labelsBeside(path));
  if (!found) return {};
  if (found.labels.length === outputs) return { ...labelWords(found.labels), ...kind };
  throw new ModelError(
    `${found.file}: expected ${outputs} labels, as many as the model has outputs, found ${found.labels.length}`,
  );
}

/** What the model makes of its head's numbers. */
function lastActivation(model: LayerJson, head: string, where: string): string {
  const last = outputLayer(model, where);
  if (last.class_name === 'Softmax') return 'softmax';
  const layer = last.class_name === 'Activation' ? last : allLayers(model).find((each) => nameOf(each) === head);
  return String(layer?.config['activation'] ?? 'linear');
}

/** labels.txt, one a line; metadata.json of Teachable Machine; temper.json of an exported model. */
async function labelsBeside(
  path: string,
): Promise<{ readonly labels: readonly string[]; readonly file: string } | null> {
  for (const [name, parse] of labelFiles) {
    const file = join(dirname(path), name);
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    const labels = text === null ? null : parse(text, file);
    if (Array.isArray(labels)) return { labels: labels.map(String), file };
  }
  return null;
}

type Json = Readonly<Record<string, unknown>> | null;

const labelFiles: readonly (readonly [string, (text: string, file: string) => unknown])[] = [
  ['labels.txt', (text) => text.split(/\r?\n/).filter((line) => line.trim() !== '')],
  ['metadata.json', (text, file) => (parseJson(text, file) as Json)?.['labels']],
  ['temper.json', (text, file) => ((parseJson(text, file) as Json)?.['data'] as Json)?.['labels']],
];
