/** ResNet (He et al., 2015), with the stride in the 3x3 convolution (v1.5), as transformers, timm and torchvision store it. */
import { z } from 'zod';
import { ModelError } from '../model-error.js';
import type { TensorSpec } from '../tensor-spec.js';
import { mapFileNames } from './file-names.js';
import { classifierConfig, parseImageConfig, timmConfig, whole } from './image-config.js';
import { imageNet, normalisationOf, type ImageFamily } from './image-family.js';
import { kernelFromTorch, kernelToTorch, shapeFromTorch } from './kernel-layout.js';
import { convolutionTensors, initialConvolutionValues, type NormalisedConvolution } from './normalised-convolution.js';

const sizes = z.array(whole, 'a list of whole numbers').min(1, 'at least one stage');
const schema = z.object({
  model_type: z.literal('resnet'),
  num_channels: z.literal(3).default(3),
  embedding_size: whole.default(64),
  hidden_sizes: sizes.default([256, 512, 1024, 2048]),
  depths: sizes.default([3, 4, 6, 3]),
  layer_type: z.enum(['basic', 'bottleneck']).default('bottleneck'),
  hidden_act: z.enum(['relu', 'relu6', 'hardswish', 'silu', 'swish']).default('relu'),
  downsample_in_first_stage: z.boolean('true or false').default(false),
  downsample_in_bottleneck: z.boolean('true or false').default(false),
});

export interface ResNetLayer {
  readonly name: string;
  readonly convolutions: readonly NormalisedConvolution[];
  /** What brings the input to the output's shape; null where it has it already. */
  readonly shortcut: NormalisedConvolution | null;
}

export interface ResNetConfig {
  readonly imageSize: number;
  readonly activation: z.output<typeof schema>['hidden_act'];
  readonly normalisation: { readonly image_mean?: unknown; readonly image_std?: unknown };
  readonly stem: NormalisedConvolution;
  readonly layers: readonly ResNetLayer[];
  readonly width: number;
}

/** A bottleneck's inner channels are a fourth of its outer ones. */
const REDUCTION = 4;

function parse(config: Readonly<Record<string, unknown>>, fileName: string): ResNetConfig {
  const timm = timmConfig(config);
  const hf = parseImageConfig(schema, timm === null ? config : transformersConfig(config), fileName);
  if (hf.hidden_sizes.length !== hf.depths.length) {
    const found = `${hf.hidden_sizes.length} and ${hf.depths.length}`;
    throw new ModelError(`${fileName}: expected as many hidden_sizes as depths, one a stage, found ${found}`);
  }
  const layers = hf.depths.flatMap((depth, stage) => {
    const outputs = hf.hidden_sizes[stage]!;
    return Array.from({ length: depth }, (_, index) => {
      const inputs = index > 0 ? outputs : stage > 0 ? hf.hidden_sizes[stage - 1]! : hf.embedding_size;
      const stride = index === 0 && (stage > 0 || hf.downsample_in_first_stage) ? 2 : 1;
      return layer(`encoder.stages.${stage}.layers.${index}`, inputs, outputs, stride, hf);
    });
  });
  return {
    imageSize: timm?.imageSize ?? 224,
    activation: hf.hidden_act,
    normalisation: timm?.normalisation ?? {},
    stem: convolution('embedder.embedder', 7, 3, hf.embedding_size, 2),
    layers,
    width: hf.hidden_sizes.at(-1)!,
  };
}

const convolution = (name: string, size: number, inputs: number, outputs: number, stride = 1, activated = true) => ({
  ...{ name, size, inputs, outputs, stride, depthwise: false, activated },
});

function layer(
  name: string,
  inputs: number,
  outputs: number,
  stride: number,
  hf: z.output<typeof schema>,
): ResNetLayer {
  const inner = Math.floor(outputs / REDUCTION);
  const [outer, middle] = hf.downsample_in_bottleneck ? [stride, 1] : [1, stride];
  const convolutions =
    hf.layer_type === 'basic'
      ? [
          convolution(`${name}.layer.0`, 3, inputs, outputs, stride),
          convolution(`${name}.layer.1`, 3, outputs, outputs, 1, false),
        ]
      : [
          convolution(`${name}.layer.0`, 1, inputs, inner, outer),
          convolution(`${name}.layer.1`, 3, inner, inner, middle),
          convolution(`${name}.layer.2`, 1, inner, outputs, 1, false),
        ];
  const fits = inputs === outputs && stride === 1;
  return {
    name,
    convolutions,
    shortcut: fits ? null : convolution(`${name}.shortcut`, 1, inputs, outputs, stride, false),
  };
}

