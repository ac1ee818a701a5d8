import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { architectureError, checkArchitecture } from '../../models/architecture-check.js';
import { cnn } from '../../models/families/cnn.js';
import type { ImageFamily } from '../../models/families/image-family.js';
import { mobileNetV2 } from '../../models/families/mobilenet-v2.js';
import { resNet } from '../../models/families/resnet.js';
import { vit } from '../../models/families/vit.js';
import { ModelError } from '../../models/model-error.js';
import { readSafetensorsHeader } from '../../models/safetensors.js';
import { fixture, imageJob } from '../support/image-model.js';

const job = imageJob();
const mobileNet = mobileNetV2.parse({ model_type: 'mobilenet_v2' }, 'config.json');
const resNet50 = resNet.parse({ model_type: 'resnet' }, 'config.json');
const vitBase = vit.parse({ model_type: 'vit' }, 'config.json');
const small = cnn.parse({ model_type: 'temper-cnn', channels: 1 }, 'config.json');

const parametersOf = <Config>(family: ImageFamily<Config>, config: Config): number =>
  family
    .tensors(config, job)
    .filter(({ kind }) => kind !== 'statistic')
    .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);

test('the published sizes of the models come out', () => {
  expect(parametersOf(mobileNetV2, mobileNet)).toBe(2_223_872); // torchvision's 3,504,872 less its head of 1000 classes
  expect(parametersOf(resNet, resNet50)).toBe(23_508_032); // 25,557,032 less its head
  expect(parametersOf(vit, vitBase)).toBe(85_798_656); // 86,567,656 less its head
  expect(parametersOf(cnn, small)).toBe(320 + 18_496 + 3136 * 128 + 128);
});

describe('config.json', () => {
  test('of each family is read by that family alone', () => {
    const configs = ['mobilenet_v2', 'resnet', 'vit', 'temper-cnn'].map((model_type) => ({ model_type }));
    const timm = ['mobilenetv2_100', 'resnet50', 'vit_tiny_patch16_224'].map((architecture) => ({ architecture }));
    const families = [mobileNetV2, resNet, vit, cnn];
    for (const [i, family] of families.entries()) {
      expect(configs.map((config) => family.reads(config))).toEqual(configs.map((_, at) => at === i));
      expect(timm.map((config) => family.reads(config))).toEqual(timm.map((_, at) => at === i));
      expect(family.reads({ model_type: 'bert' })).toBe(false);
      expect(family.reads({ architecture: 'constructor' })).toBe(false);
    }
  });

  test('of timm says the shape, the padding and the normalisation', () => {
    const pretrained_cfg = { input_size: [3, 192, 192], mean: [0.1, 0.2, 0.3], std: [1, 2, 3] };
    const timm = mobileNetV2.parse({ architecture: 'mobilenetv2_140', pretrained_cfg }, 'config.json');
    expect(timm).toMatchObject({ imageSize: 192, tfPadding: false, epsilon: 1e-5, last: { outputs: 1792 } });
    expect(mobileNetV2.imageNormalisation(timm)).toEqual({ mean: [0.1, 0.2, 0.3], std: [1, 2, 3] });
    const deep = resNet.parse({ architecture: 'resnet101' }, 'config.json');
    expect(resNet.blocks(deep)).toBe(33);
    expect(vit.parse({ architecture: 'vit_small_patch32_384' }, 'config.json')).toMatchObject({
      ...{ imageSize: 384, patchSize: 32, hiddenSize: 384, heads: 6, layerNormEps: 1e-6 },
    });
  });

  const refusals: readonly (readonly [family: ImageFamily<never>, config: object, message: RegExp])[] = [
    [mobileNetV2 as never, { model_type: 'mobilenet_v2', output_stride: 16 }, /m\.json: .*output_stride: expected 32, found 16/],
    [mobileNetV2 as never, { model_type: 'mobilenet_v2', image_size: [224, 192] }, /image_size: expected one side for height and width.*found \[224,192\]/],
    [resNet as never, { model_type: 'resnet', depths: [1, 2] }, /as many hidden_sizes as depths, one a stage, found 4 and 2/],
    [resNet as never, { model_type: 'resnet', layer_type: 'dense' }, /layer_type: expected basic or bottleneck, found "dense"/],
    [vit as never, { model_type: 'vit', num_attention_heads: 5 }, /expected num_attention_heads to divide hidden_size, found 5 and 768/],
    [vit as never, { model_type: 'vit', patch_size: 15 }, /expected patch_size to divide image_size, found 15 and 224/],
    [cnn as never, { model_type: 'temper-cnn', imageSize: 3 }, /expected an imageSize of at least 4, .* found 3/],
    [cnn as never, { model_type: 'temper-cnn', channels: 4 }, /channels: expected 1 \(grey\) or 3 \(colours\), found 4/],
  ]; // prettier-ignore
  test.each(refusals)('that cannot be trained is refused in a sentence (%#)', (family, config, message) => {
    expect(() => family.parse({ ...config }, 'm.json')).toThrow(ModelError);
    expect(() => family.parse({ ...config }, 'm.json')).toThrow(message);
  });
});

