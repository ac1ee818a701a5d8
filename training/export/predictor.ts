import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ModelError } from '../../models/model-error.js';
import type { Message } from '../compile/attributes.js';
import type { FeedValues } from '../compile/program.js';
import { tf, type Tensor } from '../tensorflow.js';
import { MODEL_JSON } from './graph-model.js';
import { SAVED_MODEL_FILE, SERVING_SIGNATURE } from './saved-model.js';

export interface Feed {
  readonly shape: readonly number[];
  readonly values: FeedValues;
}

/** A published model in any of its forms, ready to be asked. */
export interface Predictor {
  readonly form: 'saved-model' | 'graph-model' | 'layers-model';
  /** Its inputs; null is a size that is free. */
  readonly inputs: readonly { readonly name: string; readonly shape: readonly (number | null)[] }[];
  /** Scores before softmax, or values, row by row; `feeds` are the model's inputs by name. */
  outputs(feeds: Readonly<Record<string, Feed>>): Float32Array;
  close(): void;
}

/**
 * Opens an exported model by what its folder holds: saved_model.pb, or a model.json of a graph model or a layers model.
 * @throws ModelError when it holds neither.
 */
export async function predictFrom(folder: string): Promise<Predictor> {
  const text = await readFile(join(folder, MODEL_JSON), 'utf8').catch(absent);
  if (text === null) return savedModel(folder);
  const { format } = JSON.parse(text) as { format?: unknown };
  if (format === 'graph-model') return graphModel(folder);
  if (format === 'layers-model') return layersModel(folder);
  throw new ModelError(
    `${join(folder, MODEL_JSON)}: format: expected graph-model or layers-model, found ${JSON.stringify(format) ?? 'none'}`,
  );
}

const absent = (error: NodeJS.ErrnoException): null => {
  if (error.code === 'ENOENT') return null;
  throw error;
};

async function savedModel(folder: string): Promise<Predictor> {
  if ((await readFile(join(folder, SAVED_MODEL_FILE)).catch(absent)) === null) {
    throw new ModelError(
      `${folder}: expected an exported model: a ${SAVED_MODEL_FILE}, or a ${MODEL_JSON} with its weights`,
    );
  }
  const model = await tf.node.loadSavedModel(resolve(folder), ['serve'], SERVING_SIGNATURE);
  return {
    form: 'saved-model',
    inputs: model.inputs.map(named),
    outputs: (feeds) => values(feeds, (tensors) => (model.predict(tensors) as Record<string, Tensor>)['outputs']!),
    close: () => model.dispose(),
  };
}

async function graphModel(folder: string): Promise<Predictor> {
  const model = await tf.loadGraphModel(urlOf(folder));
  return {
    form: 'graph-model',
    inputs: model.inputs.map(named),
    outputs: (feeds) => values(feeds, (tensors) => model.predict(tensors) as Tensor),
    close: () => model.dispose(),
  };
}

/** What an exported layers model makes of its scores (a last Activation layer) is left out. */
async function layersModel(folder: string): Promise<Predictor> {
  const whole = await tf.loadLayersModel(urlOf(folder));
  const last = whole.layers.at(-1)!;
  const scores = last.getClassName() === 'Activation' ? last.input : last.output;
  const model = tf.model({ inputs: whole.inputs, outputs: scores });
  return {
    form: 'layers-model',
    inputs: whole.inputs.map(named),
    outputs: (feeds) => values(feeds, (tensors) => model.predict(Object.values(tensors)) as Tensor),
    close: () => whole.dispose(),
  };
}

/** Null or below 0 where it is free; a SavedModel has protobuf's message. */
function sizeOf(size: unknown): number | null {
  const value = typeof size === 'object' && size !== null ? (size as Message).getSize() : size;
  return typeof value === 'number' && value >= 0 ? value : null;
}

const named = ({ name, shape }: { readonly name: string; readonly shape?: unknown }) => ({
  name,
  shape: ((shape ?? []) as readonly unknown[]).map(sizeOf),
});

const urlOf = (folder: string): string => pathToFileURL(join(folder, MODEL_JSON)).href;

function values(
  feeds: Readonly<Record<string, Feed>>,
  predict: (tensors: Record<string, Tensor>) => Tensor,
): Float32Array {
  return tf.tidy(() => {
    const tensors = Object.entries(feeds).map(([name, { values, shape }]) => [
      name,
      tf.tensor(values, [...shape], values instanceof Int32Array ? 'int32' : 'float32'),
    ]);
    return predict(Object.fromEntries(tensors) as Record<string, Tensor>).dataSync() as Float32Array;
  });
}
