import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { ImageFamily } from '../../models/families/image-family.js';
import { mobileNetV2 as mobileNetV2Family } from '../../models/families/mobilenet-v2.js';
import { resNet as resNetFamily } from '../../models/families/resnet.js';
import { vit as vitFamily } from '../../models/families/vit.js';
import { readFloats, readSafetensorsHeader } from '../../models/safetensors.js';
import type { Job } from '../../job/schema.js';
import { draw } from '../../training/counter-random.js';
import { initialTensor, streamOf } from '../../training/initial-weights.js';
import type { Model } from '../../training/model.js';
import { mobileNetV2 } from '../../training/models/mobilenet-v2.js';
import { resNet } from '../../training/models/resnet.js';
import { vit } from '../../training/models/vit.js';
import { fixture, imageJob, openImageModel, relativeError, runImageModel, wavePixels } from '../support/image-model.js';

const TOLERANCE = 1e-4;

interface Values {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}
interface Expected {
  readonly rows: number;
  readonly size: number;
  readonly phase: number;
  readonly evaluated: { readonly features: Values; readonly logits: Values };
  readonly trained: Values;
  readonly gradients: readonly (Values & { readonly name: string })[];
  readonly statistics: readonly (Values & { readonly name: string })[];
}

type Create = (config: never, job: Job, outputs: number) => Model;
const families: readonly (readonly [name: string, family: ImageFamily<never>, create: Create, head: string])[] = [
  ['mobilenet-v2', mobileNetV2Family as never, mobileNetV2, 'classifier'],
  ['resnet', resNetFamily as never, resNet, 'classifier.1'],
  ['resnet-basic', resNetFamily as never, resNet, 'classifier.1'],
  ['vit', vitFamily as never, vit, 'classifier'],
];

const readJson = async <T>(name: string): Promise<T> => JSON.parse(await readFile(fixture(name), 'utf8')) as T;

async function open(name: string, family: ImageFamily<never>, create: Create, head: string) {
  const expected = await readJson<Expected>(`tiny-${name}-outputs.json`);
  const { rows, size, phase } = expected;
  const job = imageJob({ imageSize: size });
  const { config, weights } = await openImageModel(family, fixture(`tiny-${name}`), job);
  const model = create(config, job, expected.evaluated.logits.shape[1]!);
  const header = await readSafetensorsHeader(`${fixture(`tiny-${name}`)}/model.safetensors`);
  const all = new Map(weights)
    .set('head.weight', await readFloats(header, `${head}.weight`))
    .set('head.bias', await readFloats(header, `${head}.bias`));
  return { expected, config, model, all, pixels: { rows, values: wavePixels(rows * size * size * 3, phase) } };
}

describe.each(families)('a tiny %s of transformers', (name, family, create, head) => {
  test('gives the same features and logits when it is evaluated', async () => {
    const { expected, model, all, pixels } = await open(name, family, create, head);
    const { features, logits, statistics } = runImageModel(model, all, pixels, { training: false });
    expect(relativeError(features, expected.evaluated.features.values)).toBeLessThan(TOLERANCE);
    expect(relativeError(logits, expected.evaluated.logits.values)).toBeLessThan(TOLERANCE);
    expect(statistics.size).toBe(0);
  });

  test('gives the same logits, gradients and running statistics when it is trained', async () => {
    const { expected, config, model, all, pixels } = await open(name, family, create, head);
    const { logits, gradients, statistics } = runImageModel(model, all, pixels, { training: true });
    expect(relativeError(logits, expected.trained.values)).toBeLessThan(TOLERANCE);

    const statisticNames = model.tensors.filter(({ kind }) => kind === 'statistic').map((tensor) => tensor.name);
    expect([...statistics.keys()].sort()).toEqual(statisticNames.sort());
    const ours = (stored: string) => {
      if (stored.startsWith(`${head}.`)) return stored.replace(`${head}.`, 'head.');
      const names = [...family.mapNames([stored], config, imageJob()).inFile.keys()];
      expect(names).toHaveLength(1);
      return names[0]!;
    };
    expect(expected.gradients.length).toBeGreaterThan(5);
    for (const { name: stored, shape, values } of expected.gradients) {
      const converted = family.convert?.(ours(stored), config)?.(Float32Array.from(values), shape) ?? values;
      expect(relativeError(gradients.get(ours(stored))!, converted), stored).toBeLessThan(TOLERANCE);
    }
    for (const { name: stored, values } of expected.statistics) {
      expect(relativeError(statistics.get(ours(stored))!, values), stored).toBeLessThan(TOLERANCE);
    }
  });
});

test.each(families)(
  'a published %s has the names, shapes and values of the file that it came from',
  async (name, family, _, head) => {
    const job = imageJob();
    const folder = fixture(`tiny-${name}`);
    const { config, weights } = await openImageModel(family, folder, job);
    const raw = JSON.parse(await readFile(`${folder}/config.json`, 'utf8')) as Record<string, unknown>;
    const published = family.publish(raw, config, job, ['a', 'b']);
    const [id2label, label2id] = [
      { 0: 'a', 1: 'b' },
      { a: 0, b: 1 },
    ];
    expect(published.config).toEqual({ ...raw, id2label, label2id });
    const header = await readSafetensorsHeader(`${folder}/model.safetensors`);
    const stored = [...header.tensors.keys()].filter((tensor) => !tensor.endsWith('.num_batches_tracked'));
    const tensors = [...family.tensors(config, job), ...family.head(config, job, 5)];
    expect(tensors.map((tensor) => published.nameInFile(tensor.name)).sort()).toEqual(stored.sort());
    expect(stored).toContain(`${head}.weight`);
    for (const { name: ours, shape } of family.tensors(config, job)) {
      const values = weights.get(ours)!;
      const theirs = published.nameInFile(ours);
      const written = family.unconvert(ours)?.(values, shape) ?? { values, shape };
      expect(written, theirs).toEqual({
        values: await readFloats(header, theirs),
        shape: header.tensors.get(theirs)!.shape,
      });
    }
  },
);

