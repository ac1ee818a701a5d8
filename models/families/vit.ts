/** ViT (Dosovitskiy et al., 2020) as transformers' ViTForImageClassification and timm store it. */
import { z } from 'zod';
import { ModelError } from '../model-error.js';
import type { TensorSpec } from '../tensor-spec.js';
import { mapFileNames } from './file-names.js';
import { above, classifierConfig, parseImageConfig, side, timmConfig, whole } from './image-config.js';
import { normalisationOf, symmetric, type ImageFamily } from './image-family.js';
import { kernelFromTorch, kernelToTorch, shapeFromTorch } from './kernel-layout.js';
import { vitNames } from './vit-names.js';

const schema = z.object({
  model_type: z.literal('vit'),
  num_channels: z.literal(3).default(3),
  image_size: side.default(224),
  patch_size: side.default(16),
  hidden_size: whole.default(768),
  num_hidden_layers: whole.default(12),
  num_attention_heads: whole.default(12),
  intermediate_size: whole.default(3072),
  hidden_act: z.literal('gelu').default('gelu'),
  layer_norm_eps: above.default(1e-12),
  initializer_range: above.default(0.02),
  qkv_bias: z.literal(true).default(true),
});

export interface ViTConfig {
  readonly imageSize: number;
  /** Divides imageSize. */
  readonly patchSize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  /** Divides hiddenSize. */
  readonly heads: number;
  readonly intermediateSize: number;
  readonly layerNormEps: number;
  readonly initializerRange: number;
  readonly normalisation: { readonly image_mean?: unknown; readonly image_std?: unknown };
}

function parse(config: Readonly<Record<string, unknown>>, fileName: string): ViTConfig {
  const timm = timmConfig(config);
  const hf = parseImageConfig(schema, timm === null ? config : transformersConfig(config), fileName);
  const divides = (part: string, of: string, a: number, b: number) => {
    if (b % a !== 0) throw new ModelError(`${fileName}: expected ${part} to divide ${of}, found ${a} and ${b}`);
  };
  divides('num_attention_heads', 'hidden_size', hf.num_attention_heads, hf.hidden_size);
  divides('patch_size', 'image_size', hf.patch_size, hf.image_size);
  return {
    imageSize: hf.image_size,
    patchSize: hf.patch_size,
    hiddenSize: hf.hidden_size,
    layers: hf.num_hidden_layers,
    heads: hf.num_attention_heads,
    intermediateSize: hf.intermediate_size,
    layerNormEps: hf.layer_norm_eps,
    initializerRange: hf.initializer_range,
    normalisation: timm?.normalisation ?? {},
  };
}

const TIMM = /^vit_(tiny|small|base|large)_patch(8|16|32)_(224|384)$/;
const TIMM_SIZES = { tiny: [192, 12, 3], small: [384, 12, 6], base: [768, 12, 12], large: [1024, 24, 16] } as const;

/** timm's config.json in the words of transformers; any other as it is. */
function transformersConfig(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const timm = timmConfig(config);
  const found = TIMM.exec(timm?.architecture ?? '');
  if (timm === null || found === null) return config;
  const [hidden_size, num_hidden_layers, num_attention_heads] = TIMM_SIZES[found[1] as keyof typeof TIMM_SIZES];
  return {
    ...{ model_type: 'vit', hidden_size, num_hidden_layers, num_attention_heads, intermediate_size: 4 * hidden_size },
    ...{ image_size: timm.imageSize ?? Number(found[3]), patch_size: Number(found[2]), layer_norm_eps: 1e-6 },
  };
}

const PROJECTION = 'embeddings.patch_embeddings.projection.weight';

