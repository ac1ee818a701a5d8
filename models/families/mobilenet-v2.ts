/** MobileNetV2 (Sandler et al., 2018) as transformers' MobileNetV2ForImageClassification, timm and torchvision store it. */
import { z } from 'zod';
import type { TensorSpec } from '../tensor-spec.js';
import { mapFileNames } from './file-names.js';
import { above, classifierConfig, parseImageConfig, side, timmConfig, whole } from './image-config.js';
import { imageNet, normalisationOf, symmetric, type ImageFamily } from './image-family.js';
import { kernelFromTorch, kernelToTorch, shapeFromTorch } from './kernel-layout.js';
import { mobileNetV2Name } from './mobilenet-v2-names.js';
import { convolutionTensors, initialConvolutionValues, type NormalisedConvolution } from './normalised-convolution.js';

const schema = z.object({
  model_type: z.literal('mobilenet_v2'),
  num_channels: z.literal(3).default(3),
  image_size: side.default(224),
  depth_multiplier: above.default(1),
  depth_divisible_by: whole.default(8),
  min_depth: whole.default(8),
  expand_ratio: above.default(6),
  output_stride: z.literal(32).default(32),
  first_layer_is_expansion: z.boolean('true or false').default(true),
  finegrained_output: z.boolean('true or false').default(true),
  hidden_act: z.enum(['relu', 'relu6', 'hardswish', 'silu', 'swish']).default('relu6'),
  tf_padding: z.boolean('true or false').default(true),
  layer_norm_eps: above.default(1e-3),
  initializer_range: above.default(0.02),
});

export interface InvertedResidual {
  readonly name: string;
  readonly convolutions: readonly NormalisedConvolution[];
  /** Whether what comes in is added to what goes out. */
  readonly residual: boolean;
}

export interface MobileNetV2Config {
  readonly imageSize: number;
  readonly activation: z.output<typeof schema>['hidden_act'];
  /** TensorFlow's padding, which is lopsided under a stride of 2; else one pixel on every side. */
  readonly tfPadding: boolean;
  readonly epsilon: number;
  readonly initializerRange: number;
  readonly normalisation: { readonly image_mean?: unknown; readonly image_std?: unknown };
  readonly isTimm: boolean;
  readonly stem: readonly NormalisedConvolution[];
  readonly blocks: readonly InvertedResidual[];
  readonly last: NormalisedConvolution;
}

const CHANNELS = [16, 24, 24, 32, 32, 32, 64, 64, 64, 64, 96, 96, 96, 160, 160, 160, 320];
const STRIDES = [2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1];

/** Nearest multiple of the divisor, at least `min`, and not more than a tenth below the value. */
function divisible(value: number, divisor: number, min: number): number {
  const rounded = Math.max(min, Math.floor((value + divisor / 2) / divisor) * divisor);
  return rounded < 0.9 * value ? rounded + divisor : rounded;
}

/** Python's round(): halves go to the even neighbour. */
const pythonRound = (value: number): number =>
  Math.abs(value % 1) === 0.5 ? 2 * Math.round(value / 2) : Math.round(value);