describe('the architecture of a file', () => {
  test('that lacks a tensor and has another misshapen is shown in our layout', async () => {
    const text = await readFile(`${fixture('tiny-mobilenet-v2')}/config.json`, 'utf8');
    const config = mobileNetV2.parse(JSON.parse(text) as Record<string, unknown>, 'config.json');
    const header = await readSafetensorsHeader(`${fixture('tiny-mobilenet-v2')}/model.safetensors`);
    const stored = [...header.tensors.keys()].filter((name) => !name.endsWith('conv_1x1.normalization.bias'));
    const { inFile, ignored } = mobileNetV2.mapNames(stored, config, imageJob());
    expect(ignored.filter((name) => !name.endsWith('.num_batches_tracked'))).toEqual(['classifier.bias', 'classifier.weight']); // prettier-ignore
    const found = [...inFile].map(([name, from]) => {
      const shape = header.tensors.get(from)!.shape;
      const wrong = name === 'layer.0.expand_1x1.convolution.weight' ? [9, 4, 1, 1] : shape;
      return { name, shape: mobileNetV2.shapeOf(name, wrong, config) };
    });
    const check = checkArchitecture(found, mobileNetV2.tensors(config, job));
    expect(check.ok).toBe(false);
    expect(architectureError(check, 'm').message.split('\n').slice(2)).toEqual([
      '  conv_1x1.normalization.bias            [128]         missing',
      '  layer.0.expand_1x1.convolution.weight  [1, 1, 4, 8]  [1, 1, 4, 9]',
    ]);
  });

  test('that says one tensor twice is not silently merged', () => {
    const names = ['conv1.weight', 'resnet.embedder.embedder.convolution.weight'];
    expect([...resNet.mapNames(names, resNet50, imageJob()).inFile.keys()]).toEqual([
      'embedder.embedder.convolution.weight',
      'resnet.embedder.embedder.convolution.weight',
    ]);
  });
});

test('a published kernel is the one that was read', () => {
  const cases = [
    [mobileNetV2, mobileNet, 'layer.0.conv_3x3.convolution.weight', [6, 1, 3, 3]],
    [mobileNetV2, mobileNet, 'layer.0.expand_1x1.convolution.weight', [6, 4, 1, 1]],
    [resNet, resNet50, 'embedder.embedder.convolution.weight', [5, 3, 7, 7]],
    [vit, vitBase, 'embeddings.patch_embeddings.projection.weight', [5, 3, 2, 2]],
  ] as unknown as [ImageFamily<unknown>, unknown, string, number[]][];
  for (const [family, config, name, shape] of cases) {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);
    const ours = family.convert!(name, config)!(values, shape);
    expect(family.unconvert(name)!(ours, family.shapeOf(name, shape, config))).toEqual({ values, shape });
  }
  const depthwise = mobileNetV2.convert!('layer.0.conv_3x3.convolution.weight', mobileNet)!;
  expect([...depthwise(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), [2, 1, 2, 2])]).toEqual([1, 5, 2, 6, 3, 7, 4, 8]);
  expect(vit.unconvert('layernorm.weight')).toBeNull();
});

