import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { partPaths } from '../../infra/parts.mjs';
import { mobileNetV2 as family } from '../../models/families/mobilenet-v2.js';
import { mobileNetV2 } from '../../training/models/mobilenet-v2.js';
import { fixture, imageJob, openImageModel, relativeError, runImageModel, wavePixels } from '../support/image-model.js';

test("the converted MobileNetV2 gives the features that TensorFlow.js's layers model gives", async () => {
  const folder = partPaths().mobilenet;
  const { config, weights } = await openImageModel(family, folder);
  const preprocessor = JSON.parse(await readFile(join(folder, 'preprocessor_config.json'), 'utf8')) as object;
  const { mean, std } = family.imageNormalisation(config, { ...preprocessor });
  expect([mean, std]).toEqual([[0, 0, 0], [1, 1, 1]]); // prettier-ignore
  expect(family.imageSize(config)).toBe(224);

  const expected = JSON.parse(await readFile(fixture('mobilenet-features.json'), 'utf8')) as {
    rows: number;
    size: number;
    features: number[];
  };
  const { rows, size } = expected;
  const values = wavePixels(rows * size * size * 3).map((value) => 0.5 + 0.5 * value);
  const model = mobileNetV2(config, imageJob(), 2);
  const all = new Map(weights).set('head.weight', new Float32Array(2 * 1280)).set('head.bias', new Float32Array(2));
  const frozen = [...all.keys()].filter((name) => name !== 'head.weight');
  const { features } = runImageModel(model, all, { rows, values }, { training: false, frozen });
  expect(relativeError(features, expected.features)).toBeLessThan(1e-4);
  // The two images are told apart, and not by a hair.
  expect(relativeError(features.subarray(0, 1280), expected.features.slice(1280))).toBeGreaterThan(0.01);
});
