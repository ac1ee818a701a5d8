import { parseJob } from '../../job/parse.js';
import type { Job } from '../../job/schema.js';
import { readBaseTensors } from '../../models/base-tensors.js';
import { inspectModelFolder } from '../../models/folder.js';
import type { EncoderConfig } from '../../models/families/encoder-layout.js';
import type { Lists } from '../../data/shards.js';
import { tokenExamples } from '../../training/examples/token-examples.js';
import type { Examples } from '../../training/examples/examples.js';
import { buildModel } from '../../training/models/index.js';
import type { Model } from '../../training/model.js';
import { trainerFor } from '../../training/trainer-for.js';
import type { Trainer } from '../../training/trainer.js';

export const jobOn = (folder: string, train = '', more = 'task: text-classification'): Job =>
  parseJob(
    `{ name: test, ${more}, model: "file:${folder}", data: { source: x.csv }, train: { ${train} } }`,
    'test.yaml',
  );

/** The encoder of a folder with a head of `classes`, and its weights in memory. */
export async function openBaseModel(folder: string, classes: number, job = jobOn(folder)) {
  const opened = await inspectModelFolder(folder, job);
  const model = buildModel(opened.family.name, opened.config, job, classes);
  const weights = new Map<string, Float32Array>();
  for await (const { name, values } of readBaseTensors(opened)) weights.set(name, values);
  return { config: opened.config as EncoderConfig, model, weights };
}

/** Everything of the model trains, as the job says. */
export const trainerOf = (job: Job, model: Model, outputs: number, trainOn: readonly Examples[]): Trainer =>
  trainerFor({
    ...{ job, model, outputs, trainOn, evaluateOn: [], blocks: 0, blockOf: () => 0 },
    phases: [{ fromEpoch: 0, trainable: model.tensors.map(({ name }) => name).sort() }],
  });

/** Rows of ids with a class each; every id below is a token. */
export function classRows(
  rows: readonly (readonly number[])[],
  labels: readonly number[],
  maxLength: number,
): Examples {
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => (offsets[i + 1] = offsets[i]! + row.length));
  const tokens: Lists = { values: Int32Array.from(rows.flat()), offsets };
  return tokenExamples({ tokens, types: null, targets: { kind: 'class', labels: Int32Array.from(labels) }, maxLength });
}

export const elements = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