interface Elsewhere {
  readonly name: string;
  readonly size: number;
  readonly config: Record<string, unknown>;
  readonly features: Values;
  readonly tensors: readonly (readonly [name: string, shape: readonly number[]])[];
}

/** As `fill` in test/references/image_models.py. */
function filled(name: string, shape: readonly number[]): Float32Array {
  const stream = streamOf(name);
  const count = shape.reduce((product, size) => product * size, 1);
  const uniform = (i: number) => Math.fround((draw(7, stream, i) / 2 ** 32) * 2 - 1);
  const bound = Math.fround(Math.sqrt(6 / shape.slice(1).reduce((product, size) => product * size, 1)));
  const isGain = name.endsWith('running_var') || (shape.length === 1 && name.endsWith('weight'));
  return Float32Array.from({ length: count }, (_, i) => {
    if (isGain) return 1 + Math.fround(Math.fround(0.3) * uniform(i));
    return (shape.length <= 1 ? Math.fround(0.1) : bound) * uniform(i);
  });
}

test.each(await readJson<{ models: Elsewhere[] }>('image-models-elsewhere.json').then(({ models }) => models))(
  '$name gives the same features by its own names',
  ({ size, config: raw, features: expected, tensors }) => {
    const found = families.find(([, family]) => family.reads(raw))!;
    const [, family, create] = found;
    const config = family.parse(raw, 'config.json');
    const job = imageJob({ imageSize: size });
    const model = create(config, job, 2);
    const shapes = new Map(tensors);
    const { inFile } = family.mapNames(shapes.keys(), config, imageJob());
    expect([...inFile.keys()].sort()).toEqual(family.tensors(config, job).map(({ name }) => name).sort()); // prettier-ignore
    const weights = new Map([...inFile].map(([name, stored]) => {
      const values = filled(stored, shapes.get(stored)!);
      return [name, family.convert?.(name, config)?.(values, shapes.get(stored)!) ?? values] as const;
    })); // prettier-ignore
    weights.set('head.weight', new Float32Array(2 * expected.shape[1]!)).set('head.bias', new Float32Array(2));
    const rows = expected.shape[0]!;
    const pixels = { rows, values: wavePixels(rows * size * size * 3) };
    const { features } = runImageModel(model, weights, pixels, {
      training: false,
      frozen: [...weights.keys()].slice(1),
    });
    expect(relativeError(features, expected.values)).toBeLessThan(TOLERANCE);
  },
);

test('a BatchNorm whose gain is frozen normalises by its running statistics and leaves them as they are', async () => {
  const [name, family, create, head] = families[0]!;
  const { model, all, pixels } = await open(name, family, create, head);
  const gains = model.tensors.map((tensor) => tensor.name).filter((tensor) => tensor.endsWith('.normalization.weight'));
  const trained = runImageModel(model, all, pixels, { training: true, frozen: gains });
  const evaluated = runImageModel(model, all, pixels, { training: false });
  expect(trained.statistics.size).toBe(0);
  expect(trained.logits).toEqual(evaluated.logits);

  const [first, ...rest] = gains;
  const one = runImageModel(model, all, pixels, { training: true, frozen: rest });
  const norm = first!.replace(/weight$/, '');
  expect([...one.statistics.keys()]).toEqual([`${norm}running_mean`, `${norm}running_var`]);
});

test('a ViT refuses another image size than that of its positions', async () => {
  const { config } = await openImageModel(vitFamily, fixture('tiny-vit'));
  expect(() => vit(config, imageJob({ imageSize: 32 }), 5)).toThrow(/data\.imageSize: expected 24, .* found 32/);
});

test('new weights are a function of rule, seed and name, with the spread that He et al. give', () => {
  const shape = [3, 3, 64, 128];
  const rule = mobileNetV2Family.initialValues('layer.0.expand_1x1.convolution.weight', shape, undefined as never);
  const values = initialTensor('a', shape, rule, 7);
  expect(initialTensor('a', shape, rule, 7)).toEqual(values);
  expect(initialTensor('b', shape, rule, 7)).not.toEqual(values);
  expect(initialTensor('a', shape, rule, 8)).not.toEqual(values);
  const std = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  expect(std / Math.sqrt(2 / (3 * 3 * 128))).toBeCloseTo(1, 2);
  for (const [tensor, value] of [['weight', 1], ['bias', 0], ['running_mean', 0], ['running_var', 1]] as const) {
    const name = `layer.0.expand_1x1.normalization.${tensor}`;
    expect(mobileNetV2Family.initialValues(name, [4], undefined as never)).toEqual({ constant: value });
  } // prettier-ignore
});