function tensors(config: ViTConfig): readonly TensorSpec[] {
  const { hiddenSize: hidden, intermediateSize: inner, patchSize: patch } = config;
  const positions = (config.imageSize / patch) ** 2 + 1;
  return [
    { name: 'embeddings.cls_token', shape: [1, 1, hidden] },
    { name: 'embeddings.position_embeddings', shape: [1, positions, hidden] },
    { name: PROJECTION, shape: [patch, patch, 3, hidden] },
    { name: 'embeddings.patch_embeddings.projection.bias', shape: [hidden] },
    ...Array.from({ length: config.layers }, (_, index) => `encoder.layer.${index}`).flatMap((layer) => [
      ...norm(`${layer}.layernorm_before`, hidden),
      ...['query', 'key', 'value'].flatMap((part) => linear(`${layer}.attention.attention.${part}`, hidden, hidden)),
      ...linear(`${layer}.attention.output.dense`, hidden, hidden),
      ...norm(`${layer}.layernorm_after`, hidden),
      ...linear(`${layer}.intermediate.dense`, hidden, inner),
      ...linear(`${layer}.output.dense`, inner, hidden),
    ]),
    ...norm('layernorm', hidden),
  ];
}

const linear = (name: string, inputs: number, outputs: number): TensorSpec[] => [
  { name: `${name}.weight`, shape: [outputs, inputs] },
  { name: `${name}.bias`, shape: [outputs] },
];

const norm = (name: string, size: number): TensorSpec[] => [
  { name: `${name}.weight`, shape: [size] },
  { name: `${name}.bias`, shape: [size] },
];

/** Which third of a fused query-key-value tensor is ours. */
const third = (name: string): number =>
  ['query', 'key', 'value'].findIndex((part) => name.includes(`.attention.${part}.`));

/** The third of a fused (3 · width, …) tensor; a tensor that is not fused stays. */
function unfused(name: string, config: ViTConfig) {
  return (values: Float32Array, [rows]: readonly number[]): Float32Array => {
    if (rows !== 3 * config.hiddenSize) return values;
    const size = values.length / 3;
    return values.slice(third(name) * size, (third(name) + 1) * size);
  };
}

export const vit: ImageFamily<ViTConfig> = {
  name: 'vit',
  tasks: ['image-classification'],
  reads: (config) => config['model_type'] === 'vit' || TIMM.test(timmConfig(config)?.architecture ?? ''),
  parse,
  tensors,
  head: (config, _job, outputs) => linear('head', config.hiddenSize, outputs),
  mapNames: (names) => mapFileNames(names, vitNames),
  blocks: (config) => config.layers,
  blockOf: (name, config) => {
    const layer = /^encoder\.layer\.(\d+)\./.exec(name)?.[1];
    return layer !== undefined ? Number(layer) : name.startsWith('embeddings.') ? -1 : config.layers;
  },
  adapterTargets: ['encoder\\.layer\\.\\d+\\.attention\\.attention\\.(query|value)\\.weight'],
  checkJob({ imageSize }, { data }) {
    if (data.imageSize === undefined || data.imageSize === imageSize) return;
    throw new ModelError(
      `data.imageSize: expected ${imageSize}, the image_size in config.json that this ViT's position embeddings are of, found ${data.imageSize}: leave it out`,
    );
  },
  imageSize: (config) => config.imageSize,
  imageNormalisation: (config, preprocessor) =>
    normalisationOf(symmetric, { ...config.normalisation, ...preprocessor }),
  initializerRange: (config) => config.initializerRange,
  convert: (name, config) => {
    if (name === PROJECTION) return (values, shape) => kernelFromTorch(values, shape, false);
    return third(name) >= 0 ? unfused(name, config) : null;
  },
  shapeOf: (name, shape, config) => {
    if (name === PROJECTION) return shapeFromTorch(shape, false);
    const isFused = third(name) >= 0 && shape[0] === 3 * config.hiddenSize;
    return isFused ? [config.hiddenSize, ...shape.slice(1)] : shape;
  },
  unconvert: (name) => (name === PROJECTION ? (values, shape) => kernelToTorch(values, shape, false) : null),
  initialValues: (name, shape, config) => {
    const isNorm = /layernorm(?:_before|_after)?\.weight$/.test(name);
    return isNorm ? { constant: 1 } : shape.length === 1 ? { constant: 0 } : { std: config.initializerRange };
  },
  publish: (config, _parsed, _job, labels) => ({
    config: classifierConfig(transformersConfig(config), 'ViTForImageClassification', labels),
    nameInFile: (name) => name.replace(/^head\./, 'classifier.').replace(/^(?!classifier\.)/, 'vit.'),
  }),
};