describe('blocks', () => {
  const cases = [
    [mobileNetV2, mobileNet, 16, ['conv_stem.reduce_1x1.convolution.weight', 'layer.15.conv_3x3.normalization.bias', 'conv_1x1.convolution.weight']],
    [resNet, resNet50, 16, ['embedder.embedder.convolution.weight', 'encoder.stages.3.layers.2.layer.0.convolution.weight', null]],
    [vit, vitBase, 12, ['embeddings.cls_token', 'encoder.layer.11.output.dense.bias', 'layernorm.weight']],
    [cnn, small, 2, [null, 'convolutions.1.bias', 'hidden.weight']],
  ] as unknown as [ImageFamily<unknown>, unknown, number, (string | null)[]][]; // prettier-ignore

  test.each(cases)('run from the input to the output, -1 before them and their number after (%#)', (family, config, count, [before, last, after]) => {
    expect(family.blocks(config)).toBe(count);
    const names = family.tensors(config, job).map(({ name }) => name);
    for (const name of [before, last, after]) if (name !== null) expect(names).toContain(name);
    const of = (name: string) => family.blockOf(name, config);
    if (before !== null) expect(of(before!)).toBe(-1);
    expect(of(last!)).toBe(count - 1);
    if (after !== null) expect(of(after!)).toBe(count);
    const order = names.map(of);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  }); // prettier-ignore
});

describe('normalisation', () => {
  test('is the family its own where no preprocessor_config.json is', () => {
    expect(mobileNetV2.imageNormalisation(mobileNet)).toEqual({ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] });
    expect(resNet.imageNormalisation(resNet50).mean).toEqual([0.485, 0.456, 0.406]);
  });

  test('is what preprocessor_config.json says', () => {
    const preprocessor = { image_mean: [0.1, 0.2, 0.3], image_std: [1, 1, 2], rescale_factor: 0.003_921_568_6 };
    expect(vit.imageNormalisation(vitBase, preprocessor)).toEqual({ mean: [0.1, 0.2, 0.3], std: [1, 1, 2] });
    expect(vit.imageNormalisation(vitBase, { do_normalize: false })).toEqual({ mean: [0, 0, 0], std: [1, 1, 1] });
  });

  test('that cannot be is refused', () => {
    const refuse = (preprocessor: object, message: RegExp) =>
      expect(() => vit.imageNormalisation(vitBase, { ...preprocessor })).toThrow(message);
    refuse({ image_std: [1, 0, 1] }, /image_std: expected three numbers above 0, one a colour, found \[1,0,1\]/);
    refuse({ image_mean: 0.5 }, /image_mean: expected three numbers/);
    refuse({ rescale_factor: 1 / 127.5 }, /expected pixels that are divided by 255 first/);
  });
});

test('publishes config.json and names as transformers reads them', () => {
  const labels = ['cat', 'dog'];
  const raw = { architecture: 'mobilenetv2_050', num_classes: 1000 };
  const timm = mobileNetV2.publish(raw, mobileNetV2.parse(raw, 'c'), imageJob({ imageSize: 160 }), labels);
  expect(timm.config).toEqual({
    ...{ model_type: 'mobilenet_v2', depth_multiplier: 0.5, tf_padding: false, layer_norm_eps: 1e-5, image_size: 160 },
    ...{ architectures: ['MobileNetV2ForImageClassification'], id2label: { 0: 'cat', 1: 'dog' } },
    label2id: { cat: 0, dog: 1 },
  });
  expect(timm.nameInFile('layer.3.conv_3x3.normalization.weight')).toBe(
    'mobilenet_v2.layer.3.conv_3x3.normalization.weight',
  );
  expect(timm.nameInFile('head.bias')).toBe('classifier.bias');
  const given = { model_type: 'resnet', num_labels: 9, problem_type: 'regression' };
  expect(resNet.publish(given, resNet50, job, labels).config).toEqual({
    ...{ model_type: 'resnet', architectures: ['ResNetForImageClassification'] },
    ...{ id2label: { 0: 'cat', 1: 'dog' }, label2id: { cat: 0, dog: 1 } },
  });
  const nameOf = (family: ImageFamily<never>, config: unknown, name: string) =>
    family.publish({}, config as never, job, labels).nameInFile(name);
  expect(nameOf(resNet as never, resNet50, 'head.weight')).toBe('classifier.1.weight');
  expect(nameOf(vit as never, vitBase, 'encoder.layer.0.output.dense.bias')).toBe('vit.encoder.layer.0.output.dense.bias'); // prettier-ignore
});