const TIMM: Readonly<Record<string, readonly [type: 'basic' | 'bottleneck', depths: readonly number[]]>> = {
  resnet18: ['basic', [2, 2, 2, 2]],
  resnet34: ['basic', [3, 4, 6, 3]],
  resnet50: ['bottleneck', [3, 4, 6, 3]],
  resnet101: ['bottleneck', [3, 4, 23, 3]],
  resnet152: ['bottleneck', [3, 8, 36, 3]],
};

/** timm's config.json in the words of transformers; any other as it is. */
function transformersConfig(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const architecture = timmConfig(config)?.architecture ?? '';
  if (!Object.hasOwn(TIMM, architecture)) return config;
  const [layer_type, depths] = TIMM[architecture]!;
  const hidden_sizes = [64, 128, 256, 512].map((size) => size * (layer_type === 'basic' ? 1 : REDUCTION));
  return { model_type: 'resnet', embedding_size: 64, layer_type, depths, hidden_sizes, hidden_act: 'relu' };
}

const TENSOR = '(weight|bias|running_mean|running_var)';

/** Our name of a file's tensor; timm's and torchvision's are one and the same. */
function resNetName(name: string): readonly string[] {
  const plain = name.replace(/^resnet\./, '');
  if (plain.endsWith('.num_batches_tracked') || /^(?:classifier|fc|head)\./.test(plain)) return [];
  const part = (kind: string) => (kind.startsWith('conv') ? 'convolution' : 'normalization');
  return [
    plain
      .replace(new RegExp(`^(conv|bn)1\\.${TENSOR}$`), (_, kind: string, tensor: string) => {
        return `embedder.embedder.${part(kind)}.${tensor}`;
      })
      .replace(
        new RegExp(`^layer(\\d+)\\.(\\d+)\\.(conv|bn)(\\d)\\.${TENSOR}$`),
        (_, stage: string, index: string, kind: string, at: string, tensor: string) =>
          `encoder.stages.${Number(stage) - 1}.layers.${index}.layer.${Number(at) - 1}.${part(kind)}.${tensor}`,
      )
      .replace(
        new RegExp(`^layer(\\d+)\\.(\\d+)\\.downsample\\.([01])\\.${TENSOR}$`),
        (_, stage: string, index: string, at: string, tensor: string) =>
          `encoder.stages.${Number(stage) - 1}.layers.${index}.shortcut.${part(at === '0' ? 'conv' : 'bn')}.${tensor}`,
      ),
  ];
}

const isKernel = (name: string): boolean => name.endsWith('.convolution.weight');

export const resNet: ImageFamily<ResNetConfig> = {
  name: 'resnet',
  stillBase: true,
  tasks: ['image-classification'],
  reads: (config) => config['model_type'] === 'resnet' || Object.hasOwn(TIMM, timmConfig(config)?.architecture ?? ''),
  parse,
  tensors: ({ stem, layers }): readonly TensorSpec[] => [
    ...convolutionTensors(stem),
    ...layers.flatMap(({ convolutions, shortcut }) =>
      [...(shortcut ? [shortcut] : []), ...convolutions].flatMap(convolutionTensors),
    ),
  ],
  head: (config, _job, outputs) => [
    { name: 'head.weight', shape: [outputs, config.width] },
    { name: 'head.bias', shape: [outputs] },
  ],
  mapNames: (names) => mapFileNames(names, resNetName),
  blocks: (config) => config.layers.length,
  blockOf: (name, { layers }) => layers.findIndex((candidate) => name.startsWith(`${candidate.name}.`)),
  adapterTargets: [],
  imageSize: (config) => config.imageSize,
  imageNormalisation: (config, preprocessor) => normalisationOf(imageNet, { ...config.normalisation, ...preprocessor }),
  initializerRange: () => 0.01,
  convert: (name) => (isKernel(name) ? (values, shape) => kernelFromTorch(values, shape, false) : null),
  shapeOf: (name, shape) => (isKernel(name) ? shapeFromTorch(shape, false) : shape),
  unconvert: (name) => (isKernel(name) ? (values, shape) => kernelToTorch(values, shape, false) : null),
  initialValues: initialConvolutionValues,
  publish: (config, _parsed, _job, labels) => ({
    config: classifierConfig(transformersConfig(config), 'ResNetForImageClassification', labels),
    nameInFile: (name) => name.replace(/^head\./, 'classifier.1.').replace(/^(?!classifier\.)/, 'resnet.'),
  }),
};