function parse(config: Readonly<Record<string, unknown>>, fileName: string): MobileNetV2Config {
  const timm = timmConfig(config);
  const hf = parseImageConfig(schema, timm === null ? config : transformersConfig(config), fileName);
  const round = (value: number) => divisible(pythonRound(value), hf.depth_divisible_by, hf.min_depth);
  const wide = (channels: number) => round(channels * hf.depth_multiplier);
  const convolution = (name: string, inputs: number, outputs: number, more: Partial<NormalisedConvolution> = {}) => ({
    ...{ name, inputs, outputs, size: 1, stride: 1, depthwise: false, activated: true },
    ...more,
  });
  const depthwise = (name: string, channels: number, stride: number) =>
    convolution(name, channels, channels, { size: 3, stride, depthwise: true });
  const reduce = (name: string, inputs: number, outputs: number) =>
    convolution(name, inputs, outputs, { activated: false });

  const channels = CHANNELS.map(wide);
  const first = wide(32);
  const stem = [
    convolution('conv_stem.first_conv', 3, first, { size: 3, stride: 2 }),
    ...(hf.first_layer_is_expansion ? [] : [convolution('conv_stem.expand_1x1', first, first)]),
    depthwise('conv_stem.conv_3x3', first, 1),
    reduce('conv_stem.reduce_1x1', first, channels[0]!),
  ];
  const blocks = STRIDES.map((stride, i) => {
    const [inputs, outputs] = [channels[i]!, channels[i + 1]!];
    const inner = round(inputs * hf.expand_ratio);
    const name = `layer.${i}`;
    const convolutions = [
      convolution(`${name}.expand_1x1`, inputs, inner),
      depthwise(`${name}.conv_3x3`, inner, stride),
      reduce(`${name}.reduce_1x1`, inner, outputs),
    ];
    return { name, convolutions, residual: stride === 1 && inputs === outputs };
  });
  const width = hf.finegrained_output && hf.depth_multiplier < 1 ? 1280 : wide(1280);
  return {
    imageSize: hf.image_size,
    activation: hf.hidden_act,
    tfPadding: hf.tf_padding,
    epsilon: hf.layer_norm_eps,
    initializerRange: hf.initializer_range,
    normalisation: timm?.normalisation ?? {},
    isTimm: timm !== null,
    ...{ stem, blocks, last: convolution('conv_1x1', channels.at(-1)!, width) },
  };
}

const TIMM = /^mobilenetv2_(035|050|075|100|140)$/;

/** timm's config.json in the words of transformers; any other as it is. */
function transformersConfig(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const timm = timmConfig(config);
  const multiplier = TIMM.exec(timm?.architecture ?? '')?.[1];
  if (timm === null || multiplier === undefined) return config;
  return {
    model_type: 'mobilenet_v2',
    depth_multiplier: Number(multiplier) / 100,
    tf_padding: false,
    layer_norm_eps: 1e-5,
    ...(timm.imageSize !== undefined && { image_size: timm.imageSize }),
  };
}

const isDepthwise = (name: string): boolean => name.endsWith('.conv_3x3.convolution.weight');
const isKernel = (name: string): boolean => name.endsWith('.convolution.weight');

const convolutionsOf = (config: MobileNetV2Config): readonly NormalisedConvolution[] => [
  ...config.stem,
  ...config.blocks.flatMap(({ convolutions }) => convolutions),
  config.last,
];

export const mobileNetV2: ImageFamily<MobileNetV2Config> = {
  name: 'mobilenet-v2',
  stillBase: true,
  tasks: ['image-classification'],
  reads: (config) => config['model_type'] === 'mobilenet_v2' || TIMM.test(timmConfig(config)?.architecture ?? ''),
  parse,
  tensors: (config): readonly TensorSpec[] => convolutionsOf(config).flatMap(convolutionTensors),
  head: (config, _job, outputs) => [
    { name: 'head.weight', shape: [outputs, config.last.outputs] },
    { name: 'head.bias', shape: [outputs] },
  ],
  mapNames: (names) => mapFileNames(names, mobileNetV2Name),
  blocks: (config) => config.blocks.length,
  blockOf: (name, config) => {
    const block = /^layer\.(\d+)\./.exec(name)?.[1];
    return block !== undefined ? Number(block) : name.startsWith('conv_stem.') ? -1 : config.blocks.length;
  },
  adapterTargets: [],
  imageSize: (config) => config.imageSize,
  imageNormalisation: (config, preprocessor) =>
    normalisationOf(config.isTimm ? imageNet : symmetric, { ...config.normalisation, ...preprocessor }),
  initializerRange: (config) => config.initializerRange,
  convert: (name) => (isKernel(name) ? (values, shape) => kernelFromTorch(values, shape, isDepthwise(name)) : null),
  shapeOf: (name, shape) => (isKernel(name) ? shapeFromTorch(shape, isDepthwise(name)) : shape),
  unconvert: (name) => (isKernel(name) ? (values, shape) => kernelToTorch(values, shape, isDepthwise(name)) : null),
  initialValues: initialConvolutionValues,
  publish: (config, parsed, job, labels) => ({
    config: {
      ...classifierConfig(transformersConfig(config), 'MobileNetV2ForImageClassification', labels),
      image_size: job.data.imageSize ?? parsed.imageSize,
    },
    nameInFile: (name) => name.replace(/^head\./, 'classifier.').replace(/^(?!classifier\.)/, 'mobilenet_v2.'),
  }),
};
